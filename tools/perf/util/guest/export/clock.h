/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When a recording was made, by the clock on the wall: samples have a time of their own.
 */
#ifndef __PERF_GUEST_EXPORT_CLOCK_H
#define __PERF_GUEST_EXPORT_CLOCK_H

#include <stdbool.h>
#include <linux/types.h>

struct perf_session;

/**
 * recording_clock__of - what is known of that before the recording has been read
 * @wall: what to add to the time of a sample for the time of day; else 0
 *
 * Return: does it say?
 */
bool recording_clock__of(const struct perf_session *session, u64 *wall);

/**
 * recording_clock__wall - what to add to the time of a sample
 * @session: that has been read
 * @last:    time of its last sample, in ns
 *
 * Return: the time of day then, in ns since 1970: by the clock that it was recorded with (perf
 * record -k); without, as if the last sample were the file's last change, or of now, where it
 * comes by a pipe.
 */
u64 recording_clock__wall(const struct perf_session *session, u64 last);

#endif /* __PERF_GUEST_EXPORT_CLOCK_H */
