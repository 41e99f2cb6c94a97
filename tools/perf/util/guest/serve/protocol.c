// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include "guest/serve/protocol.h"

static const char * const events[] = {
	"cpu-clock", "cycles", "instructions", "branch-misses", "cache-misses",
};

const char *serve_event__name(u32 event)
{
	return event < ARRAY_SIZE(events) ? events[event] : NULL;
}

bool serve_request__check(const struct serve_request *request)
{
	if (request->verb >= SERVE_VERBS)
		return false;
	if (request->verb != SERVE_START)
		return true;
	return request->pid <= SERVE_PID_MAX && serve_event__name(request->event) &&
	       request->freq && request->freq <= SERVE_FREQ_MAX &&
	       request->seconds && request->seconds <= SERVE_SECONDS_MAX && request->host <= 1;
}
