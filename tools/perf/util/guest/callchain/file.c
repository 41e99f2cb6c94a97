// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <internal/lib.h>
#include <perf/mmap.h>
#include <linux/bitops.h>
#include <linux/kernel.h>
#include "event.h"
#include "evlist.h"
#include "evsel.h"
#include "guest/callchain/frame.h"
#include "guest/callchain/file.h"
#include "mmap.h"

/* In front of PERF_SAMPLE_READ and the callchain */
#define SAMPLE_WORDS	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |	\
			 PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR | PERF_SAMPLE_ID |		\
			 PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD)

/* Set before perf record's threads read buffers, and not changed while they do. */
static struct evlist *recorded;

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

static struct evsel *sample__evsel(const u64 *sample)
{
	int pos = recorded->id_pos;

	if (recorded->core.nr_entries == 1 || pos < 0)
		return evlist__first(recorded);
	return evlist__id2evsel(recorded, sample[1 + pos]);
}

/* Words of what PERF_SAMPLE_READ asks for */
static u64 read_words(const u64 *read, u64 format)
{
	u64 times = hweight64(format & (PERF_FORMAT_TOTAL_TIME_ENABLED |
					PERF_FORMAT_TOTAL_TIME_RUNNING));
	u64 value = 1 + hweight64(format & (PERF_FORMAT_ID | PERF_FORMAT_LOST));

	if (!(format & PERF_FORMAT_GROUP))
		return times + value;
	/* no more than a sample's size can tell */
	return 1 + times + min_t(u64, *read, UINT16_MAX) * value;
}

u64 guest_callchain_file__chain(const struct perf_event_attr *attr, const u64 *sample, u64 nr)
{
	u64 chain = 1 + hweight64(attr->sample_type & SAMPLE_WORDS);

	if (attr->sample_type & PERF_SAMPLE_READ && chain < nr)
		chain += read_words(sample + chain, attr->read_format);
	if (!(attr->sample_type & PERF_SAMPLE_CALLCHAIN) || chain >= nr ||
	    sample[chain] >= nr - chain)
		return 0;
	return chain;
}

/* Have mark and cookie behind all of a sample of @nr words, if it has them. */
static void convert_sample(u64 *sample, u64 nr)
{
	const struct evsel *evsel = sample__evsel(sample);
	u64 *end = sample + nr, *mark, cookie;
	u64 chain, ips;

	if (!evsel || !evsel->core.attr.guest_callchain)
		return;
	chain = guest_callchain_file__chain(&evsel->core.attr, sample, nr);
	if (!chain || sample[chain] < 2)
		return;
	ips = sample[chain];
	mark = &sample[chain + ips - 1];
	if (*mark != PERF_CONTEXT_GUEST_DEFERRED)
		return;

	cookie = mark[1];
	sample[chain] = ips - 2;
	memmove(mark, mark + 2, (void *)end - (void *)(mark + 2));
	end[-2] = PERF_CONTEXT_GUEST_DEFERRED;
	end[-1] = cookie;
}

static void convert(void *data, u64 size)
{
	struct perf_event_header *header = data;
	void *end = data + size;

	for (; (void *)header < end; header = (void *)header + header->size) {
		if (header->size < sizeof(*header) || header->size > end - (void *)header)
			return;
		if (header->type == PERF_RECORD_GUEST_CALLCHAIN)
			header->type = PERF_RECORD_HEADER_EVENT_TYPE;
		else if (header->type == PERF_RECORD_SAMPLE)
			convert_sample((u64 *)header, header->size / sizeof(u64));
	}
}

bool guest_callchain_file__is_started(void)
{
	return recorded;
}

int guest_callchain_file__push(struct mmap *map, void *to,
			       int push(struct mmap *map, void *to, void *buf, size_t size),
			       u64 head)
{
	const char *ring = map->core.base + page_size;
	u64 size = map->core.end - map->core.start, at = map->core.start & map->core.mask;
	u64 here = min_t(u64, size, map->core.mask + 1 - at);
	char *copy = malloc(size);
	int ret = -1;

	if (copy) {
		memcpy(copy, ring + at, here);
		memcpy(copy + here, ring, size - here);
		convert(copy, size);
		ret = push(map, to, copy, size);
	}
	free(copy);
	map->core.start = map->core.end;
	if (ret < 0)
		return -1;
	map->core.prev = head;
	perf_mmap__consume(&map->core);
	return 0;
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

u32 perf_event__type(const union perf_event *event)
{
	if (event->header.type == PERF_RECORD_HEADER_EVENT_TYPE &&
	    guest_cpumode(event->header.misc & PERF_RECORD_MISC_CPUMODE_MASK))
		return PERF_RECORD_GUEST_CALLCHAIN;
	return event->header.type;
}
