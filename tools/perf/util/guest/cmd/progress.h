/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a recording of guests has got so far, on one line of the terminal that is
 * written anew every second.
 */
#ifndef __PERF_GUEST_PROGRESS_H
#define __PERF_GUEST_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct evlist;

/**
 * guest_progress__start - from here on, show progress
 * @dir: of the guests' symbols, for their names
 *
 * Does nothing unless standard error is a terminal.
 */
void guest_progress__start(const char *dir);

/** guest_progress__started - is this perf kvm-callchain, which has looked for guests itself? */
bool guest_progress__started(void);

/**
 * guest_progress__add - count what was read from a ring buffer
 * @evlist: its events
 * @map:    tells the ring buffers apart: a record may come in two pieces
 * @buf, @size: a piece of the buffer, as it goes to the file
 *
 * Nothing without guest_progress__start().
 */
void guest_progress__add(struct evlist *evlist, const void *map, const void *buf, size_t size);

/** guest_progress__end - clear the line */
void guest_progress__end(void);

#endif /* __PERF_GUEST_PROGRESS_H */
