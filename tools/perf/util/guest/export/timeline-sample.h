/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which vCPU a sample is of, and what that was doing.
 */
#ifndef __PERF_GUEST_EXPORT_TIMELINE_SAMPLE_H
#define __PERF_GUEST_EXPORT_TIMELINE_SAMPLE_H

#include <linux/types.h>

struct evsel;
struct perf_sample;
struct perf_session;
struct timeline;
union perf_event;

/**
 * sample__vcpu - which vCPU of its guest runs in a sample's thread
 *
 * Return: its number, by its record, else by the name that the VMM has given the thread; -1 if
 * neither tells.
 */
int sample__vcpu(struct perf_session *session, const struct perf_sample *sample);

/**
 * timeline__add_sample, timeline__add_lost - note a sample; those that a PERF_RECORD_LOST counts
 * @timeline: NULL to note nothing
 * @sample:   for a record, its time and thread
 *
 * Return: 0 or -ENOMEM.
 */
int timeline__add_sample(struct timeline *timeline, struct perf_session *session,
			 struct evsel *evsel, const struct perf_sample *sample);
int timeline__add_lost(struct timeline *timeline, struct perf_session *session,
		       const union perf_event *event, const struct perf_sample *sample);

#endif /* __PERF_GUEST_EXPORT_TIMELINE_SAMPLE_H */
