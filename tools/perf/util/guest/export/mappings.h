/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What code was where, for formats that have addresses.
 */
#ifndef __PERF_GUEST_EXPORT_MAPPINGS_H
#define __PERF_GUEST_EXPORT_MAPPINGS_H

#include <linux/types.h>

struct map;

/**
 * struct mapping - a file, or a kernel, that is mapped
 * @dso:      its name, printable
 * @build_id: in hexadecimal digits; empty if it is not known
 * @start:    of addresses that struct stack_frame has
 * @end:      behind them
 * @offset:   in the file, of what is at @start
 */
struct mapping {
	char *dso;
	char *build_id;
	u64  start, end, offset;
};

struct mappings;

/** mappings__new - Return: NULL without memory; else to be freed by mappings__delete() */
struct mappings *mappings__new(void);
void mappings__delete(struct mappings *mappings);

/**
 * mappings__findnew - the number of a map, from 1
 *
 * Those of several processes that are alike have the same.
 *
 * Return: 0 without memory.
 */
u32 mappings__findnew(struct mappings *mappings, struct map *map);

/** mappings__nr - numbers are up to this */
u32 mappings__nr(const struct mappings *mappings);

/** mappings__get - by number */
const struct mapping *mappings__get(const struct mappings *mappings, u32 number);

#endif /* __PERF_GUEST_EXPORT_MAPPINGS_H */
