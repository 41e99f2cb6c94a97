/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Samples that a recording has lost. The kernel counts one in the buffer that was full, and
 * most of them in the event as well.
 */
#ifndef __PERF_GUEST_LOST_H
#define __PERF_GUEST_LOST_H

#include <linux/kernel.h>
#include <linux/types.h>
#include "event.h"

struct guest_lost {
	u64 in_buffers, in_events;
};

/**
 * guest_lost__add - count what a record says
 * @lost:  of the recording
 * @event: PERF_RECORD_LOST or PERF_RECORD_LOST_SAMPLES
 */
static inline void guest_lost__add(struct guest_lost *lost, const union perf_event *event)
{
	if (event->header.type == PERF_RECORD_LOST)
		lost->in_buffers += event->lost.lost;
	else if (!(event->header.misc & PERF_RECORD_MISC_LOST_SAMPLES_BPF))
		/* what a filter has dropped is not lost */
		lost->in_events += event->lost_samples.lost;
}

/** guest_lost__nr - Return: how many samples there were */
static inline u64 guest_lost__nr(const struct guest_lost *lost)
{
	return max(lost->in_buffers, lost->in_events);
}

#endif /* __PERF_GUEST_LOST_H */
