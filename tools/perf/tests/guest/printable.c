// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include <linux/types.h>
#include "debug.h"
#include "tests/tests.h"
#include "util/guest/untrusted/printable.h"

static const struct {
	const char *text;
	const char *printable;
} cases[] = {
	{ "", "" },
	{ "plain_name.constprop.0", "plain_name.constprop.0" },
	{ "operator new(unsigned long)", "operator new(unsigned long)" },
	{ "\033[2J", "?[2J" },
	{ "a\tb\nc\rd\177", "a\tb?c?d?" },
	{ "caf\303\251 \346\227\245 \360\237\220\247",
	  "caf\303\251 \346\227\245 \360\237\220\247" },
	{ "\302\233m \302\240", "??m \302\240" },		/* CSI in UTF-8, no-break space */
	{ "\233m", "?m" },					/* CSI as one byte */
	{ "\303", "?" },					/* cut off */
	{ "\346\227", "??" },
	{ "\360\237\220", "???" },
	{ "\300\257 \340\200\257", "?? ???" },			/* longer than needed */
	{ "\355\240\200", "???" },				/* a surrogate */
	{ "\364\220\200\200 \370\210\200\200\200", "???? ?????" },	/* beyond Unicode */
	{ "x\342\200\256y", "x???y" },				/* right to left override */
	{ "\342\200\213\357\273\277", "??????" },		/* zero width */
	{ "\363\240\200\201", "????" },			/* a tag */
};

/* Only a guest's name is changed. */
static int check_copy(u16 misc, const char *expected)
{
	struct perf_event_header header = { .misc = misc };
	char given[] = "\033[31mred", *name = text__name(&header, given);

	if (!strcmp(name, expected))
		return TEST_OK;
	pr_debug("name in a record with misc %u: '%s'\n", misc, name);
	return TEST_FAIL;
}

static int test__copy_name(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	int ret = check_copy(PERF_RECORD_MISC_KERNEL, "\033[31mred") ?:
		  check_copy(PERF_RECORD_MISC_USER, "\033[31mred") ?:
		  check_copy(PERF_RECORD_MISC_GUEST_KERNEL, "?[31mred");

	/* with other bits, which are not the CPU's mode */
	return ret ?: check_copy(PERF_RECORD_MISC_GUEST_USER | PERF_RECORD_MISC_MMAP_DATA,
				 "?[31mred");
}

static int test__printable(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	int ret = TEST_OK;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		bool same = !strcmp(cases[i].text, cases[i].printable);
		char text[64];

		scnprintf(text, sizeof(text), "%s", cases[i].text);
		if (text__is_printable(text) != same) {
			pr_debug("case %zu: should %sbe printable\n", i, same ? "" : "not ");
			ret = TEST_FAIL;
		}
		text__make_printable(text);
		if (strcmp(text, cases[i].printable) || !text__is_printable(text)) {
			pr_debug("case %zu: got '%s'\n", i, text);
			ret = TEST_FAIL;
		}
	}
	return ret;
}

static struct test_case tests__printable[] = {
	TEST_CASE("Guest callchain text is printable", printable),
	TEST_CASE("Guest callchain text is printable, names in records", copy_name),
	{ .name = NULL, }
};

struct test_suite suite__printable = {
	.desc = "Guest callchain text is printable",
	.test_cases = tests__printable,
};
