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
#include "util/tool.h"

struct option;
struct perf_session;
union perf_event;

/** guest_inject__parse - option callback: --guest-callchain[=kernel|hv] */
int guest_inject__parse(const struct option *opt, const char *str, int unset);

/** GUEST_INJECT_OPTIONS - of perf inject: needs parse-options.h and symbol_conf.h */
#define GUEST_INJECT_OPTIONS								\
	OPT_STRING(0, "guestvmlinux", &symbol_conf.default_guest_vmlinux_name,		\
		   "file", "file saving guest os vmlinux"),				\
	OPT_STRING(0, "guestkallsyms", &symbol_conf.default_guest_kallsyms,		\
		   "file", "file saving guest os /proc/kallsyms"),			\
	OPT_STRING(0, "guestmodules", &symbol_conf.default_guest_modules,		\
		   "file", "file saving guest os /proc/modules"),			\
	OPT_CALLBACK_OPTARG(0, "guest-callchain", NULL, NULL, "kernel|hv",		\
			    "merge callchains of guests into the samples",		\
			    guest_inject__parse)

/** guest_inject__merges - was --guest-callchain given? */
bool guest_inject__merges(void);

/**
 * guest_inject__refuses - may callchains not be merged?
 * @others: --itrace or another option that makes or moves samples was given
 *
 * Return: true if they were to be, which is reported.
 */
bool guest_inject__refuses(bool others);

/**
 * guest_inject__start - have callchains merged, or records left as they are
 * @tool:    of perf inject, complete
 * @session: that is open, of which nothing has been processed yet
 * @write:   writes an event as it is
 *
 * To merge, @tool gets decompressed events, in the order of their time.
 *
 * Return: 0, or a negative error that was reported.
 */
int guest_inject__start(struct perf_tool *tool, const struct perf_session *session,
			event_op write);

/**
 * guest_inject__attr - what to write of PERF_RECORD_HEADER_ATTR; any other is left alone
 *
 * Return: @event, or one that is good until the next call.
 */
union perf_event *guest_inject__attr(union perf_event *event);

/**
 * guest_inject__end - the samples are written: report, and have attributes that fit them
 * @session: whose header is written next
 */
void guest_inject__end(struct perf_session *session);

#endif /* __PERF_GUEST_CALLCHAIN_INJECT_H */
