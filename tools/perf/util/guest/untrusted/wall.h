/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What stands between a process that reads a guest's files and all else. The libraries
 * that read these have had faults; should a guest make use of one, the process it gets can
 * still do nothing but what it was started for.
 */
#ifndef __PERF_GUEST_WALL_H
#define __PERF_GUEST_WALL_H

#include <stdbool.h>
#include <sys/resource.h>

/**
 * struct guest_wall - where the process may go
 * @root:    descriptor of the directory it reads below; -1 for nowhere
 * @mounted: @root is a guest mount: a FUSE server answers no one but the user that has
 *	     mounted it, so that this user the process must stay
 * @out:     directory it writes below; 0 for nowhere. The number of the descriptor stays.
 * @input:   a file it reads, and is not to write; 0 for none. The number stays.
 * @memfd:   it may make files in memory; these are in no limit of memory, but in RLIMIT_FSIZE
 * @serves:  it answers who comes to a socket it has open, as MHD does: in one thread, by epoll
 */
struct guest_wall {
	int  root;
	bool mounted, memfd, serves;
	int  out, input;
};

/**
 * guest_wall__enter - shut this process in
 *
 * For a child with one thread, once, when it has closed all descriptors that it is not to
 * have. What it has open stays. There is no way back: no capabilities, no network, no
 * other process, no program to run, and no file but below two directories. Each wall that
 * the kernel does not have is left out, if there are others for the same:
 *
 * - files: Landlock, and a root directory in a mount of its own (without the rights for
 *   that in a user namespace, where the host allows these);
 * - system calls: libseccomp, if perf is built with it and the kernel has filters; else a
 *   network namespace.
 *
 * Return: 0 or a negative error; the process must not go on then.
 */
int guest_wall__enter(const struct guest_wall *wall);

/**
 * guest_wall__reopen - open for reading what @fd, opened with O_PATH, leads to
 *
 * As by /proc/self/fd, which is behind the wall.
 */
int guest_wall__reopen(int fd, int flags);

/**
 * guest_wall__for_tool - a wall for a program that is to read one file
 * @path: of the file that objdump or addr2line is called for
 *
 * It keeps from writing any file and from changing any, from the network, from other
 * processes and perf's descriptors, and has no capabilities and limits. Where there is
 * Landlock it reads nothing but itself, its libraries and @path; so there are no source
 * lines in what objdump prints.
 *
 * Return: what is to be called between fork and exec (preexec_cb of struct child_process);
 * NULL, for nothing, if the file is none of a guest's.
 */
void (*guest_wall__for_tool(const char *path))(void);

/** guest_wall__limit - this process's limit of a resource (RLIMIT_*), which it cannot raise */
void guest_wall__limit(int resource, rlim_t max);

/** guest_wall_landlock - cleared by tests, to see the others stand without it */
extern bool guest_wall_landlock;

#endif /* __PERF_GUEST_WALL_H */
