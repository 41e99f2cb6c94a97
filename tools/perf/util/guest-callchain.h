/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Callchains of KVM guests: PERF_RECORD_GUEST_CALLCHAIN and the contexts that
 * mark guest frames in callchains. The format is documented in
 * linux/perf_guest_callchain.h.
 */
#ifndef __PERF_GUEST_CALLCHAIN_H
#define __PERF_GUEST_CALLCHAIN_H

#include <stdbool.h>
#include <stdio.h>
#include <linux/types.h>
#include <linux/perf_event.h>
#include <linux/perf_guest_callchain.h>

/*
 * In callchains in memory only: the guest kernel frames that follow, up to the next
 * context, are guesses.
 */
#define PERF_CONTEXT_GUEST_GUESS	((__u64)-3072)

/* Beside PERF_RECORD_MISC_GUEST_KERNEL in a cpumode */
#define GUEST_CPUMODE_GUESS		0x80
/* Beside PERF_RECORD_MISC_GUEST_*: the callchain is of a thread of the host */
#define GUEST_CPUMODE_IN_HOST		0x40

struct evlist;
struct evsel;
struct ip_callchain;
struct machine;
struct perf_sample;
struct perf_tool;
struct symbol;
struct thread;
union perf_event;

/**
 * struct guest_callchain_stats - what became of guest callchains
 * @merged:	samples that got their guest callchain
 * @missing:	samples whose record never came, or came too late
 * @evicted:	those of @missing that were given up to bound memory
 * @unused:	records that no sample asked for, or asked for too early
 * @duplicate:	records that came twice
 * @malformed:	records that contradict themselves; they are skipped
 */
struct guest_callchain_stats {
	u64 merged;
	u64 missing;
	u64 evicted;
	u64 unused;
	u64 duplicate;
	u64 malformed;
};

/**
 * perf_event__guest_callchain_valid - is a record consistent in itself?
 * @event:	the record, in host byte order
 * @id_hdr_size: bytes of struct sample_id at its end
 *
 * A valid record can be read, printed and merged without further checks of its
 * counts and sizes.
 */
bool perf_event__guest_callchain_valid(const union perf_event *event, u16 id_hdr_size);

/**
 * perf_event__guest_callchain_swap - to host byte order
 * @event:	   a record with its header swapped already; may be malformed
 * @sample_id_all: whether struct sample_id is at its end
 */
void perf_event__guest_callchain_swap(union perf_event *event, bool sample_id_all);

/**
 * evlist__check_guest_callchain - may a record be processed?
 * @evlist: its events; counts malformed records in the stats
 * @event:  any event, in host byte order
 *
 * Return: false for a malformed record, which is reported.
 */
bool evlist__check_guest_callchain(struct evlist *evlist, union perf_event *event);

/**
 * guest_sections__find - the first section of a type
 * @sections: of a valid record, one after the other
 * @size:     their bytes
 * @nr:	      gets the words of its data
 *
 * Return: its data; NULL if there is none.
 */
const u64 *guest_sections__find(const u64 *sections, size_t size, u32 type, size_t *nr);

/** perf_event__fprintf_guest_callchain - print a valid record, flags by name */
size_t perf_event__fprintf_guest_callchain(union perf_event *event, FILE *fp);

/** perf_event__process_guest_callchain - tool callback: print it under -D */
int perf_event__process_guest_callchain(const struct perf_tool *tool,
					union perf_event *event,
					struct perf_sample *sample,
					struct machine *machine);

bool __guest_callchain__cpumode(u64 context, struct thread *thread, u8 *cpumode);

/**
 * guest_callchain__cpumode - does a word of a callchain start guest frames?
 * @context: the word
 * @thread:  the thread of the sample
 * @cpumode: the PERF_RECORD_MISC_GUEST_* of the frames that follow, if so, with
 *	     GUEST_CPUMODE_*
 */
static inline bool guest_callchain__cpumode(u64 context, struct thread *thread, u8 *cpumode)
{
	/* called for every frame of every sample; nearly all are addresses */
	return context >= PERF_CONTEXT_MAX &&
	       __guest_callchain__cpumode(context, thread, cpumode);
}

/** guest_cpumode - does PERF_RECORD_MISC_CPUMODE_MASK's part of a misc say: in a guest? */
static inline bool guest_cpumode(u16 cpumode)
{
	return cpumode == PERF_RECORD_MISC_GUEST_KERNEL || cpumode == PERF_RECORD_MISC_GUEST_USER;
}

struct symbol *__guest_callchain__guess(struct symbol *sym);

/**
 * guest_frames - those of guests' kernels that symbols were looked up for
 * @left_out: samples of guests, by a command that is not about guests
 */
extern struct guest_frames {
	u64 kernel, unknown, left_out;
} guest_frames;

/**
 * guest_callchain__symbol - the symbol to show for a frame
 * @cpumode: of the frame: as set by guest_callchain__cpumode()
 * @sym:     what was found, or NULL
 *
 * Counts in guest_frames.
 *
 * Return: @sym; of a guess one with '?' before its name, as an oops has it, which
 * never compares equal to @sym.
 */
static inline struct symbol *guest_callchain__symbol(u8 cpumode, struct symbol *sym)
{
	if ((cpumode & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_GUEST_KERNEL) {
		guest_frames.kernel++;
		guest_frames.unknown += !sym;
	}
	return sym && (cpumode & GUEST_CPUMODE_GUESS) ? __guest_callchain__guess(sym) : sym;
}

/**
 * guest_callchain__nr - words of a callchain that are contexts or frames
 * @chain: a sample's callchain
 *
 * Leaves out PERF_CONTEXT_GUEST_DEFERRED and what follows it: the cookie is
 * no address.
 */
u64 guest_callchain__nr(const struct ip_callchain *chain);

/**
 * guest_callchain__leaf_cpumode - how to look up the address of a sample itself
 *
 * Return: its cpumode; but PERF_RECORD_MISC_HYPERVISOR, which has no symbols, if the
 * guest is one whose symbols are not known: the guest of a guest, or after a reboot.
 */
u8 guest_callchain__leaf_cpumode(const struct perf_sample *sample);

/** guest_callchain__has_guest - are there frames of a guest in a callchain? */
bool guest_callchain__has_guest(const struct ip_callchain *chain);

struct thread *__guest_callchain__thread(struct thread *thread);

/**
 * guest_callchain__thread - the thread to resolve a frame of a callchain against
 * @thread:  the thread of the sample
 * @cpumode: of the frame, as set by guest_callchain__cpumode()
 *
 * A sample taken in the host may hold frames of the guest its thread runs.
 *
 * Return: a reference to the thread of the guest's machine that has the same id;
 * NULL if it is @thread that the frame belongs to.
 */
static inline struct thread *guest_callchain__thread(struct thread *thread, u8 cpumode)
{
	return cpumode & GUEST_CPUMODE_IN_HOST ? __guest_callchain__thread(thread) : NULL;
}

/**
 * evlist__has_guest_callchain - does an event need struct guest_callchains?
 * @sample: the parsed event
 *
 * Return: true for a record and for a sample that holds a cookie.
 */
bool evlist__has_guest_callchain(struct evlist *evlist, const union perf_event *event,
				 const struct perf_sample *sample);

/** typedef guest_callchains__deliver_t - take an event; @sample is its parsed form */
typedef int (*guest_callchains__deliver_t)(void *data, union perf_event *event,
					   struct perf_sample *sample,
					   u64 file_offset, const char *file_path);

/**
 * struct guest_callchains - merges guest callchains into the samples of a stream
 *
 * A sample that waits for its record holds back all events behind it, so that
 * nothing is delivered out of order. What is held back is bounded.
 */
struct guest_callchains;

/**
 * guest_callchains__new
 * @evlist:  parses the events and counts in its stats
 * @ordered: the events come in the order of their timestamps
 * @deliver: takes the events that are not held back any more
 * @data:    passed to @deliver
 *
 * Return: NULL without memory; else to be freed by guest_callchains__delete().
 */
struct guest_callchains *guest_callchains__new(struct evlist *evlist, bool ordered,
					       guest_callchains__deliver_t deliver,
					       void *data);
void guest_callchains__delete(struct guest_callchains *gc);

/** guest_callchains__set_limits - events and bytes held back at most */
void guest_callchains__set_limits(struct guest_callchains *gc, u32 events, size_t bytes);

/**
 * guest_callchains__process - one event of the stream
 * @sample:	 the parsed event
 *
 * Delivers the event at once, or copies it and delivers it later.
 *
 * Return: 0, -ENOMEM, or what the deliver function returned if that is negative.
 */
int guest_callchains__process(struct guest_callchains *gc, union perf_event *event,
			      struct perf_sample *sample, u64 file_offset,
			      const char *file_path);

/** guest_callchains__flush - the stream has ended: deliver what is held back */
int guest_callchains__flush(struct guest_callchains *gc);

/** evsel__wants_guest_callchain - is this an event to record guest callchains for? */
bool evsel__wants_guest_callchain(struct evsel *evsel);

/**
 * evlist__prepare_guest_callchain - find out what the guests' kernels need
 *
 * To be called before perf record waits for the end of its workload: it looks at
 * the guests' files, in processes whose end must not be taken for that. Does
 * nothing if no event samples guests.
 */
void evlist__prepare_guest_callchain(struct evlist *evlist);

/**
 * evlist__config_guests - have no precise event sample guests
 * @evlist: configured otherwise
 *
 * A PEBS buffer is written to where the guest's registers say: such an event finds no guest,
 * or crashes one. Says so, and if no event samples guests though they are what is recorded.
 */
void evlist__config_guests(struct evlist *evlist);

/**
 * evlist__config_guest_callchain - set perf_event_attr::guest_callchain
 * @evlist: configured otherwise
 * @kernel_only: user frames are not wanted
 *
 * Says so, and leaves the bit unset, where the kernel does not know it.
 */
void evlist__config_guest_callchain(struct evlist *evlist, bool kernel_only);

/** guest_callchain__supported - does the running kernel know the record? */
bool guest_callchain__supported(void);

/**
 * guest_callchains__warn - how guests were unwound, and what is missing if anything is
 * @gc: NULL if there were none
 */
void guest_callchains__warn(const struct guest_callchains *gc,
			    const struct guest_callchain_stats *stats);

#endif /* __PERF_GUEST_CALLCHAIN_H */
