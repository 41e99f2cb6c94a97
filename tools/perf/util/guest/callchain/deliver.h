/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest callchains on the way from a recording, or from ring buffers, to perf's tools: those
 * who get events get samples with merged callchains, and no records.
 */
#ifndef __PERF_GUEST_CALLCHAIN_DELIVER_H
#define __PERF_GUEST_CALLCHAIN_DELIVER_H

#include <stdbool.h>
#include <linux/types.h>

struct evlist;
struct ordered_events;
struct perf_sample;
struct perf_session;
union perf_event;

/**
 * guest_delivery__type - what an event that was read is to be taken for
 * @evlist: its events; has the event counted as its header says, which is corrected
 * @event:  in host byte order
 *
 * Return: PERF_RECORD_GUEST_CALLCHAIN for a record; any other event is what its header says.
 */
u32 guest_delivery__type(struct evlist *evlist, const union perf_event *event);

/**
 * guest_delivery__takes - is an event for us, or for the one who asks?
 * @session:	 of it
 * @oe:		 delivers events that were held back; NULL: the session's
 * @event:	 the event; its copy, if its text or its form has to be another one
 * @sample:	 the parsed event; gets the merged callchain
 * @file_offset, @file_path: of it
 * @ret:	 what to return if the event is for us: 0 or a negative error
 *
 * Has samples that wait for their records, and what is behind them, come again from @oe.
 * Records are for tool->guest_callchain, if there is one, and for dumps. Names that a guest
 * has chosen are printable in what others get.
 *
 * Return: true if nobody else is to see the event, now.
 */
bool guest_delivery__takes(struct perf_session *session, struct ordered_events *oe,
			   union perf_event **event, struct perf_sample *sample,
			   u64 file_offset, const char *file_path, int *ret);

/** guest_delivery__flush - the events have ended: deliver what is held back */
int guest_delivery__flush(struct perf_session *session);

/** guest_delivery__warn - how guests were unwound, and what is missing if anything is */
void guest_delivery__warn(const struct perf_session *session);

/** guest_delivery__delete - the session ends */
void guest_delivery__delete(struct perf_session *session);

#endif /* __PERF_GUEST_CALLCHAIN_DELIVER_H */
