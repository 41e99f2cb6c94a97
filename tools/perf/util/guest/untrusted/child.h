/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes that read what a guest has made: files under a guest mount, its kernel, its
 * modules and its programs. They have a deadline, limits and a wall around them
 * (guest/untrusted/wall.h), and what they return is checked.
 */
#ifndef __PERF_GUEST_CHILD_H
#define __PERF_GUEST_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <linux/types.h>

/* A server that always has one more byte must not hold us for ever either. */
#define GUEST_CHILD_PATIENCE	40

/**
 * struct guest_child - such a process
 * @fn:	     what it does: @root is a descriptor of @dir or -1; fills in the result; returns
 *	     0 or a negative error. What it does to memory is lost.
 * @arg:     passed to @fn
 * @check:   is this a result that @fn can have? Called by the parent. NULL where any is
 * @dir:     the directory it reads below; NULL for none
 * @mounted: that is a guest mount, not a directory perf has made
 * @memfd:   it makes files in memory, each of which is no larger than @file_max
 * @out:     descriptor of the directory it writes below; 0 for none
 * @fd:	     a descriptor of another kind for it; 0 for none
 * @input:   descriptor of a file it reads; 0 for none
 * @idle_ms: it is killed when it has not got anything from the guest's files for that time
 * @total_ms: or after that time in all; 0 for GUEST_CHILD_PATIENCE times as long
 * @file_max: bytes of a file that it writes; 0 for no limit. Below @out it is killed when twice
 *	     as many, or three quarters of what was free, are gone from the disk
 * @waiting: what a terminal shows while it takes more than a second; NULL for nothing
 */
struct guest_child {
	int	   (*fn)(void *arg, void *result, int root);
	void	   *arg;
	bool	   (*check)(const void *result);
	const char *dir;
	bool	   mounted, memfd;
	int	   out, fd, input;
	int	   idle_ms, total_ms;
	u64	   file_max;
	const char *waiting;
};

/**
 * guest_child__run - call a function in a child process
 * @result: where the parent gets what the child wrote to its copy of it
 * @size:   bytes of @result, without pointers in them
 *
 * Return: what @fn returned, -ETIMEDOUT, -ENOSPC if it fills the disk, -EIO if the child died,
 * -EPERM if no wall can be built around it, -EBADMSG for a result that fails the check, or
 * another negative error. @result is written to only if @fn returned 0.
 */
int guest_child__run(const struct guest_child *child, void *result, size_t size);

/**
 * guest_child__start - the same for one that stays, to be talked to by @fd
 *
 * It ends when @fn does. There is no result and no deadline: guest_child__end() it.
 *
 * Return: its pid or a negative error.
 */
pid_t guest_child__start(const struct guest_child *child);

/** guest_child__end - kill a child; wait for its end, but not for a file server's */
void guest_child__end(pid_t pid);

/** guest_child__got_something - in a child: there was progress, the deadline is put off */
void guest_child__got_something(void);

/** guest_child__now_ms - the clock of all deadlines */
s64 guest_child__now_ms(void);

#endif /* __PERF_GUEST_CHILD_H */
