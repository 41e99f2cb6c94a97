// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include <subcmd/parse-options.h>
#include "build-id.h"
#include "callchain.h"
#include "debug.h"
#include "event.h"
#include "evlist.h"
#include "evsel.h"
#include "guest/callchain/frame.h"
#include "guest/callchain/file.h"
#include "guest/callchain/inject.h"
#include "guest/callchain/module-event.h"
#include "header.h"
#include "sample.h"
#include "session.h"
#include "tool.h"

/* What the header's size can tell, in words */
#define EVENT_WORDS_MAX	(UINT16_MAX / sizeof(u64))

/**
 * struct guest_inject - what perf inject does with guests' callchains
 * @as:     the contexts frames of a guest's sample get
 * @sample, @round: of perf inject's tool
 * @copy:   of the last event that was changed
 * @cut:    samples with frames left out, as an event has no more than 64 KiB
 */
static struct guest_inject {
	enum guest_inject_as {
		AS_NOTHING,
		AS_KERNEL,
		AS_HV,
	} as;
	event_sample  sample;
	event_oe      round;
	u64	      cut;
	u64	      copy[PERF_SAMPLE_MAX_SIZE / sizeof(u64)];
} inject;

int guest_inject__parse(const struct option *opt __maybe_unused, const char *str, int unset)
{
	if (unset) {
		inject.as = AS_NOTHING;
	} else if (!str || !strcmp(str, "kernel")) {
		inject.as = AS_KERNEL;
	} else if (!strcmp(str, "hv")) {
		inject.as = AS_HV;
	} else {
		pr_err("--guest-callchain=%s: there is kernel, the default, and hv\n", str);
		return -1;
	}
	return 0;
}

bool guest_inject__merges(void)
{
	return inject.as != AS_NOTHING;
}

bool guest_inject__refuses(bool others)
{
	if (!others || !guest_inject__merges())
		return false;
	pr_err("--guest-callchain: not with --itrace, --vm-time-correlation, --sched-stat or --guest-data: inject it first, into a file of its own\n");
	return true;
}

static bool is_within(const void *at, const union perf_event *event)
{
	return at >= (const void *)event && at < (const void *)event + event->header.size;
}

/* The context that @word is to be, in a sample of a guest or of the host. */
static u64 merged_word(bool of_guest, u64 word)
{
	bool named = of_guest && inject.as == AS_KERNEL;

	switch (word) {
	case PERF_CONTEXT_GUEST_KERNEL:
		return named ? PERF_CONTEXT_KERNEL : PERF_CONTEXT_HV;
	case PERF_CONTEXT_GUEST_USER:
		return named ? PERF_CONTEXT_USER : PERF_CONTEXT_HV;
	case PERF_CONTEXT_GUEST_GUESS:
		return PERF_CONTEXT_HV;
	default:
		return word;
	}
}

static union perf_event *copy(const union perf_event *event, size_t size)
{
	return memcpy(inject.copy, event, size);
}

/* What to write of a sample; has @sample's callchain be the one that is written. */
static union perf_event *merged_event(union perf_event *event, struct perf_sample *sample,
				      const struct evsel *evsel)
{
	const struct ip_callchain *chain = sample->callchain;
	u64 *words = (u64 *)event, end = event->header.size / sizeof(u64);
	bool of_guest = guest_cpumode(sample->cpumode);
	u64 at, behind, nr, i;

	/* only a merged callchain is in other memory */
	if (event->header.type != PERF_RECORD_SAMPLE || !chain || is_within(chain, event))
		return event;
	at = guest_callchain_file__chain(&evsel->core.attr, words, end);
	behind = at + 1 + words[at];
	if (sample->guest_cookie && evsel->core.attr.guest_callchain)
		end -= 2;
	if (!at || behind > end)
		return event;

	nr = min_t(u64, chain->nr, EVENT_WORDS_MAX - (at + 1) - (end - behind));
	inject.cut += nr < chain->nr;
	event = copy(event, at * sizeof(u64));
	event->header.size = (at + 1 + nr + end - behind) * sizeof(u64);
	memcpy((u64 *)event + at + 1 + nr, words + behind, (end - behind) * sizeof(u64));
	sample->callchain = (void *)((u64 *)event + at);
	sample->callchain->nr = nr;
	for (i = 0; i < nr; i++)
		sample->callchain->ips[i] = merged_word(of_guest, chain->ips[i]);
	return event;
}

/* Whichever way samples go into the file, it is merged ones that they are. */
static int write_sample(const struct perf_tool *tool, union perf_event *event,
			struct perf_sample *sample, struct evsel *evsel, struct machine *machine)
{
	return inject.sample(tool, merged_event(event, sample, evsel), sample, evsel, machine);
}

/* A round may end anywhere in events that are in the order of their time. */
static int write_round(const struct perf_tool *tool, union perf_event *event,
		       struct ordered_events *oe)
{
	return perf_event__process_finished_round(tool, event, oe) ?:
	       inject.round(tool, event, oe);
}

int guest_inject__start(struct perf_tool *tool, const struct perf_session *session,
			event_op write)
{
	struct perf_tool plain;

	if (!guest_inject__merges()) {
		tool->guest_callchain = write;
		tool->raw_guest_callchains = true;
		return 0;
	}
	/* samples' fields are not swapped where they are */
	if (session->header.needs_swap) {
		pr_err("--guest-callchain: %s has the other byte order: use it where it was recorded\n",
		       session->data->path);
		return -EINVAL;
	}
	perf_tool__init(&plain, /*ordered_events=*/true);
	tool->compressed = plain.compressed;
	tool->ordering_requires_timestamps = true;
	inject.sample = tool->sample;
	tool->sample = write_sample;
	inject.round = tool->finished_round;
	tool->finished_round = write_round;
	return 0;
}

static void attr__clear(struct perf_event_attr *attr)
{
	attr->guest_callchain = 0;
	attr->guest_stack_words = 0;
}

union perf_event *guest_inject__attr(union perf_event *event)
{
	if (!guest_inject__merges() || event->header.type != PERF_RECORD_HEADER_ATTR)
		return event;
	event = copy(event, event->header.size);
	attr__clear(&event->attr.attr);
	return event;
}

void guest_inject__end(struct perf_session *session)
{
	bool some = evlist__has_host_module(session->evlist);
	struct evsel *evsel;

	if (!guest_inject__merges())
		return;
	evlist__for_each_entry(session->evlist, evsel) {
		some |= evsel->core.attr.guest_callchain;
		attr__clear(&evsel->core.attr);
	}
	perf_header__clear_feat(&session->header, HEADER_COMPRESSED);
	/* a perf makes a guest's maps, and looks for its kernel's symbols, if that is in it */
	if (perf_header__has_feat(&session->header, HEADER_BUILD_ID))
		perf_session__dsos_hit_all(session);
	if (!some)
		pr_warning("%s was recorded without callchains of guests: none are merged\n",
			   session->data->path);
	if (inject.cut)
		pr_warning("Guest callchains: %" PRIu64 " cut, as samples have no room for more\n",
			   inject.cut);
}
