/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of a snapshot that is about processes.
 */
#ifndef __PERF_GUEST_SNAPSHOT_PROCESSES_H
#define __PERF_GUEST_SNAPSHOT_PROCESSES_H

#include <stdbool.h>

struct guest_dir;
struct guest_snapshot;

/*
 * The part that is about processes, of the same directories; with their files? Counts
 * in @snapshot.
 */
void guest_snapshot__take_processes(int root, struct guest_dir *out, bool files,
				    struct guest_snapshot *snapshot);

#endif /* __PERF_GUEST_SNAPSHOT_PROCESSES_H */
