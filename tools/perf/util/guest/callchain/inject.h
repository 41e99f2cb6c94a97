/* SPDX-License-Identifier: GPL-2.0 */
/*
 * perf inject --guest-callchain: a recording with guests' callchains in its samples, for
 * programs that know nothing of records of their own.
 *
 * Nor do they know PERF_CONTEXT_GUEST_KERNEL and PERF_CONTEXT_GUEST_USER: they discard
 * what is behind them, or all of the callchain. Frames get other contexts:
 *
 *   In a sample of a guest PERF_CONTEXT_KERNEL and PERF_CONTEXT_USER are looked up in that
 *   guest's maps, as its thread is one of the guest's.
 *
 *   In a sample of the host they would be given names of the host's. These frames are behind
 *   PERF_CONTEXT_HV, as bare addresses; so are guesses, whose '?' would get lost.
 */
#ifndef __PERF_GUEST_CALLCHAIN_INJECT_H
#define __PERF_GUEST_CALLCHAIN_INJECT_H

#include <stdbool.h>
#include <linux/types.h>

struct evlist;
struct evsel;
struct option;
struct perf_sample;
struct perf_session;
struct perf_tool;
union perf_event;

enum guest_inject_as {
	GUEST_INJECT_NOT,
	GUEST_INJECT_AS_KERNEL,
	GUEST_INJECT_AS_HV,
};

/**
 * struct guest_inject - what perf inject does with guests' callchains
 * @as:    the contexts frames of a guest's sample get
 * @event: the last one that was changed
 * @cut:   samples with frames left out, as an event has no more than 64 KiB
 */
struct guest_inject {
	enum guest_inject_as as;
	union perf_event     *event;
	u64		     cut;
};

/** guest_inject__parse - option callback: --guest-callchain[=kernel|hv] */
int guest_inject__parse(const struct option *opt, const char *str, int unset);

/**
 * guest_inject__start - have the session merge callchains
 * @tool:    of perf inject; takes decompressed events, in the order of their time
 * @session: that is open, of which nothing has been processed yet
 *
 * Return: 0, or a negative error that was reported.
 */
int guest_inject__start(const struct guest_inject *inject, struct perf_tool *tool,
			const struct perf_session *session);

/**
 * guest_inject__sample - what to write of a sample
 * @event:  as it was read
 * @sample: as the session delivers it, with the merged callchain; gets the one that is written
 * @evsel:  of it
 *
 * Return: @event if there is nothing to merge; one that is good until the next call; NULL
 * without memory.
 */
union perf_event *guest_inject__sample(struct guest_inject *inject, union perf_event *event,
				       struct perf_sample *sample,
				       const struct evsel *evsel);

/**
 * guest_inject__attr - what to write of PERF_RECORD_HEADER_ATTR; any other is left alone
 *
 * Return: as guest_inject__sample() has it.
 */
union perf_event *guest_inject__attr(struct guest_inject *inject, union perf_event *event);

/**
 * guest_inject__end - the samples are written: report, and have attributes that fit them
 * @session: whose header is written next
 */
void guest_inject__end(const struct guest_inject *inject, struct perf_session *session);
void guest_inject__exit(struct guest_inject *inject);

#endif /* __PERF_GUEST_CALLCHAIN_INJECT_H */
