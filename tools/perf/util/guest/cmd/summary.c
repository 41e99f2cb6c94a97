// SPDX-License-Identifier: GPL-2.0
/*
 * How much of a recording is samples of guests, and how many have callchains.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/perf_guest_callchain.h>
#include "data.h"
#include "debug.h"
#include "event.h"
#include "evlist.h"
#include "guest/callchain/frame.h"
#include "guest/callchain/record.h"
#include "guest/callchain/lost.h"
#include "guest/vm/vm.h"
#include "guest/cmd/summary.h"
#include "guest/snapshot/lookup.h"
#include "sample.h"
#include "session.h"
#include "tool.h"

struct reader {
	struct perf_tool	tool;
	struct guest_summary	*summary;
	struct guest_lost	lost;
};

static struct guest_count *summary__guest(struct guest_summary *summary, pid_t pid)
{
	int i;

	for (i = 0; i < summary->nr; i++) {
		if (summary->guest[i].pid == pid)
			return &summary->guest[i];
	}
	if (summary->nr == GUEST_SUMMARY_MAX)
		return NULL;
	summary->guest[summary->nr] = (struct guest_count) { .pid = pid, .firmware = UINT64_MAX };
	return &summary->guest[summary->nr++];
}

/* A callchain has a caller in the guest, not just the sample's own address. */
static bool has_guest_callchain(const struct perf_sample *sample)
{
	u64 i, nr, frames = 0;
	bool guest = false;
	u8 cpumode = 0;

	if (!sample->callchain)
		return false;
	nr = guest_callchain__nr(sample->callchain);
	for (i = 0; i < nr; i++) {
		if (guest_callchain__cpumode(sample->callchain->ips[i], NULL, &cpumode))
			guest = true;
		else if (sample->callchain->ips[i] >= PERF_CONTEXT_MAX)
			guest = false;
		else
			frames += guest;
	}
	return frames > 1;
}

static int count_sample(const struct perf_tool *tool, union perf_event *event __maybe_unused,
			struct perf_sample *sample, struct evsel *evsel __maybe_unused,
			struct machine *machine __maybe_unused)
{
	struct guest_summary *summary = container_of(tool, struct reader, tool)->summary;
	bool chain = has_guest_callchain(sample);
	struct guest_count *guest;

	if (sample->time != (u64)-1 && sample->time > summary->newest)
		summary->newest = sample->time;
	if (!guest_cpumode(sample->cpumode) && !chain)
		return 0;
	guest = summary__guest(summary, sample->pid);
	if (guest) {
		guest->samples++;
		guest->with_callchain += chain;
	}
	return 0;
}

/* Where the guest's machine has been reset, its firmware runs, then the kernel's loader. */
static int look_at_mode(const struct perf_tool *tool, union perf_event *event,
			struct perf_sample *sample, struct machine *machine __maybe_unused)
{
	struct guest_summary *summary = container_of(tool, struct reader, tool)->summary;
	const struct perf_record_guest_callchain *record = (const void *)event;
	u32 mode = record->flags & PERF_GUEST_CALLCHAIN_MODE;
	struct guest_count *guest;

	if (sample->cpumode != PERF_RECORD_MISC_GUEST_KERNEL ||
	    record->flags & PERF_GUEST_CALLCHAIN_NESTED)
		return 0;
	guest = summary__guest(summary, sample->pid);
	if (!guest)
		return 0;
	if (mode == PERF_GUEST_CALLCHAIN_MODE_64)
		guest->long_mode = true;
	else if (mode != PERF_GUEST_CALLCHAIN_MODE_UNKNOWN && guest->long_mode &&
		 sample->time < guest->firmware)
		guest->firmware = sample->time;
	return 0;
}

static int count_lost(const struct perf_tool *tool, union perf_event *event,
		      struct perf_sample *sample __maybe_unused,
		      struct machine *machine __maybe_unused)
{
	guest_lost__add(&container_of(tool, struct reader, tool)->lost, event);
	return 0;
}

void guest_summary__print(const struct guest_summary *summary, const char *dir)
{
	char name[GUEST_NAME_MAX];
	int i;

	fprintf(stderr, "[ perf kvm-callchain: ");
	for (i = 0; i < summary->nr; i++) {
		const struct guest_count *guest = &summary->guest[i];

		fprintf(stderr, "%s: %" PRIu64 " samples, %" PRIu64 " with callchain; ",
			guest_snapshot__name(dir, guest->pid, name, sizeof(name)),
			guest->samples, guest->with_callchain);
	}
	fprintf(stderr, "%s%" PRIu64 " lost ]\n", summary->nr ? "" : "no samples of guests; ",
		summary->lost);
}

void guest_summary__explain_none(void)
{
	pr_warning("No sample is of a guest: none ran meanwhile, or the event does not sample guests on this machine (-e cpu-clock does).\n");
}

/* Enough has been read. */
#define FOUND	-ECANCELED

static int find_guest(const struct perf_tool *tool __maybe_unused,
		      union perf_event *event __maybe_unused, struct perf_sample *sample,
		      struct evsel *evsel __maybe_unused,
		      struct machine *machine __maybe_unused)
{
	return guest_cpumode(sample->cpumode) ||
	       (sample->callchain && guest_callchain__has_guest(sample->callchain)) ? FOUND : 0;
}

static int find_guest_callchain(const struct perf_tool *tool __maybe_unused,
				union perf_event *event __maybe_unused,
				struct perf_sample *sample __maybe_unused,
				struct machine *machine __maybe_unused)
{
	return FOUND;
}

bool guest_summary__has_guest(const char *perf_data)
{
	struct perf_data data = { .path = perf_data, .mode = PERF_DATA_MODE_READ };
	struct perf_session *session;
	struct perf_tool tool;
	int said = verbose;
	int err;

	perf_tool__init(&tool, /*ordered_events=*/false);
	tool.sample = find_guest;
	tool.guest_callchain = find_guest_callchain;
	tool.raw_guest_callchains = true;
	tool.no_warn = true;

	/* that it stops is no error to be told */
	verbose = -1;
	session = perf_session__new(&data, &tool);
	err = IS_ERR(session) ? PTR_ERR(session) : perf_session__process_events(session);
	if (!IS_ERR(session))
		perf_session__delete(session);
	verbose = said;
	return err;
}

int guest_summary__read(struct guest_summary *summary, const char *perf_data)
{
	struct perf_data data = { .path = perf_data, .mode = PERF_DATA_MODE_READ };
	struct reader reader = { .summary = summary };
	struct perf_session *session;
	int err;

	memset(summary, 0, sizeof(*summary));
	perf_tool__init(&reader.tool, /*ordered_events=*/true);
	reader.tool.sample = count_sample;
	reader.tool.guest_callchain = look_at_mode;
	reader.tool.lost = count_lost;
	reader.tool.lost_samples = count_lost;
	reader.tool.no_warn = true;

	session = perf_session__new(&data, &reader.tool);
	if (IS_ERR(session))
		return PTR_ERR(session);
	err = perf_session__process_events(session);
	perf_session__delete(session);
	summary->lost = guest_lost__nr(&reader.lost);
	return err;
}
