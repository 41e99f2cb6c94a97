// SPDX-License-Identifier: GPL-2.0
/* Run suites of perf's tests without perf, which does not build with sanitizers. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/kernel.h>
#include "tests/tests.h"

DECLARE_SUITE(guest_orc);
DECLARE_SUITE(guest_orc_layout);
DECLARE_SUITE(guest_vmlinuz);

static struct test_suite *suites[] = {
	&suite__guest_orc,
	&suite__guest_orc_layout,
	&suite__guest_vmlinuz,
};

int verbose;

int eprintf(int level, int var, const char *fmt, ...);

int eprintf(int level __maybe_unused, int var __maybe_unused, const char *fmt, ...)
{
	va_list args;
	int ret;

	va_start(args, fmt);
	ret = vprintf(fmt, args);
	va_end(args);
	return ret;
}

int main(void)
{
	struct test_case *t;
	int ret = EXIT_SUCCESS;
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < ARRAY_SIZE(suites); i++) {
		for (t = suites[i]->test_cases; t->name; t++) {
			bool ok = t->run_case(suites[i], 0) == TEST_OK;

			printf("%s %s: %s\n", ok ? "ok" : "not ok", suites[i]->desc, t->desc);
			if (!ok)
				ret = EXIT_FAILURE;
		}
	}
	return ret;
}
