// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include <linux/zalloc.h>
#include "debug.h"
#include "event.h"
#include "evlist.h"
#include "guest/callchain/deliver.h"
#include "guest/callchain/file.h"
#include "guest/callchain/frame.h"
#include "guest/callchain/merge.h"
#include "guest/untrusted/printable.h"
#include "ordered-events.h"
#include "sample.h"
#include "session.h"
#include "tool.h"

/**
 * struct guest_delivery - of a session, from its first event on that is of a guest
 * @callchains: merges, from the first callchain on
 * @oe:		where what was held back goes
 * @event:	the one that is asked about; NULL: none
 * @passed:	it has not been held back
 * @merged:	the one that was held back and comes again, parsed and merged
 * @copy:	of an event that is changed
 */
struct guest_delivery {
	struct guest_callchains	 *callchains;
	struct ordered_events	 *oe;
	const union perf_event	 *event;
	bool			 passed;
	const struct perf_sample *merged;
	union perf_event	 *copy;
};

static bool is_record(const union perf_event *event)
{
	return perf_event__type(event) == PERF_RECORD_GUEST_CALLCHAIN;
}

u32 guest_delivery__type(struct evlist *evlist, const union perf_event *event)
{
	u32 type = event->header.type;

	if (type != PERF_RECORD_HEADER_EVENT_TYPE || !is_record(event))
		return type;
	evlist->stats.nr_events[type]--;
	evlist->stats.nr_events[PERF_RECORD_GUEST_CALLCHAIN]++;
	return PERF_RECORD_GUEST_CALLCHAIN;
}

static struct guest_delivery *session__delivery(struct perf_session *session)
{
	if (!session->guest_delivery)
		session->guest_delivery = zalloc(sizeof(*session->guest_delivery));
	return session->guest_delivery;
}

/* Called by the merger: for the event it is given, if it does not hold it, as the last thing. */
static int deliver(void *data, union perf_event *event, struct perf_sample *sample,
		   u64 file_offset, const char *file_path)
{
	struct guest_delivery *delivery = data;
	struct ordered_event again = {
		.timestamp = sample->time, .file_offset = file_offset, .file_path = file_path,
		.event = event,
	};
	int ret;

	if (event == delivery->event) {
		delivery->passed = true;
		return 0;
	}
	delivery->merged = sample;
	ret = delivery->oe->deliver(delivery->oe, &again);
	delivery->merged = NULL;
	return ret;
}

static bool session__merges(struct perf_session *session, union perf_event *event,
			    struct perf_sample *sample)
{
	const struct perf_tool *tool = session->tool;
	struct guest_delivery *delivery = session->guest_delivery;

	if (delivery && delivery->callchains)
		return true;
	if (dump_trace || (tool && tool->raw_guest_callchains) ||
	    !evlist__has_guest_callchain(session->evlist, event, sample))
		return false;
	delivery = session__delivery(session);
	if (delivery)
		delivery->callchains = guest_callchains__new(session->evlist,
							     !tool || tool->ordered_events,
							     deliver, delivery);
	return delivery && delivery->callchains;
}

/* A record in the kernel's form, as dumps have it, or a guest's name that is printable. */
static int session__copy(struct perf_session *session, union perf_event **event)
{
	struct guest_delivery *delivery = session__delivery(session);
	union perf_event *copy = delivery ? delivery->copy : NULL;

	if (delivery && !copy)
		delivery->copy = copy = zalloc(PERF_SAMPLE_MAX_SIZE + sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	memcpy(copy, *event, (*event)->header.size);
	memset((void *)copy + copy->header.size, 0, sizeof(*copy));
	if (is_record(copy))
		copy->header.type = PERF_RECORD_GUEST_CALLCHAIN;
	else if (copy->header.type == PERF_RECORD_MMAP)
		text__make_printable(copy->mmap.filename);
	else
		text__make_printable(copy->mmap2.filename);
	*event = copy;
	return 0;
}

static bool has_guest_name(const union perf_event *event)
{
	return (event->header.type == PERF_RECORD_MMAP ||
		event->header.type == PERF_RECORD_MMAP2) &&
	       guest_cpumode(event->header.misc & PERF_RECORD_MISC_CPUMODE_MASK);
}

/* Nobody else needs a record, but for dumps. */
static bool session__takes_record(struct perf_session *session, union perf_event **event,
				  struct perf_sample *sample, int *ret)
{
	const struct perf_tool *tool = session->tool;

	if (tool && tool->guest_callchain) {
		*ret = min(tool->guest_callchain(tool, *event, sample, NULL), 0);
		return true;
	}
	if (!dump_trace)
		return true;
	*ret = session__copy(session, event);
	return *ret;
}

bool guest_delivery__takes(struct perf_session *session, struct ordered_events *oe,
			   union perf_event **event, struct perf_sample *sample,
			   u64 file_offset, const char *file_path, int *ret)
{
	struct guest_delivery *delivery = session->guest_delivery;

	*ret = 0;
	if (delivery && delivery->merged) {
		*sample = *delivery->merged;
		delivery->merged = NULL;
	} else if (!evlist__check_guest_callchain(session->evlist, *event)) {
		/* as perf top's are not before */
		return true;
	} else if (session__merges(session, *event, sample)) {
		delivery = session->guest_delivery;
		delivery->oe = oe ?: &session->ordered_events;
		delivery->event = *event;
		delivery->passed = false;
		*ret = guest_callchains__process(delivery->callchains, *event, sample,
						 file_offset, file_path);
		delivery->event = NULL;
		if (*ret || !delivery->passed)
			return true;
	}
	if (is_record(*event))
		return session__takes_record(session, event, sample, ret);
	if (has_guest_name(*event))
		*ret = session__copy(session, event);
	return *ret;
}

int guest_delivery__flush(struct perf_session *session)
{
	struct guest_delivery *delivery = session->guest_delivery;

	return delivery ? guest_callchains__flush(delivery->callchains) : 0;
}

void guest_delivery__warn(const struct perf_session *session)
{
	const struct guest_delivery *delivery = session->guest_delivery;

	guest_callchains__warn(delivery ? delivery->callchains : NULL,
			       &session->evlist->stats.guest_callchain);
}

void guest_delivery__delete(struct perf_session *session)
{
	struct guest_delivery *delivery = session->guest_delivery;

	if (!delivery)
		return;
	guest_callchains__delete(delivery->callchains);
	free(delivery->copy);
	zfree(&session->guest_delivery);
}
