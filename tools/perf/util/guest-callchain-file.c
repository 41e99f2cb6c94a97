// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <internal/lib.h>
#include <linux/bitops.h>
#include <linux/kernel.h>
#include "event.h"
#include "evlist.h"
#include "evsel.h"
#include "guest-callchain.h"
#include "guest-callchain-file.h"
#include "mmap.h"

/* In front of PERF_SAMPLE_READ and the callchain */
#define SAMPLE_WORDS	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |	\
			 PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR | PERF_SAMPLE_ID |		\
			 PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD)

/* Set before perf record's threads read buffers, and not changed while they do. */
static struct evlist *recorded;

/*
 * A buffer, in which events are at multiples of 8: words are whole, events may go on at its
 * beginning.
 */
struct ring {
	char *data;
	u64   mask;
};

static u64 *ring__word(const struct ring *ring, u64 at)
{
	return (u64 *)(ring->data + (at & ring->mask));
}

void guest_callchain_file__start(struct evlist *evlist)
{
	struct evsel *evsel;

	recorded = NULL;
	if (!evlist)
		return;
	evlist__for_each_entry(evlist, evsel) {
		if (evsel->core.attr.guest_callchain)
			recorded = evlist;
	}
}

static struct evsel *ring__evsel(const struct ring *ring, u64 sample)
{
	int pos = recorded->id_pos;

	if (recorded->core.nr_entries == 1 || pos < 0)
		return evlist__first(recorded);
	return evlist__id2evsel(recorded, *ring__word(ring, sample + (1 + pos) * sizeof(u64)));
}

/* Bytes of what PERF_SAMPLE_READ asks for */
static u64 ring__read_size(const struct ring *ring, u64 at, u64 format)
{
	u64 times = hweight64(format & (PERF_FORMAT_TOTAL_TIME_ENABLED |
					PERF_FORMAT_TOTAL_TIME_RUNNING));
	u64 value = 1 + hweight64(format & (PERF_FORMAT_ID | PERF_FORMAT_LOST));

	if (!(format & PERF_FORMAT_GROUP))
		return (times + value) * sizeof(u64);
	/* no more than a sample's size can tell */
	return (1 + times + min_t(u64, *ring__word(ring, at), UINT16_MAX) * value) * sizeof(u64);
}

/* Have mark and cookie behind all of a sample, if it has them; end is that of the sample. */
static void ring__convert_sample(const struct ring *ring, u64 sample, u64 end)
{
	const struct evsel *evsel = ring__evsel(ring, sample);
	const struct perf_event_attr *attr;
	u64 chain, mark, cookie, nr;

	if (!evsel || !evsel->core.attr.guest_callchain)
		return;
	attr = &evsel->core.attr;
	chain = sample + (1 + hweight64(attr->sample_type & SAMPLE_WORDS)) * sizeof(u64);
	if (attr->sample_type & PERF_SAMPLE_READ)
		chain += ring__read_size(ring, chain, attr->read_format);
	if (!(attr->sample_type & PERF_SAMPLE_CALLCHAIN) || chain >= end)
		return;
	nr = *ring__word(ring, chain);
	if (nr < 2 || nr >= (end - chain) / sizeof(u64))
		return;
	mark = chain + (nr - 1) * sizeof(u64);
	if (*ring__word(ring, mark) != PERF_CONTEXT_GUEST_DEFERRED)
		return;

	cookie = *ring__word(ring, mark + sizeof(u64));
	*ring__word(ring, chain) = nr - 2;
	for (; mark + 2 * sizeof(u64) < end; mark += sizeof(u64))
		*ring__word(ring, mark) = *ring__word(ring, mark + 2 * sizeof(u64));
	*ring__word(ring, mark) = PERF_CONTEXT_GUEST_DEFERRED;
	*ring__word(ring, mark + sizeof(u64)) = cookie;
}

static void ring__convert(const struct ring *ring, u64 start, u64 end)
{
	struct perf_event_header *header;
	u64 at;

	for (at = start; at < end; at += header->size) {
		header = (void *)ring__word(ring, at);
		if (header->size < sizeof(*header) || header->size > end - at)
			return;
		if (header->type == PERF_RECORD_GUEST_CALLCHAIN)
			header->type = PERF_RECORD_HEADER_EVENT_TYPE;
		else if (header->type == PERF_RECORD_SAMPLE)
			ring__convert_sample(ring, at, at + header->size);
	}
}

/* What was read of a buffer, to where it was there. */
static void ring__copy(const struct ring *ring, const char *mapped, u64 start, u64 end)
{
	u64 size = end - start, at = start & ring->mask;
	u64 here = min_t(u64, size, ring->mask + 1 - at);

	memcpy(ring->data + at, mapped + at, here);
	memcpy(ring->data, mapped, size - here);
}

void *guest_callchain_file__convert(struct mmap *map)
{
	void *mapped = map->core.base + page_size;
	struct ring ring = { .data = mapped, .mask = map->core.mask };

	if (!recorded)
		return mapped;
	ring.data = malloc(ring.mask + 1);
	if (!ring.data)
		return NULL;
	ring__copy(&ring, mapped, map->core.start, map->core.end);
	ring__convert(&ring, map->core.start, map->core.end);
	return ring.data;
}

void guest_callchain_file__done(struct mmap *map, void *data)
{
	if (recorded)
		free(data);
}

u64 guest_callchain_file__cookie(const struct evsel *evsel, const union perf_event *event,
				 const void *end)
{
	u64 words[2];

	if (!evsel->core.attr.guest_callchain ||
	    end + sizeof(words) != (const void *)event + event->header.size)
		return 0;
	memcpy(words, end, sizeof(words));
	return words[0] == PERF_CONTEXT_GUEST_DEFERRED ? words[1] : 0;
}

size_t evlist__file_attr_size(struct evlist *evlist)
{
	struct evsel *evsel;

	evlist__for_each_entry(evlist, evsel) {
		if (evsel->core.attr.config3)
			return sizeof(evsel->core.attr);
	}
	return PERF_ATTR_SIZE_VER7;
}

u32 perf_event__type(const union perf_event *event)
{
	if (event->header.type == PERF_RECORD_HEADER_EVENT_TYPE &&
	    guest_cpumode(event->header.misc & PERF_RECORD_MISC_CPUMODE_MASK))
		return PERF_RECORD_GUEST_CALLCHAIN;
	return event->header.type;
}
