/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When samples were taken: of each stack, and of each vCPU. Time is in buckets of one width, a
 * power of two, which doubles when there are too many; so memory is bounded.
 */
#ifndef __PERF_GUEST_EXPORT_TIMELINE_H
#define __PERF_GUEST_EXPORT_TIMELINE_H

#include <linux/types.h>

struct stack_source;
struct stacks;

/** TIMELINE_BUCKETS - at most; a recording that is long enough has half of them at least */
#define TIMELINE_BUCKETS	512

/**
 * TIMELINE_SLICES - when so many are in memory (12 MiB), buckets are made wider; not below
 * TIMELINE_COARSE of them, so that there may be as many for each stack of a thread's
 */
#define TIMELINE_SLICES		(1U << 20)
#define TIMELINE_COARSE		32

/** TIMELINE_ROWS - at most (12 MiB): others are not in it, and are counted */
#define TIMELINE_ROWS		1024

/** enum timeline_category - what a vCPU was doing; page/timeline.js names them */
enum timeline_category {
	TIMELINE_GUEST_USER,
	TIMELINE_GUEST_KERNEL,
	TIMELINE_EXIT,		/* in the host, which has the guest's callchain */
	TIMELINE_HOST,
	TIMELINE_IDLE,		/* the host's idle task */
	TIMELINE_LOST,		/* samples that are lost, about which nothing else is known */
	TIMELINE_CATEGORIES
};

/**
 * struct timeline_slice - samples of a struct stack_count in one bucket
 * @before: index of another one of the same stack, earlier as a rule; STACK_NONE for none
 */
struct timeline_slice {
	u32 before;
	u32 bucket;
	u32 samples;
};

/**
 * struct timeline_row - what an event has seen of a vCPU, or of all threads that are none
 * @event: its name
 * @guest: the guest's name; NULL for those that are no vCPUs
 * @pid, @tid, @vcpu: as in struct stack_source
 */
struct timeline_row {
	char  *event;
	char  *guest;
	pid_t pid, tid;
	int   vcpu;
	u32   samples[TIMELINE_CATEGORIES][TIMELINE_BUCKETS];
};

/**
 * struct timeline
 * @stacks:    whose counts have slices
 * @start:     of the first bucket, in ns
 * @last:      the latest time, from @start
 * @shift:     a bucket has 1 << @shift ns
 * @not_in_it: samples for whose row there was no room
 */
struct timeline {
	struct stacks		*stacks;
	u64			start, last;
	u32			shift;
	struct timeline_slice	*slices;
	u32			nr_slices, room;
	struct timeline_row	**rows;
	u32			nr_rows;
	u64			not_in_it;
};

/** timeline__new - Return: NULL without memory; else to be freed by timeline__delete() */
struct timeline *timeline__new(struct stacks *stacks);
void timeline__delete(struct timeline *timeline);

/**
 * timeline__add_slice - a sample of a stack
 * @count: index of its struct stack_count, before stacks__sort()
 * @time:  in ns; -1 if it has none, which then is in no bucket
 *
 * Return: 0 or -ENOMEM.
 */
int timeline__add_slice(struct timeline *timeline, u32 count, u64 time);

/**
 * timeline__note - samples of a thread, which need not be in the stacks
 * @source: the thread. It is a vCPU from its first sample in a guest, or of an exit, on.
 * @event:  the event's name
 * @nr:	    samples
 *
 * Return: 0 or -ENOMEM.
 */
int timeline__note(struct timeline *timeline, const struct stack_source *source,
		   const char *event, enum timeline_category category, u64 time, u64 nr);

/** timeline__nr_buckets - Return: how many are in use; 0 if no sample has a time */
u32 timeline__nr_buckets(const struct timeline *timeline);

#endif /* __PERF_GUEST_EXPORT_TIMELINE_H */
