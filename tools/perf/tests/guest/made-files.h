/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Directories of made-up files, as those of a guest.
 */
#ifndef _MADE_FILES_H
#define _MADE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/** made_file__create - create @path below @dir, and the directories it needs; NULL if that fails */
FILE *made_file__create(const char *dir, const char *path);

/** made_file__put - the same with @size bytes of @data in it; 0 or -1 */
int made_file__put(const char *dir, const char *path, const void *data, size_t size);

/** made_file__is - is it there, no link, with that text? NULL: is it not there? */
bool made_file__is(const char *dir, const char *path, const char *text);

struct guest;
struct guest_snapshot;

/** made_snapshot__take - guest_snapshot__take() to a directory @out, made if it is not there */
int made_snapshot__take(const struct guest *guest, const char *out, unsigned int what,
			struct guest_snapshot *snapshot);

#endif /* _MADE_FILES_H */
