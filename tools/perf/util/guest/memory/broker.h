/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest's memory for the child that makes something of it (guest/untrusted/child.h).
 *
 * The child gets neither the VMM's memory, which is more than the guest's, nor a way to
 * another process: it asks for guest-physical addresses, and a thread of perf's answers.
 */
#ifndef __PERF_GUEST_BROKER_H
#define __PERF_GUEST_BROKER_H

#include <stddef.h>
#include <pthread.h>
#include <linux/types.h>

struct guest_ram;

/** GUEST_BROKER_MAX - bytes of one request at most */
#define GUEST_BROKER_MAX	(32 << 10)

/** GUEST_BROKER_TOTAL - bytes that a child may read in all; a request counts as a page more */
#define GUEST_BROKER_TOTAL	(1ULL << 30)

/**
 * struct guest_broker - the thread
 * @child: the child's end: a descriptor for struct guest_child::fd
 */
struct guest_broker {
	const struct guest_ram *ram;
	int			perf, child;
	u64			left;
	pthread_t		thread;
};

/**
 * guest_broker__start - begin to answer
 * @ram: not touched by others until guest_broker__end()
 *
 * Return: 0 or a negative error; only then there is something to end.
 */
int guest_broker__start(struct guest_broker *broker, const struct guest_ram *ram);

/** guest_broker__end - when the child has ended */
void guest_broker__end(struct guest_broker *broker);

/**
 * guest_broker__read - in the child: read guest-physical memory
 * @fd: the child's end
 *
 * Return: 0; -EFAULT for what is no memory, -EDQUOT if it was enough, another negative error.
 */
int guest_broker__read(int fd, u64 gpa, void *buf, size_t size);

#endif /* __PERF_GUEST_BROKER_H */
