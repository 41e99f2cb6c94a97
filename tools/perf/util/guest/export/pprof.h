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
 * Two values for each event: samples, and what it has counted. Labels: guest, vcpu and vm_pid of
 * what has something of a guest, else pid; host, process, thread, mode. Mappings have build-ids
 * where these are known; locations have addresses. It is compressed by gzip.
 *
 * @recording: with addresses
 *
 * Return: 0 or a negative error.
 */
int export_pprof(const struct recording *recording, FILE *fp);

#endif /* __PERF_GUEST_EXPORT_PPROF_H */
