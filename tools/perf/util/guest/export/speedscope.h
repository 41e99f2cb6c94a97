/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The JSON file that speedscope opens: https://www.speedscope.app/file-format-schema.json
 */
#ifndef __PERF_GUEST_EXPORT_SPEEDSCOPE_H
#define __PERF_GUEST_EXPORT_SPEEDSCOPE_H

#include <stdio.h>

struct recording;

/** export_speedscope - write it, a profile for each event; as export_folded() */
int export_speedscope(const struct recording *recording, FILE *fp);

#endif /* __PERF_GUEST_EXPORT_SPEEDSCOPE_H */
