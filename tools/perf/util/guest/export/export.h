/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a recording to the files of other tools, and to a picture.
 */
#ifndef __PERF_GUEST_EXPORT_H
#define __PERF_GUEST_EXPORT_H

#include <stdbool.h>

/**
 * struct guest_export - what is asked for
 * @format: one of GUEST_EXPORT_FORMATS
 * @input:  a perf.data; NULL for the one that perf commands read
 * @output: a file, "-" for standard output
 * @diff:   what to compare it with; NULL for nothing
 * @force:  whoever owns them
 */
struct guest_export {
	const char *format;
	const char *input;
	const char *output;
	const char *diff;
	bool	   force;
};

#define GUEST_EXPORT_FORMATS "firefox, folded, html, inlined, json, pprof, rows, speedscope"

/**
 * guest_export__run - read, and write
 *
 * Whose samples is in perf_guest and perf_host. @output is only replaced when all is
 * written.
 *
 * Return: 0, or a negative error, reported.
 */
int guest_export__run(const struct guest_export *export);

#endif /* __PERF_GUEST_EXPORT_H */
