/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Put guest callchains into the samples that they belong to.
 */
#ifndef __PERF_GUEST_MERGE_H
#define __PERF_GUEST_MERGE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct evlist;
struct guest_callchains;
struct perf_sample;
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
 * evlist__check_guest_callchain - may a record be processed?
 * @evlist: its events; counts malformed records in the stats
 * @event:  any event, in host byte order
 *
 * Return: false for a malformed record, which is reported.
 */
bool evlist__check_guest_callchain(struct evlist *evlist, union perf_event *event);

/**
 * evlist__has_guest_callchain - does an event need struct guest_callchains?
 * @sample: the parsed event
 *
 * Return: true for a record, for a sample that holds a cookie, and for any event if samples of
 * some guests only are to be delivered (guest_choice).
 */
bool evlist__has_guest_callchain(struct evlist *evlist, const union perf_event *event,
				 const struct perf_sample *sample);

/** typedef guest_callchains__deliver_t - take an event; @sample is its parsed form */
typedef int (*guest_callchains__deliver_t)(void *data, union perf_event *event,
					   struct perf_sample *sample,
					   u64 file_offset, const char *file_path);

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

/**
 * guest_callchains__warn - how guests were unwound, and what is missing if anything is
 * @gc: NULL if there were none
 */
void guest_callchains__warn(const struct guest_callchains *gc,
			    const struct guest_callchain_stats *stats);

#endif /* __PERF_GUEST_MERGE_H */
