/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The file that an export goes to. It gets its name when it is whole; until then, what had
 * that name stays.
 */
#ifndef __PERF_GUEST_EXPORT_OUTPUT_H
#define __PERF_GUEST_EXPORT_OUTPUT_H

#include <limits.h>
#include <stdio.h>

/**
 * struct export_output
 * @fp:	  to write to
 * @path: of the file; NULL for standard output
 * @temp: what the file is called meanwhile; empty for what is no regular file
 */
struct export_output {
	FILE	   *fp;
	const char *path;
	char	   temp[PATH_MAX];
};

/**
 * export_output__check - is the file one that may be written?
 * @path:  "-" for standard output
 * @input: the recording that is read; NULL for the one that perf commands read
 *
 * Return: 0, or -EINVAL, reported, if it is the recording itself, by whatever name.
 */
int export_output__check(const char *path, const char *input);

/**
 * export_output__open
 * @path: "-" for standard output; has to stay
 *
 * Return: 0, or a negative error, reported.
 */
int export_output__open(struct export_output *output, const char *path);

/**
 * export_output__close - give the file its name
 * @err: not if this is one: then what was written is removed
 *
 * Return: @err, or the error of what could not be written; reported.
 */
int export_output__close(struct export_output *output, int err);

#endif /* __PERF_GUEST_EXPORT_OUTPUT_H */
