/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of a snapshot that is the code of a guest's kernel.
 */
#ifndef __PERF_GUEST_SNAPSHOT_KCORE_H
#define __PERF_GUEST_SNAPSHOT_KCORE_H

#include <linux/types.h>

struct guest_dir;

/**
 * guest_text__take - copy it from a guest's /proc/kcore
 * @root: of the guest's files
 * @out:  the guest's directory in a snapshot, with its kallsyms and list of modules
 *
 * Only from guest_child__run().
 *
 * Return: bytes taken.
 */
u64 guest_text__take(int root, struct guest_dir *out);

#endif /* __PERF_GUEST_SNAPSHOT_KCORE_H */
