// SPDX-License-Identifier: GPL-2.0
/*
 * What perf record reads from a buffer gets the form that other perfs read, wherever the
 * buffer's end is, and nothing else is changed.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <internal/lib.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <perf/evlist.h>
#include <perf/evsel.h>
#include "debug.h"
#include "event.h"
#include "tests/tests.h"
#include "util/evlist.h"
#include "util/evsel.h"
#include "util/guest/callchain/file.h"
#include "util/mmap.h"
#include "util/sample.h"

#define RING_SIZE	4096
#define MAX_WORDS	24

#define SAMPLE_TYPE	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN)
/* Ids of events: with fields behind the callchain, with a group in front, without ours */
#define RAW		1
#define READ		2
#define OTHER		3

#define SAMPLE		PERF_RECORD_SAMPLE
#define DEFER		PERF_CONTEXT_GUEST_DEFERRED
#define HK		PERF_CONTEXT_KERNEL
#define GUEST		PERF_RECORD_MISC_GUEST_USER

struct file_case {
	const char *name;
	u32 type;
	u16 misc;
	u32 nr;
	u64 kernel[MAX_WORDS];	/* what the kernel writes behind the header */
	u32 file_type;
	u64 file[MAX_WORDS];	/* what is to be in the file */
	u64 cookie;
};

static const struct file_case cases[] = {
	{ "host's frames, and fields behind", SAMPLE, PERF_RECORD_MISC_KERNEL, 11,
	  { RAW, 0x10, 5, HK, 0x10, 0x20, DEFER, 7, 0x1111111100000014, 0x22, 0x33 }, SAMPLE,
	  { RAW, 0x10, 3, HK, 0x10, 0x20, 0x1111111100000014, 0x22, 0x33, DEFER, 7 }, 7 },
	{ "guest", SAMPLE, GUEST, 7,
	  { RAW, 0x11, 2, DEFER, 8, 0x1111111100000004 | 8, 0x22 }, SAMPLE,
	  { RAW, 0x11, 0, 0x1111111100000004 | 8, 0x22, DEFER, 8 }, 8 },
	{ "no cookie", SAMPLE, PERF_RECORD_MISC_KERNEL, 6,
	  { RAW, 0x10, 2, HK, 0x10, 0x1111111100000004 }, SAMPLE,
	  { RAW, 0x10, 2, HK, 0x10, 0x1111111100000004 }, 0 },
	{ "raw data like a cookie", SAMPLE, PERF_RECORD_MISC_KERNEL, 6,
	  { RAW, 0x10, 0, 20, DEFER, 9 }, SAMPLE, { RAW, 0x10, 0, 20, DEFER, 9 }, 0 },
	{ "no callchain", SAMPLE, GUEST, 4,
	  { RAW, 0x10, 0, 0x1111111100000004 }, SAMPLE, { RAW, 0x10, 0, 0x1111111100000004 }, 0 },
	{ "behind the values of a group", SAMPLE, GUEST, 12,
	  { READ, 0x11, 2, 0x99, 1, READ, 2, OTHER, 3, 0x12, DEFER, 6 }, SAMPLE,
	  { READ, 0x11, 2, 0x99, 1, READ, 2, OTHER, 1, 0x12, DEFER, 6 }, 6 },
	{ "a group that is too large", SAMPLE, GUEST, 6,
	  { READ, 0x11, ~0ULL, 0x99, DEFER, 6 }, SAMPLE,
	  { READ, 0x11, ~0ULL, 0x99, DEFER, 6 }, 0 },
	{ "a callchain that is too long", SAMPLE, GUEST, 5,
	  { RAW, 0x11, ~0ULL, DEFER, 6 }, SAMPLE, { RAW, 0x11, ~0ULL, DEFER, 6 }, 0 },
	{ "an event that has not asked", SAMPLE, GUEST, 5,
	  { OTHER, 0x11, 2, DEFER, 6 }, SAMPLE, { OTHER, 0x11, 2, DEFER, 6 }, 0 },
	{ "of no event", SAMPLE, GUEST, 5,
	  { 77, 0x11, 2, DEFER, 6 }, SAMPLE, { 77, 0x11, 2, DEFER, 6 }, 0 },
	{ "a guest's callchain", PERF_RECORD_GUEST_CALLCHAIN, GUEST, 7,
	  { 7, 3, 0x1000, 2, PERF_CONTEXT_GUEST_USER, 0x30, RAW }, PERF_RECORD_HEADER_EVENT_TYPE,
	  { 7, 3, 0x1000, 2, PERF_CONTEXT_GUEST_USER, 0x30, RAW }, 0 },
	{ "another record", PERF_RECORD_LOST, 0, 4,
	  { RAW, 2, DEFER, 3 }, PERF_RECORD_LOST, { RAW, 2, DEFER, 3 }, 0 },
};

static int add_event(struct evlist *evlist, u64 id)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .sample_type = SAMPLE_TYPE, .sample_id_all = 1,
		.guest_callchain = id != OTHER,
	};
	struct evsel *evsel;

	if (id == RAW)
		attr.sample_type |= PERF_SAMPLE_RAW;
	if (id == READ) {
		attr.sample_type |= PERF_SAMPLE_READ;
		attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID |
				   PERF_FORMAT_TOTAL_TIME_ENABLED;
	}
	evsel = evsel__new(&attr);
	if (!evsel)
		return -1;
	evlist__add(evlist, evsel);
	if (perf_evsel__alloc_id(&evsel->core, 1, 1))
		return -1;
	perf_evlist__id_add(&evlist->core, &evsel->core, 0, 0, id);
	return 0;
}

static struct evlist *make_evlist(void)
{
	struct evlist *evlist = evlist__new();
	u64 id;

	for (id = RAW; evlist && id <= OTHER; id++) {
		if (add_event(evlist, id)) {
			evlist__delete(evlist);
			return NULL;
		}
	}
	if (evlist)
		evlist__set_id_pos(evlist);
	return evlist;
}

static size_t put(void *to, u32 type, const struct file_case *c, const u64 *words)
{
	struct perf_event_header header = {
		.type = type, .misc = c->misc, .size = sizeof(header) + c->nr * sizeof(u64),
	};

	memcpy(to, &header, sizeof(header));
	memcpy(to + sizeof(header), words, c->nr * sizeof(u64));
	return header.size;
}

struct pushed {
	char   data[RING_SIZE];
	size_t size;
};

static int push(struct mmap *map __maybe_unused, void *to, void *buf, size_t size)
{
	struct pushed *pushed = to;

	memcpy(pushed->data + pushed->size, buf, size);
	pushed->size += size;
	return 0;
}

/* Push all events from a buffer in which they begin at @start. */
static int push_from(u64 start, bool overwrite, struct pushed *pushed)
{
	char kernel[RING_SIZE], *ring = mmap(NULL, page_size + RING_SIZE, PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct perf_event_mmap_page *page = (void *)ring;
	struct mmap map = {
		.core = { .base = ring, .mask = RING_SIZE - 1, .overwrite = overwrite },
	};
	size_t i, size = 0;
	int ret;

	if (ring == MAP_FAILED)
		return -1;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		size += put(kernel + size, cases[i].type, &cases[i], cases[i].kernel);
	for (i = 0; i < size; i++)
		ring[page_size + (start + i) % RING_SIZE] = kernel[i];
	/* as the kernel's */
	if (mprotect(ring + page_size, RING_SIZE, PROT_READ))
		return -1;
	/* a buffer that is overwritten is written downwards */
	page->data_head = overwrite ? start : start + size;
	map.core.prev = overwrite ? start + size : start;
	/* one that has ended is unmapped when all is pushed */
	refcount_set(&map.core.refcnt, overwrite ? 2 : 1);

	pushed->size = 0;
	ret = perf_mmap__push(&map, pushed, push);
	if (overwrite)
		munmap(ring, page_size + RING_SIZE);
	return ret || map.core.base != (overwrite ? ring : NULL);
}

static int test__guest_callchain_file(struct test_suite *test __maybe_unused,
				      int subtest __maybe_unused)
{
	struct evlist *evlist = make_evlist();
	char file[RING_SIZE];
	struct pushed pushed;
	size_t i, size = 0;
	int ret = TEST_OK;
	u64 start;

	TEST_ASSERT_VAL("memory", evlist);
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		size += put(file + size, cases[i].file_type, &cases[i], cases[i].file);

	guest_callchain_file__start(evlist);
	for (start = RING_SIZE; start < 2 * RING_SIZE; start += sizeof(u64)) {
		for (i = 0; i < 2; i++) {
			if (push_from(start, /*overwrite=*/i, &pushed) || pushed.size != size ||
			    memcmp(pushed.data, file, size)) {
				pr_debug("%s from %#" PRIx64 "\n", i ? "overwritten" : "read",
					 start);
				ret = TEST_FAIL;
			}
		}
	}
	guest_callchain_file__start(NULL);
	evlist__delete(evlist);
	return ret;
}

static int test__guest_callchain_cookie(struct test_suite *test __maybe_unused,
					int subtest __maybe_unused)
{
	struct evlist *evlist = make_evlist();
	u64 words[1 + MAX_WORDS];
	union perf_event *event = (void *)words;
	struct perf_sample sample;
	int ret = TEST_OK;
	size_t i;

	TEST_ASSERT_VAL("memory", evlist);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		put(words, cases[i].file_type, &cases[i], cases[i].file);
		if (perf_event__type(event) != cases[i].type) {
			pr_debug("%s: taken for type %u\n", cases[i].name,
				 perf_event__type(event));
			ret = TEST_FAIL;
		}
		if (cases[i].type != SAMPLE || evlist__parse_sample(evlist, event, &sample))
			continue;
		if (sample.guest_cookie != cases[i].cookie) {
			pr_debug("%s: cookie %" PRIu64 "\n", cases[i].name,
				 sample.guest_cookie);
			ret = TEST_FAIL;
		}
	}
	evlist__delete(evlist);
	return ret;
}

static struct test_case guest_callchain_file_tests[] = {
	TEST_CASE("Guest callchains as written to a file", guest_callchain_file),
	TEST_CASE("Guest callchains' cookies in a file", guest_callchain_cookie),
	{ .name = NULL, }
};

struct test_suite suite__guest_callchain_file = {
	.desc = "Guest callchain file",
	.test_cases = guest_callchain_file_tests,
};
