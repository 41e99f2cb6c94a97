/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The recording again, with guests' callchains in its samples, for any perf and what reads
 * perf's files: what perf inject --guest-callchain makes of it.
 */
#ifndef __PERF_GUEST_EXPORT_INLINED_H
#define __PERF_GUEST_EXPORT_INLINED_H

struct guest_export;

/**
 * export_inlined - write it
 *
 * The whole recording: perf_guest and perf_host choose no samples. Standard output gets the
 * form for pipes, unless it is a file.
 *
 * Return: 0, or a negative error, reported.
 */
int export_inlined(const struct guest_export *export);

#endif /* __PERF_GUEST_EXPORT_INLINED_H */
