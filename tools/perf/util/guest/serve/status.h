/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is recorded and what has been, as JSON.
 */
#ifndef __PERF_GUEST_SERVE_STATUS_H
#define __PERF_GUEST_SERVE_STATUS_H

struct serve_recording;
struct serve_store;

/** serve_status__write - Return: a descriptor that can be read alone; a negative error */
int serve_status__write(const struct serve_recording *rec, const struct serve_store *store);

#endif /* __PERF_GUEST_SERVE_STATUS_H */
