// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/time64.h>
#include "debug.h"
#include "guest/untrusted/child.h"
#include "guest/untrusted/waiting.h"

void guest_waiting__show(struct guest_waiting *waiting)
{
	s64 seconds = (guest_child__now_ms() - waiting->begin) / (s64)MSEC_PER_SEC;

	if (!waiting->what || seconds == waiting->shown || quiet || !isatty(STDERR_FILENO))
		return;
	waiting->shown = seconds;
	fprintf(stderr, "\r\033[K[ perf kvm-callchain: %s: %" PRId64 " s ]", waiting->what,
		seconds);
	fflush(stderr);
}

void guest_waiting__end(const struct guest_waiting *waiting)
{
	if (waiting->shown)
		fprintf(stderr, "\r\033[K");
}
