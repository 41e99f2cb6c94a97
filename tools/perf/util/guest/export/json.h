/* SPDX-License-Identifier: GPL-2.0 */
/*
 * JSON lines: an object for each stack of a thread's and an event's.
 */
#ifndef __PERF_GUEST_EXPORT_JSON_H
#define __PERF_GUEST_EXPORT_JSON_H

#include <stdio.h>

struct recording;

/** export_json - write them; as export_folded() */
int export_json(const struct recording *recording, FILE *fp);

#endif /* __PERF_GUEST_EXPORT_JSON_H */
