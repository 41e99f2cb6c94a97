/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Make a perf.data readable that is still being written.
 */
#ifndef __PERF_GUEST_SERVE_LIVE_H
#define __PERF_GUEST_SERVE_LIVE_H

#include <linux/types.h>

/**
 * struct serve_live - such a file
 * @fd:	   its descriptor, for reading and writing
 * @begin: where the events begin
 * @end:   of the last event that is known to be there as a whole
 */
struct serve_live {
	int fd;
	u64 begin, end;
};

/**
 * serve_live__open - open what perf record has begun
 * @dir: descriptor of the directory
 *
 * Return: 0 or a negative error.
 */
int serve_live__open(struct serve_live *live, int dir, const char *name);

/**
 * serve_live__update - have the file's header tell all the events that are there
 *
 * perf record writes the header when it ends, and leaves its events' size 0 until then. What
 * follows them, the features, is not there either, so the header has none.
 *
 * Return: 0 or a negative error.
 */
int serve_live__update(struct serve_live *live);
void serve_live__close(struct serve_live *live);

#endif /* __PERF_GUEST_SERVE_LIVE_H */
