/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What was taken of a guest's kernel, kept for the next recording of the same boot: reading it
 * through a mount takes long.
 *
 * DIR/PID/kernel is laid out as a snapshot is, DIR/PID/key says of what boot it is, and with
 * what modules. DIR is its owner's alone; DIR/.PID says whose DIR/PID is, as that of guest
 * mounts does (guest/vm/mount-owner.h).
 */
#ifndef __PERF_GUEST_SNAPSHOT_CACHE_H
#define __PERF_GUEST_SNAPSHOT_CACHE_H

#include <sys/types.h>
#include "guest/snapshot/take.h"

struct guest;

#define GUEST_CACHE_DIR	"/var/cache/perf-kvm-callchain"

/** GUEST_CACHE_MAX - bytes of a guest, and no more than half of the free space */
#define GUEST_CACHE_MAX	(512ULL << 20)

/** GUEST_CACHE_ALL, GUEST_CACHE_NAMES - of all guests; where there is more, none is added */
#define GUEST_CACHE_ALL		(4ULL << 30)
#define GUEST_CACHE_NAMES	(1U << 20)

/**
 * struct guest_cache - the place of one guest
 * @path: of all guests' places
 * @dir:  its descriptor
 * @pid:  of the VMM
 * @key:  what fits
 */
struct guest_cache {
	const char *path;
	int	    dir;
	pid_t	    pid;
	char	    key[512];
};

/**
 * guest_cache__open - find out what fits a guest now, and remove what is of guests that have ended
 * @path: GUEST_CACHE_DIR, or another directory that only this user may write to; made if it
 *	  is not there
 * @what: GUEST_SNAPSHOT_* that matter for what is taken
 *
 * Reads boot_id and list of modules through the guest's mount.
 *
 * Return: 0, only then guest_cache__close() it; a negative error if nothing can be kept.
 */
int guest_cache__open(struct guest_cache *cache, const char *path, const struct guest *guest,
		      unsigned int what);

/**
 * guest_cache__get - have what was kept in a snapshot
 * @out:      the guest's directory there
 * @snapshot: what was taken then
 *
 * Return: 0; -ENOENT if nothing was kept that fits, another negative error. Then @out has no
 * file that it had not.
 */
int guest_cache__get(const struct guest_cache *cache, int out, struct guest_snapshot *snapshot);

/**
 * guest_cache__put - keep what was taken, if that is possible
 * @from: the guest's directory in the snapshot, with nothing in it but the kernel's
 *
 * Not kept are symbols that come and go without a module: of BPF programs, ftrace and kprobes.
 */
void guest_cache__put(const struct guest_cache *cache, int from,
		      const struct guest_snapshot *snapshot);

void guest_cache__close(struct guest_cache *cache);

#endif /* __PERF_GUEST_SNAPSHOT_CACHE_H */
