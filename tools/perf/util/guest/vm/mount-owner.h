/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose a guest mount is. Its name is the VMM's pid, which another process gets when that has
 * ended: beside the mount DIR/PID is a file DIR/.PID that says when the process began.
 */
#ifndef __PERF_GUEST_MOUNT_OWNER_H
#define __PERF_GUEST_MOUNT_OWNER_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include "guest/vm/vm.h"

/**
 * guest_mount__set_owner - note that DIR/PID is a guest's from now on
 *
 * Return: 0, or a negative error that was reported.
 */
int guest_mount__set_owner(const struct guest *guest, const char *dir);

/** guest_mount__forget_owner - the mount has gone */
void guest_mount__forget_owner(pid_t pid, const char *dir);

/**
 * guest_mount__is_stale - is the guest whose mount DIR/PID is another one than runs now?
 *
 * A mount without a note, made by other means than ours, is of the process that has its pid.
 */
bool guest_mount__is_stale(pid_t pid, const char *dir);

/**
 * struct guest_mount - one of the guest mounts
 * @pid:   of the VMM it was made for
 * @stale: that has ended
 * @name:  of the guest, or the pid in digits
 */
struct guest_mount {
	pid_t pid;
	bool  stale;
	char  name[GUEST_NAME_MAX];
};

struct guest_mounts {
	int		   nr;
	struct guest_mount *mount;
};

/**
 * guest_mounts__scan - find the guest mounts
 * @mounts: filled in, ordered by pid; to be freed by guest_mounts__exit()
 * @dir:    where they are; if it is not there, there are none
 * @guests: that run, for names of mounts that have none noted
 *
 * Does not look into the mounts, which may not answer.
 *
 * Return: 0 or a negative error.
 */
int guest_mounts__scan(struct guest_mounts *mounts, const char *dir, const struct guests *guests);
void guest_mounts__exit(struct guest_mounts *mounts);

/**
 * guest_mounts__find - the mount a user means
 * @who: a pid or a name
 *
 * Return: NULL, having said so, if there is none or more than one.
 */
const struct guest_mount *guest_mounts__find(const struct guest_mounts *mounts, const char *who);

/** guest_mounts__fprintf_stale - a line with the stale ones, if any, and what removes them */
void guest_mounts__fprintf_stale(const struct guest_mounts *mounts, FILE *fp);

#endif /* __PERF_GUEST_MOUNT_OWNER_H */
