// SPDX-License-Identifier: GPL-2.0
/*
 * PERF_RECORD_GUEST_CALLCHAIN: what is malformed, byte order, text.
 */
#include <byteswap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/perf_guest_callchain.h>
#include "debug.h"
#include "event.h"
#include "tests/tests.h"
#include "util/guest/callchain/record.h"

#define ID_WORDS	4
#define ID_SIZE		(ID_WORDS * sizeof(u64))
#define FIXED_WORDS	(sizeof(struct perf_record_guest_callchain) / sizeof(u64))
#define MAX_WORDS	24

struct record_case {
	const char *name;
	u32 flags;
	u64 nr;
	u64 words[8];	/* ips and sections */
	u32 nr_words;
	int cut;	/* bytes missing at the end */
	bool valid;
};

#define SECTION(_type, _size)	((u64)(_size) << 32 | (_type))
#define SECTIONS		PERF_GUEST_CALLCHAIN_SECTIONS

static const struct record_case cases[] = {
	{ "no frames", 0, 0, { }, 0, 0, true },
	{ "frames", 0, 2, { 1, 2 }, 2, 0, true },
	{ "room for more", 0, 1, { 1, 2 }, 2, 0, true },
	{ "one frame too many", 0, 3, { 1, 2 }, 2, 0, false },
	{ "frames in place of sample_id", 0, 2 + ID_WORDS, { 1, 2 }, 2, 0, false },
	{ "size of the frames overflows", 0, 1ULL << 61, { 1, 2 }, 2, 0, false },
	{ "nr is all ones", 0, ~0ULL, { 1, 2 }, 2, 0, false },
	{ "cut in a word", 0, 0, { }, 0, 4, false },
	{ "cut in the fixed part", 0, 0, { }, 0, 16 + ID_SIZE, false },
	{ "only a header", 0, 0, { }, 0, 32 + ID_SIZE, false },
	{ "unknown flags", 0x80000000, 1, { 1 }, 1, 0, true },
	{ "no sections", SECTIONS, 1, { 1, 0 }, 2, 0, true },
	{ "no size of sections", SECTIONS, 1, { 1 }, 1, 0, false },
	{ "a section", SECTIONS, 1, { 1, 16, SECTION(9, 16), 5 }, 4, 0, true },
	{ "two sections", SECTIONS, 0, { 24, SECTION(9, 16), 5, SECTION(8, 8) }, 4, 0, true },
	{ "sections exceed the record", SECTIONS, 0, { 24, SECTION(9, 16), 5 }, 3, 0, false },
	{ "size of sections overflows", SECTIONS, 0, { ~7ULL, SECTION(9, 16), 5 }, 3, 0, false },
	{ "size of sections is odd", SECTIONS, 0, { 12, SECTION(9, 8), 0 }, 3, 0, false },
	{ "a section of size 0", SECTIONS, 0, { 16, SECTION(9, 0), 0 }, 3, 0, false },
	{ "a section smaller than its header", SECTIONS, 0, { 16, SECTION(9, 4), 0 }, 3, 0, false },
	{ "a section of odd size", SECTIONS, 0, { 16, SECTION(9, 12), 0 }, 3, 0, false },
	{ "a section exceeds the sections", SECTIONS, 0, { 16, SECTION(9, 24), 0 }, 3, 0, false },
	{ "a huge section", SECTIONS, 0, { 16, SECTION(9, 0xfffffff8U), 0 }, 3, 0, false },
};

/*
 * Exactly as many bytes as the record says, so that a sanitizer sees any access
 * beyond.
 */
static union perf_event *make_record(const struct record_case *c)
{
	u64 words[MAX_WORDS] = { };
	union perf_event *event = (void *)words, *copy;
	struct perf_record_guest_callchain *gc = (void *)event;
	size_t size = (FIXED_WORDS + c->nr_words + ID_WORDS) * sizeof(u64) - c->cut;

	gc->header.type = PERF_RECORD_GUEST_CALLCHAIN;
	gc->header.misc = PERF_RECORD_MISC_GUEST_KERNEL;
	gc->header.size = size;
	gc->cookie = 0x0102030405060708;
	gc->vcpu_id = 0x11223344;
	gc->flags = c->flags;
	gc->root = 0x1000;
	gc->nr = c->nr;
	memcpy(words + FIXED_WORDS, c->words, c->nr_words * sizeof(u64));

	copy = malloc(size);
	if (copy)
		memcpy(copy, words, size);
	return copy;
}

static int test__guest_callchain_valid(struct test_suite *test __maybe_unused,
				       int subtest __maybe_unused)
{
	int ret = TEST_OK;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		union perf_event *event = make_record(&cases[i]);
		bool valid = cases[i].valid;

		TEST_ASSERT_VAL("memory", event);
		if (perf_event__guest_callchain_valid(event, ID_SIZE) != valid) {
			pr_debug("%s: valid should be %d\n", cases[i].name, valid);
			ret = TEST_FAIL;
		}
		free(event);
	}
	return ret;
}

static void swap32(u32 *words, size_t nr)
{
	while (nr--)
		words[nr] = bswap_32(words[nr]);
}

static void swap64(u64 *words, size_t nr)
{
	while (nr--)
		words[nr] = bswap_64(words[nr]);
}

/* From host byte order to the other: sections have pairs of u32 in them. */
static void to_foreign(const struct record_case *c, union perf_event *event)
{
	struct perf_record_guest_callchain *gc = (void *)event;
	u64 *words = (u64 *)event;
	size_t i, nr = event->header.size / sizeof(u64);

	swap64(words + 1, 1);
	swap32((u32 *)(words + 2), 2);
	swap64(words + 3, nr - 3);
	for (i = 0; i < c->nr_words; i++) {
		/* in these tables only section headers are that big */
		if (c->words[i] < 1ULL << 32 ||
		    c->words[i] != SECTION(c->words[i], c->words[i] >> 32))
			continue;
		gc->ips[i] = bswap_64(gc->ips[i]);
		swap32((u32 *)&gc->ips[i], 2);
	}
}

static int test__guest_callchain_swap(struct test_suite *test __maybe_unused,
				      int subtest __maybe_unused)
{
	int ret = TEST_OK;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		union perf_event *event = make_record(&cases[i]);
		union perf_event *expected = make_record(&cases[i]);

		TEST_ASSERT_VAL("memory", event && expected);
		if (cases[i].valid) {
			to_foreign(&cases[i], event);
			perf_event__guest_callchain_swap(event, true);
			if (memcmp(event, expected, event->header.size)) {
				pr_debug("%s: swapped wrong\n", cases[i].name);
				ret = TEST_FAIL;
			}
		} else {
			/* only has to stay within the record */
			perf_event__guest_callchain_swap(event, true);
		}
		free(event);
		free(expected);
	}
	return ret;
}

static int test__guest_callchain_text(struct test_suite *test __maybe_unused,
				      int subtest __maybe_unused)
{
	static const struct record_case c = {
		.flags = PERF_GUEST_CALLCHAIN_MODE_64 | PERF_GUEST_CALLCHAIN_UNMAPPED |
			 PERF_GUEST_CALLCHAIN_NESTED | SECTIONS | 0x40000000,
		.nr = 4,
		.words = { PERF_CONTEXT_GUEST_KERNEL, 0xffffffff81000000,
			   PERF_CONTEXT_GUEST_USER, 0x401000,
			   24, SECTION(PERF_GUEST_SECTION_REGS, 16), 5, SECTION(9, 8) },
		.nr_words = 8,
	};
	static const char expected[] =
		" cookie: 0x102030405060708 vcpu: 287454020 flags: 64-bit|nested|sections|unmapped|0x40000000 root: 0x1000 nr: 4\n"
		".....  0: fffffffffffff780 (guest kernel)\n"
		".....  1: ffffffff81000000\n"
		".....  2: fffffffffffff600 (guest user)\n"
		".....  3: 0000000000401000\n"
		"..... section 1 (registers): 16 bytes\n"
		"..... section 9 (unknown): 8 bytes\n";
	union perf_event *event = make_record(&c);
	char text[1024] = "";
	FILE *file = fmemopen(text, sizeof(text), "w");

	TEST_ASSERT_VAL("memory", event && file);
	perf_event__fprintf_guest_callchain(event, file);
	fclose(file);
	free(event);
	pr_debug2("%s", text);
	TEST_ASSERT_VAL("text", !strcmp(text, expected));
	TEST_ASSERT_VAL("name", !strcmp(perf_event__name(PERF_RECORD_GUEST_CALLCHAIN),
					"GUEST_CALLCHAIN"));
	return TEST_OK;
}

static struct test_case guest_callchain_record_tests[] = {
	TEST_CASE("Guest callchain records, malformed", guest_callchain_valid),
	TEST_CASE("Guest callchain byte order", guest_callchain_swap),
	TEST_CASE("Guest callchain text", guest_callchain_text),
	{ .name = NULL, }
};

struct test_suite suite__guest_callchain_record = {
	.desc = "Guest callchain record",
	.test_cases = guest_callchain_record_tests,
};
