/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The form that guest callchains have in a recording: one that every perf reads.
 *
 * A perf that does not know a record's type gives the whole file up, and one that does not
 * know a context discards the callchain it is in, the host's frames as well. Therefore two
 * things of what the kernel writes (linux/perf_guest_callchain.h) are other in a file:
 *
 *   The record has the type PERF_RECORD_HEADER_EVENT_TYPE, which nothing has written since
 *   2012 and every perf skips. Its misc says that the CPU was in a guest: those old ones
 *   had none.
 *
 *   PERF_CONTEXT_GUEST_DEFERRED and the cookie are not in the sample's callchain but behind
 *   all its fields, where no perf looks.
 *
 * So other programs see the host's frames as they are, and guests' samples without callers.
 */
#ifndef __PERF_GUEST_CALLCHAIN_FILE_H
#define __PERF_GUEST_CALLCHAIN_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

struct evlist;
struct evsel;
struct mmap;
struct perf_event_attr;
union perf_event;

/**
 * guest_callchain_file__start - from here on, perf_mmap__push() pushes the file's form
 * @evlist: of the buffers, with their ids; NULL: no more
 */
void guest_callchain_file__start(struct evlist *evlist);

/** guest_callchain_file__is_started - does perf_mmap__push() have to convert? */
bool guest_callchain_file__is_started(void);

/**
 * guest_callchain_file__push - push what a buffer has from core.start to core.end
 * @map:  after perf_mmap__read_init()
 * @to:   for @push
 * @push: as perf_mmap__push() has it; called once, with all of it
 * @head: where the next time begins
 *
 * Converts a copy: the kernel lets nobody write to these pages of a buffer.
 *
 * Return: 0 or -1.
 */
int guest_callchain_file__push(struct mmap *map, void *to,
			       int push(struct mmap *map, void *to, void *buf, size_t size),
			       u64 head);

/**
 * guest_callchain_file__cookie - of a sample in the file's form
 * @evsel: of the sample
 * @event: in host byte order
 * @end:   behind the last of its fields
 *
 * Return: the cookie; 0 if there is none.
 */
u64 guest_callchain_file__cookie(const struct evsel *evsel, const union perf_event *event,
				 const void *end);

/**
 * guest_callchain_file__chain - where a sample has its callchain
 * @attr:   of its event
 * @sample: all of it with its header, in host byte order
 * @nr:	    its words
 *
 * Return: which word is the number of the callchain's; so many follow. 0 if there is none.
 */
u64 guest_callchain_file__chain(const struct perf_event_attr *attr, const u64 *sample, u64 nr);

/**
 * perf_event__type - what an event is, in the kernel's form or the file's
 * @event: its header in host byte order
 *
 * Return: PERF_RECORD_GUEST_CALLCHAIN for a guest's callchain in either; else the
 * header's type.
 */
u32 perf_event__type(const union perf_event *event);

#endif /* __PERF_GUEST_CALLCHAIN_FILE_H */
