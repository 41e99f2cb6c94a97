// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/zalloc.h>
#include "guest/export/stacks.h"
#include "guest/export/timeline.h"

#define NO_TIME	((u64)-1)

struct timeline *timeline__new(struct stacks *stacks)
{
	struct timeline *timeline = zalloc(sizeof(*timeline));

	if (timeline) {
		timeline->stacks = stacks;
		timeline->start = NO_TIME;
	}
	return timeline;
}

static void row__delete(struct timeline_row *row)
{
	if (!row)
		return;
	free(row->event);
	free(row->guest);
	free(row);
}

void timeline__delete(struct timeline *timeline)
{
	u32 i;

	if (!timeline)
		return;
	for (i = 0; i < timeline->nr_rows; i++)
		row__delete(timeline->rows[i]);
	free(timeline->rows);
	free(timeline->slices);
	free(timeline);
}

u32 timeline__nr_buckets(const struct timeline *timeline)
{
	return timeline->start == NO_TIME ? 0 : (timeline->last >> timeline->shift) + 1;
}

static u32 add(u32 a, u64 b)
{
	return min_t(u64, b, UINT32_MAX - a) + a;
}

static void row__coarsen(struct timeline_row *row)
{
	u32 category, i, *samples;

	for (category = 0; category < TIMELINE_CATEGORIES; category++) {
		samples = row->samples[category];
		for (i = 0; i < TIMELINE_BUCKETS / 2; i++)
			samples[i] = add(samples[2 * i], samples[2 * i + 1]);
		memset(samples + i, 0, i * sizeof(*samples));
	}
}

/*
 * Two slices of a stack that are in one bucket now become one. Those that are earlier in a
 * stack are earlier in the array, too: they are where they belong before they are asked for.
 */
static u32 merge_slices(struct timeline_slice *slices, u32 nr, u32 *to)
{
	u32 i, kept = 0;

	for (i = 0; i < nr; i++) {
		struct timeline_slice slice = slices[i], *before = NULL;

		slice.bucket /= 2;
		if (slice.before != STACK_NONE) {
			slice.before = to[slice.before];
			before = &slices[slice.before];
		}
		if (before && before->bucket == slice.bucket) {
			before->samples += slice.samples;
			to[i] = slice.before;
		} else {
			slices[kept] = slice;
			to[i] = kept++;
		}
	}
	return kept;
}

static int timeline__coarsen(struct timeline *timeline)
{
	struct stacks *stacks = timeline->stacks;
	u32 i, *to = calloc(timeline->nr_slices ?: 1, sizeof(*to));

	if (!to)
		return -ENOMEM;
	timeline->nr_slices = merge_slices(timeline->slices, timeline->nr_slices, to);
	for (i = 0; i < stacks->nr_counts; i++) {
		if (stacks->counts[i].slice != STACK_NONE)
			stacks->counts[i].slice = to[stacks->counts[i].slice];
	}
	free(to);
	for (i = 0; i < timeline->nr_rows; i++)
		row__coarsen(timeline->rows[i]);
	timeline->shift++;
	return 0;
}

/* Samples come in the order of time, or nearly so: what is before the first is in its bucket. */
static int timeline__bucket(struct timeline *timeline, u64 time, u32 *bucket)
{
	u64 after;

	if (timeline->start == NO_TIME)
		timeline->start = time;
	after = time > timeline->start ? time - timeline->start : 0;
	timeline->last = max(timeline->last, after);
	while (after >> timeline->shift >= TIMELINE_BUCKETS) {
		if (timeline__coarsen(timeline))
			return -ENOMEM;
	}
	*bucket = after >> timeline->shift;
	return 0;
}

static int timeline__make_room(struct timeline *timeline)
{
	struct timeline_slice *slices;
	u32 room = timeline->room ? 2 * timeline->room : 1024;

	if (timeline->nr_slices < timeline->room)
		return 0;
	slices = room > STACK_NONE / 4 ? NULL :
		reallocarray(timeline->slices, room, sizeof(*slices));
	if (!slices)
		return -ENOMEM;
	timeline->slices = slices;
	timeline->room = room;
	return 0;
}

int timeline__add_slice(struct timeline *timeline, u32 count, u64 time)
{
	u32 bucket, *last = &timeline->stacks->counts[count].slice;

	if (time == NO_TIME)
		return 0;
	while (timeline->nr_slices >= TIMELINE_SLICES &&
	       timeline__nr_buckets(timeline) >= 2 * TIMELINE_COARSE) {
		if (timeline__coarsen(timeline))
			return -ENOMEM;
	}
	if (timeline__bucket(timeline, time, &bucket))
		return -ENOMEM;
	if (*last == STACK_NONE || timeline->slices[*last].bucket != bucket) {
		if (timeline__make_room(timeline))
			return -ENOMEM;
		timeline->slices[timeline->nr_slices] = (struct timeline_slice) {
			.before = *last, .bucket = bucket,
		};
		*last = timeline->nr_slices++;
	}
	timeline->slices[*last].samples++;
	return 0;
}

static struct timeline_row *find_row(const struct timeline *timeline, const char *event,
				     pid_t pid, pid_t tid)
{
	u32 i;

	for (i = 0; i < timeline->nr_rows; i++) {
		struct timeline_row *row = timeline->rows[i];

		if (row->tid == tid && row->pid == pid && !strcmp(row->event, event))
			return row;
	}
	return NULL;
}

/* @source is NULL for threads that are no vCPUs */
static struct timeline_row *add_row(struct timeline *timeline, const char *event,
				    const struct stack_source *source)
{
	struct timeline_row *row = zalloc(sizeof(*row)), **rows;

	rows = reallocarray(timeline->rows, timeline->nr_rows + 1, sizeof(*rows));
	if (rows)
		timeline->rows = rows;
	if (!row || !rows)
		goto out;
	row->event = strdup(event);
	row->pid = source ? source->pid : -1;
	row->tid = source ? source->tid : -1;
	row->vcpu = source ? source->vcpu : -1;
	row->guest = source ? strdup(source->guest) : NULL;
	if (!row->event || (source && !row->guest))
		goto out;
	rows[timeline->nr_rows++] = row;
	return row;
out:
	row__delete(row);
	return NULL;
}

int timeline__note(struct timeline *timeline, const struct stack_source *source,
		   const char *event, enum timeline_category category, u64 time, u64 nr)
{
	bool vcpu = category <= TIMELINE_EXIT;
	struct timeline_row *row;
	u32 bucket;

	if (time == NO_TIME)
		return 0;
	if (timeline__bucket(timeline, time, &bucket))
		return -ENOMEM;
	row = find_row(timeline, event, source->pid, source->tid);
	if (!row && !vcpu)
		row = find_row(timeline, event, -1, -1);
	if (!row && timeline->nr_rows == TIMELINE_ROWS) {
		timeline->not_in_it += nr;
		return 0;
	}
	row = row ?: add_row(timeline, event, vcpu ? source : NULL);
	if (!row)
		return -ENOMEM;
	row->samples[category][bucket] = add(row->samples[category][bucket], nr);
	return 0;
}
