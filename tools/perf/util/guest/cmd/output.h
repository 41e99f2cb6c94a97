/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recording and what was taken along with it, PERFDATA and PERFDATA.guests: both are
 * replaced by new ones, or neither is.
 */
#ifndef __PERF_GUEST_OUTPUT_H
#define __PERF_GUEST_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <linux/types.h>
#include "guest/untrusted/dir.h"

/**
 * struct guest_output - a recording that is not made yet
 * @temp:     beside PERFDATA: what is taken along until it has its place, and what was there
 * @snapshot: descriptor of PERFDATA.guests to be, from when it is made on
 * @dir:      its path, when it has its place; absolute
 * @id:	      random; in PERFDATA and in PERFDATA.guests, so that they know one another
 * @old:      PERFDATA, as it was found: 0 if it was not there
 * @backed_up: perf record moves it to PERFDATA.old
 * @guests_moved: so has PERFDATA.guests been
 * @placed:   by guest_output__place()
 */
struct guest_output {
	struct guest_temp temp;
	int		  snapshot;
	char		  dir[PATH_MAX];
	char		  name[NAME_MAX + 1];
	u64		  id;
	ino_t		  old;
	bool		  backed_up;
	bool		  guests_moved;
	bool		  placed;
};

/**
 * guest_output__new - begin a recording
 * @perf_data: its file; nothing of that name is touched yet
 *
 * Return: 0, or a negative error that was reported; only then @output is in use, until
 * guest_output__exit().
 */
int guest_output__new(struct guest_output *output, const char *perf_data);

/**
 * guest_output__place - give the snapshot its place
 * @some: there is something in it
 *
 * To be called before perf record opens PERFDATA. What was there of an earlier recording
 * goes where perf record is going to move its file, to PERFDATA.old.
 *
 * Return: 0, or a negative error that was reported, with everything as it was.
 */
int guest_output__place(struct guest_output *output, bool some);

/** guest_output__undo - there is no recording after all: what was there is as it was */
void guest_output__undo(struct guest_output *output);
void guest_output__exit(struct guest_output *output);

#endif /* __PERF_GUEST_OUTPUT_H */
