/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest mounts: directories where guests' files can be seen, one for each guest,
 * named after the VMM's pid, as perf's --guestmount has them.
 */
#ifndef __PERF_GUEST_MOUNT_H
#define __PERF_GUEST_MOUNT_H

#include <sys/types.h>

struct guest;
struct guests;

/** GUEST_MOUNT_IDLE_MS - how long a mount may take to answer */
#define GUEST_MOUNT_IDLE_MS	5000

/**
 * guest_mount__dir - the directory of the guest mounts
 *
 * kvm-callchain.guestmount of perf's configuration, else /run/perf-kvm-callchain.
 */
const char *guest_mount__dir(void);

/**
 * guests__look - fill in @mount and @facts of each guest
 * @dir: the directory of the guest mounts
 *
 * A mount that does not answer is warned about and left out, as is one of an earlier guest
 * whose VMM had the same pid (mount-owner.h).
 */
void guests__look(struct guests *guests, const char *dir);

/**
 * guest_mount__add - mount a guest's files
 * @dir:  the directory of the guest mounts; made if it is not there
 * @from: "[user@]host[:port]" to be mounted read-only by sshfs(1), or the
 *	  path of a directory where something else has mounted them: what has a slash in
 *	  it, or is there
 *
 * Return: 0, or a negative error that was reported.
 */
int guest_mount__add(const struct guest *guest, const char *dir, const char *from);

/**
 * guest_mount__remove - undo guest_mount__add()
 *
 * Does not wait for a file server. @pid need not run any more.
 *
 * Return: 0, or a negative error that was reported.
 */
int guest_mount__remove(pid_t pid, const char *dir);

/**
 * guest_files__check_given - can the files be read that options of perf kvm name?
 *
 * --guestkallsyms, --guestmodules, --guestvmlinux and --guestmount, when guests are recorded.
 *
 * A kallsyms that cannot be one, or hides addresses, is told apart.
 *
 * Return: 0, or -1 with a message for each that cannot.
 */
int guest_files__check_given(void);

#endif /* __PERF_GUEST_MOUNT_H */
