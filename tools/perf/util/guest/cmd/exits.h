/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which code in a guest makes it exit to the host, why, and how long that takes.
 */
#ifndef __PERF_GUEST_EXITS_H
#define __PERF_GUEST_EXITS_H

#include <stdio.h>

/**
 * guest_exits__report - a table of exits by guest, reason and code path
 * @perf_data: recorded with perf kvm-callchain record --exits
 * @depth:     frames of a path, counted from the innermost; at least 1
 * @limit:     lines of the table at most
 *
 * Return: 0, or a negative error, reported.
 */
int guest_exits__report(const char *perf_data, int depth, int limit, FILE *fp);

#endif /* __PERF_GUEST_EXITS_H */
