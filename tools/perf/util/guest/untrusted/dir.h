/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Directories that are written through one file descriptor.
 *
 * perf runs as root where others may write: they can put a link in place of any directory
 * they can rename. A path is therefore looked up once. What comes after that starts at a
 * descriptor, and is refused if it leads out of there or through a link.
 */
#ifndef __PERF_GUEST_DIR_H
#define __PERF_GUEST_DIR_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include <linux/types.h>

/**
 * guest_dir__open - open what is below a directory
 * @dir:   file descriptor of a directory
 * @flags: as for open(2)
 * @mode:  of a file that is made
 *
 * Return: a file descriptor or a negative error; -ELOOP for a link anywhere in @path.
 */
int guest_dir__open(int dir, const char *path, int flags, mode_t mode);

/**
 * struct guest_dir - a directory that is being filled
 * @fd:	 its descriptor
 * @err: 0, or that the disk is full or fails: -ENOSPC and the like
 * @room: bytes that all files in it may have; 0 for any
 * @used: bytes that they have
 * @left_out: files for which there was no room
 *
 * One file is written at a time. It has its name only when it is complete.
 */
struct guest_dir {
	int fd;
	int err;
	u64 room, used;
	u32 left_out;
};

/**
 * guest_dir__limit - set its room
 * @max: bytes
 *
 * It is no more than half of the free space: the rest is for others, and the recording.
 */
void guest_dir__limit(struct guest_dir *dir, u64 max);

/** guest_dir__left - bytes that the next file may have */
u64 guest_dir__left(const struct guest_dir *dir);

/** GUEST_DIR_PART - the name a file has until then; left there by who was killed meanwhile */
#define GUEST_DIR_PART	".part"

/**
 * guest_dir__create - make a file, and the directories it needs
 *
 * Return: what it is to be written to, as guest_dir__add() takes it; a negative error.
 */
int guest_dir__create(struct guest_dir *dir, const char *path);

/** guest_dir__fcreate - the same for guest_dir__fadd(); NULL if that fails */
FILE *guest_dir__fcreate(struct guest_dir *dir, const char *path);

/**
 * guest_dir__add - the file is complete: close it and give it its name
 * @err: 0, or a negative error that has kept it from being written
 *
 * It replaces a file of that name.
 *
 * Return: 0; a negative error if not all of it could be written, -EFBIG if there is no room
 * for it. There is no such file then, or the one that was there.
 */
int guest_dir__add(struct guest_dir *dir, int fd, const char *path, int err);
int guest_dir__fadd(struct guest_dir *dir, FILE *file, const char *path);

/** guest_dir__drop - the file is not wanted after all */
void guest_dir__drop(struct guest_dir *dir, int fd);
void guest_dir__fdrop(struct guest_dir *dir, FILE *file);

/**
 * guest_dir__is_own - is a directory this user's, and nobody else may do that there?
 * @others: permissions that group and others must not have
 */
bool guest_dir__is_own(int dir, mode_t others);

/** guest_dir__list - what is in a directory, from its beginning; NULL if that fails */
DIR *guest_dir__list(int dir);

/**
 * guest_dir__holds - does a directory hold no more than it may?
 * @bytes: that its files and directories may take on the disk
 * @names: files and directories there may be
 *
 * Nothing but regular files and directories, and none so deep that it has no path.
 */
bool guest_dir__holds(int dir, u64 bytes, u32 names);

/** guest_dir__empty - remove all that is in a directory; follows no link */
void guest_dir__empty(int dir);

/** guest_dir__remove - remove a file, or a directory and all that is in it; follows no link */
void guest_dir__remove(int dir, const char *name);

/**
 * struct guest_temp - a directory that does not outlive this process
 * @parent: descriptor of the directory it is in
 * @fd:	    its own
 * @path:   its name; as long as the process only may write to @parent, good for reading
 * @name:   what of @path is below @parent
 * @alive:  closed by the kernel when this process has ended in whatever way
 */
struct guest_temp {
	int	    parent;
	int	    fd;
	char	    path[PATH_MAX];
	const char  *name;
	int	    alive;
};

/**
 * guest_temp__new - make a directory that nobody else may see
 * @path: its name begins with that; NULL for a place in $TMPDIR or /tmp
 *
 * Return: 0 or a negative error; only then @temp is in use, until guest_temp__remove().
 */
int guest_temp__new(struct guest_temp *temp, const char *path);
void guest_temp__remove(struct guest_temp *temp);

#endif /* __PERF_GUEST_DIR_H */
