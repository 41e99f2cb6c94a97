// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include <linux/zalloc.h>
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

int guest_inject__parse(const struct option *opt, const char *str, int unset)
{
	struct guest_inject *inject = opt->value;

	if (unset) {
		inject->as = GUEST_INJECT_NOT;
	} else if (!str || !strcmp(str, "kernel")) {
		inject->as = GUEST_INJECT_AS_KERNEL;
	} else if (!strcmp(str, "hv")) {
		inject->as = GUEST_INJECT_AS_HV;
	} else {
		pr_err("--guest-callchain=%s: there is kernel, the default, and hv\n", str);
		return -1;
	}
	return 0;
}

static int drop(const struct perf_tool *tool __maybe_unused,
		union perf_event *event __maybe_unused,
		struct perf_sample *sample __maybe_unused,
		struct machine *machine __maybe_unused)
{
	return 0;
}

int guest_inject__start(const struct guest_inject *inject, struct perf_tool *tool,
			const struct perf_session *session)
{
	struct perf_tool plain;

	if (inject->as == GUEST_INJECT_NOT)
		return 0;
	/* samples' fields are not swapped where they are */
	if (session->header.needs_swap) {
		pr_err("--guest-callchain: %s has the other byte order: use it where it was recorded\n",
		       session->data->path);
		return -EINVAL;
	}
	perf_tool__init(&plain, /*ordered_events=*/true);
	tool->compressed = plain.compressed;
	tool->guest_callchain = drop;
	tool->raw_guest_callchains = false;
	tool->ordering_requires_timestamps = true;
	return 0;
}

static bool is_within(const void *at, const union perf_event *event)
{
	return at >= (const void *)event && at < (const void *)event + event->header.size;
}

/* The context that @word is to be, in a sample of a guest or of the host. */
static u64 guest_inject__word(const struct guest_inject *inject, bool of_guest, u64 word)
{
	bool named = of_guest && inject->as == GUEST_INJECT_AS_KERNEL;

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

static union perf_event *guest_inject__copy(struct guest_inject *inject,
					    const union perf_event *event, size_t size)
{
	if (!inject->event)
		inject->event = malloc(PERF_SAMPLE_MAX_SIZE);
	if (inject->event)
		memcpy(inject->event, event, size);
	return inject->event;
}

union perf_event *guest_inject__sample(struct guest_inject *inject, union perf_event *event,
				       struct perf_sample *sample,
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
	if (sample->guest_cookie)
		end -= 2;
	if (!at || behind > end)
		return event;

	nr = min_t(u64, chain->nr, EVENT_WORDS_MAX - (at + 1) - (end - behind));
	inject->cut += nr < chain->nr;
	event = guest_inject__copy(inject, event, at * sizeof(u64));
	if (!event)
		return NULL;
	event->header.size = (at + 1 + nr + end - behind) * sizeof(u64);
	memcpy((u64 *)event + at + 1 + nr, words + behind, (end - behind) * sizeof(u64));
	sample->callchain = (void *)((u64 *)event + at);
	sample->callchain->nr = nr;
	for (i = 0; i < nr; i++)
		sample->callchain->ips[i] = guest_inject__word(inject, of_guest, chain->ips[i]);
	return event;
}

static void attr__clear(struct perf_event_attr *attr)
{
	attr->guest_callchain = 0;
	attr->guest_stack_words = 0;
}

union perf_event *guest_inject__attr(struct guest_inject *inject, union perf_event *event)
{
	if (inject->as == GUEST_INJECT_NOT || event->header.type != PERF_RECORD_HEADER_ATTR)
		return event;
	event = guest_inject__copy(inject, event, event->header.size);
	if (event)
		attr__clear(&event->attr.attr);
	return event;
}

void guest_inject__end(const struct guest_inject *inject, struct perf_session *session)
{
	bool some = evlist__has_host_module(session->evlist);
	struct evsel *evsel;

	if (inject->as == GUEST_INJECT_NOT)
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
	if (inject->cut)
		pr_warning("Guest callchains: %" PRIu64 " cut, as samples have no room for more\n",
			   inject->cut);
}

void guest_inject__exit(struct guest_inject *inject)
{
	zfree(&inject->event);
}
