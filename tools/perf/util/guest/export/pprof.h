/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pprof's protocol buffer: https://github.com/google/pprof/blob/main/proto/profile.proto
 */
#ifndef __PERF_GUEST_EXPORT_PPROF_H
#define __PERF_GUEST_EXPORT_PPROF_H

#include <stdio.h>

struct recording;

/**
 * export_pprof - write it
 *
 * Two values for each event: samples, and what it has counted. Labels: guest, comm, mode, pid,
 * thread. A location is a function: there are no addresses. It is not compressed, which pprof
 * does not ask for.
 *
 * Return: 0 or -ENOMEM; what cannot be written is in @fp's error.
 */
int export_pprof(const struct recording *recording, FILE *fp);

#endif /* __PERF_GUEST_EXPORT_PPROF_H */
