/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses in guests' kernels that a recording has, to judge symbols by.
 */
#ifndef __PERF_GUEST_SEEN_H
#define __PERF_GUEST_SEEN_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

struct perf_data;

/* Different addresses of a kind, of one guest */
#define GUEST_SEEN_MAX		1000
#define GUEST_SEEN_BITS		11

/** struct guest_addrs - different addresses, each with how often it was seen; 0 is none */
struct guest_addrs {
	u32 nr;
	struct {
		u64 addr;
		u64 count;
	} slot[1 << GUEST_SEEN_BITS];
};

/**
 * struct guest_seen - those of one guest's kernel
 * @pid:     the VMM's
 * @leaves:  where it was
 * @callers: what calls return to, by frame pointers
 * @entries: those of @callers behind which the user's frames begin
 */
struct guest_seen {
	struct guest_seen  *next;
	pid_t		   pid;
	struct guest_addrs leaves, callers, entries;
};

/**
 * guest_seen__read - go through a recording
 * @data:  of a session; opened anew
 * @wants: which guests, by pid
 *
 * Goes on until there has been nothing new for a long time. Says nothing itself.
 *
 * Return: a list, to be freed by guest_seen__delete(); NULL if there is nothing, or the
 * recording cannot be read twice.
 */
struct guest_seen *guest_seen__read(const struct perf_data *data,
				    bool (*wants)(void *arg, pid_t pid), void *arg);
void guest_seen__delete(struct guest_seen *seen);

#endif /* __PERF_GUEST_SEEN_H */
