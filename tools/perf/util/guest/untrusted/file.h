/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files under a guest mount. The guest decides what is there: links out of the
 * mount, devices, FIFOs, files without end, a file server that does not answer.
 * So it is read here and nowhere else, by a child process (guest/untrusted/child.h).
 */
#ifndef __PERF_GUEST_FILE_H
#define __PERF_GUEST_FILE_H

#include <stddef.h>
#include <linux/types.h>

struct guest_dir;

/**
 * guest_file__root - open the directory that is the guest's "/"
 *
 * May hang if a file server is behind it: for directories perf has made. Of a guest mount
 * guest_child__run() has it.
 *
 * Return: a file descriptor or a negative error.
 */
int guest_file__root(const char *path);

/**
 * guest_file__open - open a guest's regular file for reading
 * @root: from guest_file__root()
 * @path: below it; links are followed as the guest would, never out of @root
 *
 * Return: a file descriptor, or a negative error; -EINVAL for what is no regular
 * file. Of a guest mount only in a child (guest/untrusted/child.h).
 */
int guest_file__open(int root, const char *path);

/** guest_file__opendir - the same for a directory */
int guest_file__opendir(int root, const char *path);

/**
 * guest_file__read - read a whole small file
 * @buf:  gets its contents and a NUL
 * @size: bytes of @buf
 *
 * Return: bytes read without the NUL, -EFBIG if there are more, another negative error.
 */
ssize_t guest_file__read(int root, const char *path, char *buf, size_t size);

/**
 * guest_file__pread - read from a file of guest_file__open()
 *
 * Return: bytes read, @size of them unless the file ends; a negative error.
 */
ssize_t guest_file__pread(int fd, void *buf, size_t size, u64 offset);

/**
 * guest_file__load - read a whole file of any size
 * @limit: bytes at most
 * @data:  its contents, to be freed by the caller
 *
 * Return: 0, -EFBIG if the file is larger, another negative error.
 */
int guest_file__load(int root, const char *path, u64 limit, void **data, size_t *size);

/** guest_file__load_fd - the same for one that is open */
int guest_file__load_fd(int fd, u64 limit, void **data, size_t *size);

/** GUEST_LINE_MAX - longer lines are left out by guest_file__lines() */
#define GUEST_LINE_MAX	2048

/**
 * guest_file__lines - call a function for each line of a file
 * @limit: bytes of the file read at most
 * @line:  gets each line NUL-terminated, without its newline; returns 0 to go on
 *
 * Lines that are too long or contain a NUL are left out.
 *
 * Return: 0, what @line returned if not 0, -EFBIG if the file is larger than
 * @limit (the lines before that were delivered), another negative error.
 */
int guest_file__lines(int root, const char *path, u64 limit,
		      int (*line)(void *arg, char *line), void *arg);

/**
 * guest_file__copy - copy a file as it is
 * @out:   directory of the host, in which @to is made; what cannot be written is noted there
 * @limit: bytes at most; there may be less room in @out
 *
 * Return: bytes copied, -EFBIG if the file is larger, another negative error. Without
 * success there is no file @to.
 */
s64 guest_file__copy(int root, const char *from, struct guest_dir *out, const char *to,
		     u64 limit);

/** guest_fd__is_elf - does an open file begin as ELF files do? False for none. */
bool guest_fd__is_elf(int fd);

/** guest_file__is_elf - the same for a regular file below @root */
bool guest_file__is_elf(int root, const char *path);

#endif /* __PERF_GUEST_FILE_H */
