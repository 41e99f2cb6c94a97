// SPDX-License-Identifier: GPL-2.0
/*
 * Go through a recording for addresses in guests' kernels, before its samples get names.
 *
 * Records are taken as they are: nothing is merged or unwound. Of a kernel whose stack words
 * were recorded no frame pointers are believed.
 */
#include <errno.h>
#include <stdlib.h>
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/perf_guest_callchain.h>
#include <linux/zalloc.h>
#include "callchain.h"
#include "data.h"
#include "debug.h"
#include "event.h"
#include "guest/callchain/frame.h"
#include "guest/callchain/module-event.h"
#include "guest/callchain/record.h"
#include "guest/callchain/seen.h"
#include "guest/snapshot/attach.h"
#include "guest/snapshot/lookup.h"
#include "sample.h"
#include "session.h"
#include "tool.h"

/* Samples that have brought nothing new in a row: there will be no more. */
#define IDLE_MAX	65536
#define GUESTS_MAX	256

/* Enough has been read. */
#define ENOUGH		-ECANCELED

struct reader {
	struct perf_tool  tool;
	struct guest_seen *seen;
	u32		  nr;
	u32		  idle;
	bool		  (*wants)(void *arg, pid_t pid);
	void		  *arg;
};

/* Linux's kernels are in the upper half; below are loaders, and the kernel's own when it starts. */
static bool is_of_kernel(u64 addr)
{
	return (s64)addr < 0 && addr < PERF_CONTEXT_MAX;
}

/* Is it a new one? */
static bool addrs__add(struct guest_addrs *addrs, u64 addr)
{
	u32 i = hash_64(addr, GUEST_SEEN_BITS);

	while (addrs->slot[i].addr && addrs->slot[i].addr != addr)
		i = (i + 1) % ARRAY_SIZE(addrs->slot);
	if (addrs->slot[i].addr) {
		addrs->slot[i].count++;
		return false;
	}
	if (addrs->nr == GUEST_SEEN_MAX)
		return false;
	addrs->slot[i].addr = addr;
	addrs->slot[i].count = 1;
	addrs->nr++;
	return true;
}

static struct guest_seen *reader__guest(struct reader *reader, pid_t pid)
{
	struct guest_seen *seen;

	for (seen = reader->seen; seen; seen = seen->next) {
		if (seen->pid == pid)
			return seen;
	}
	if (reader->nr == GUESTS_MAX || !reader->wants(reader->arg, pid))
		return NULL;
	seen = zalloc(sizeof(*seen));
	if (!seen)
		return NULL;
	seen->pid = pid;
	seen->next = reader->seen;
	reader->seen = seen;
	reader->nr++;
	return seen;
}

/**
 * struct part - a part of a callchain that is a guest's
 * @kernel: the frames that come next are its kernel's
 * @last:   the last one, if it has been called from there
 */
struct part {
	bool kernel, has_leaf;
	u64  last;
};

/* Return: whether there was anything new. */
static bool add_word(struct guest_seen *seen, struct part *part, u64 word)
{
	if (word >= PERF_CONTEXT_MAX) {
		bool enters = part->kernel && part->last && word == PERF_CONTEXT_GUEST_USER;

		part->kernel = word == PERF_CONTEXT_GUEST_KERNEL;
		return enters && addrs__add(&seen->entries, part->last);
	}
	if (!part->kernel)
		return false;
	if (!part->has_leaf) {
		part->has_leaf = true;
		return is_of_kernel(word) && addrs__add(&seen->leaves, word);
	}
	part->last = is_of_kernel(word) ? word : 0;
	return part->last && addrs__add(&seen->callers, word);
}

static int add_chain(struct reader *reader, const struct perf_sample *sample, const u64 *ips,
		     u64 nr, bool kernel)
{
	struct guest_seen *seen = reader__guest(reader, sample->pid);
	struct part part = { .kernel = kernel };
	bool some = false;
	u64 i;

	if (!seen || guest_snapshot__rebooted(sample->pid, sample->time))
		return 0;
	for (i = 0; i < nr; i++)
		some |= add_word(seen, &part, ips[i]);
	reader->idle = some ? 0 : reader->idle + 1;
	return reader->idle < IDLE_MAX ? 0 : ENOUGH;
}

/* Behind these the guest's frames are in a sample that perf inject has written. */
static bool begins_in_kernel(const struct perf_sample *sample)
{
	const struct ip_callchain *chain = sample->callchain;

	return sample->cpumode == PERF_RECORD_MISC_GUEST_KERNEL && chain->nr &&
	       chain->ips[0] == PERF_CONTEXT_KERNEL;
}

/* Is a chain the guest's own, with a kernel that has symbols? */
static bool is_of_guest(u32 flags)
{
	return !(flags & PERF_GUEST_CALLCHAIN_NESTED) &&
	       (flags & PERF_GUEST_CALLCHAIN_MODE) == PERF_GUEST_CALLCHAIN_MODE_64;
}

static int see_module(struct reader *reader, struct perf_sample *sample,
		      struct evsel *evsel)
{
	static struct host_module_chain chain;

	if (!host_module_chain__parse(evsel, sample, &chain) || !is_of_guest(chain.guest.flags))
		return 0;
	return add_chain(reader, sample, chain.words, chain.guest.nr,
			 sample->cpumode == PERF_RECORD_MISC_GUEST_KERNEL);
}

static int see_sample(const struct perf_tool *tool, union perf_event *event __maybe_unused,
		      struct perf_sample *sample, struct evsel *evsel,
		      struct machine *machine __maybe_unused)
{
	struct reader *reader = container_of(tool, struct reader, tool);
	const struct ip_callchain *chain = sample->callchain;
	bool in_guest = sample->cpumode == PERF_RECORD_MISC_GUEST_KERNEL;

	if (evsel__is_host_module(evsel))
		return see_module(reader, sample, evsel);
	/* the record that follows has it all, and says which guest it is of */
	if (chain && (sample->guest_cookie || guest_callchain__nr(chain) < chain->nr))
		return 0;
	if (!chain || !chain->nr)
		return in_guest ? add_chain(reader, sample, &sample->ip, 1, true) : 0;
	if (begins_in_kernel(sample))
		return add_chain(reader, sample, chain->ips + 1, chain->nr - 1, true);
	return add_chain(reader, sample, chain->ips, chain->nr, false);
}

static int see_record(const struct perf_tool *tool, union perf_event *event,
		      struct perf_sample *sample, struct machine *machine __maybe_unused)
{
	struct reader *reader = container_of(tool, struct reader, tool);
	const struct perf_record_guest_callchain *record = (const void *)event;
	u64 nr = record->nr;

	if (!is_of_guest(record->flags))
		return 0;
	if (record->flags & PERF_GUEST_CALLCHAIN_SECTIONS)
		nr = min_t(u64, nr, 2);
	return add_chain(reader, sample, (const u64 *)record->ips, nr,
			 sample->cpumode == PERF_RECORD_MISC_GUEST_KERNEL);
}

struct guest_seen *guest_seen__read(const struct perf_data *data,
				    bool (*wants)(void *arg, pid_t pid), void *arg)
{
	struct perf_data again = {
		.path = data->path, .mode = PERF_DATA_MODE_READ, .force = data->force,
	};
	struct reader reader = { .wants = wants, .arg = arg };
	struct perf_session *session;
	int said = verbose;

	perf_tool__init(&reader.tool, /*ordered_events=*/false);
	reader.tool.sample = see_sample;
	reader.tool.guest_callchain = see_record;
	reader.tool.raw_guest_callchains = true;
	reader.tool.no_warn = true;

	/* what there is to say of the file is said where it is read for its samples */
	verbose = -1;
	guest_snapshot__keep(true);
	session = perf_session__new(&again, &reader.tool);
	guest_snapshot__keep(false);
	if (!IS_ERR(session)) {
		perf_session__process_events(session);
		perf_session__delete(session);
	}
	verbose = said;
	return reader.seen;
}

void guest_seen__delete(struct guest_seen *seen)
{
	struct guest_seen *next;

	for (; seen; seen = next) {
		next = seen->next;
		free(seen);
	}
}
