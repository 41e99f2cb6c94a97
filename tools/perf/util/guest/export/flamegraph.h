/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A flame graph: one file of HTML that asks for no other.
 */
#ifndef __PERF_GUEST_EXPORT_FLAMEGRAPH_H
#define __PERF_GUEST_EXPORT_FLAMEGRAPH_H

#include <stdio.h>

struct recording;

/** export_flamegraph - write page/ with a recording in it; as export_folded() */
int export_flamegraph(const struct recording *recording, FILE *fp);

#endif /* __PERF_GUEST_EXPORT_FLAMEGRAPH_H */
