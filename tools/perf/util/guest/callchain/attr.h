/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ask the kernel for callchains of guests.
 */
#ifndef __PERF_GUEST_ATTR_H
#define __PERF_GUEST_ATTR_H

#include <stdbool.h>

struct evlist;
struct evsel;

/** guest_callchain_wanted - --guest-callchain: set by the commands that have the option */
extern bool guest_callchain_wanted;

/** evsel__wants_guest_callchain - is this an event to record guest callchains for? */
bool evsel__wants_guest_callchain(struct evsel *evsel);

/** evlist__interrupts_guests - does an event take samples while a guest runs? */
bool evlist__interrupts_guests(struct evlist *evlist);

/**
 * evlist__prepare_guest_callchain - find out what the guests' kernels need
 *
 * To be called before perf record waits for the end of its workload: it looks at
 * the guests' files, in processes whose end must not be taken for that. Does
 * nothing if no event samples guests.
 */
void evlist__prepare_guest_callchain(struct evlist *evlist);

/**
 * evlist__config_guests - have no precise event sample guests, and ask for their callchains
 * @evlist: configured otherwise
 * @kernel_only: user frames are not wanted
 *
 * A PEBS buffer is written to where the guest's registers say: such an event finds no guest,
 * or crashes one. Says so, and if no event samples guests though they are what is recorded.
 *
 * Sets perf_event_attr::guest_callchain if guest_callchain_wanted. Where the kernel does not know
 * the bit it is left unset, and the module's tracepoint configured; without that either, says so.
 */
void evlist__config_guests(struct evlist *evlist, bool kernel_only);

/** guest_callchain__supported - does the running kernel know the record? */
bool guest_callchain__supported(void);

#endif /* __PERF_GUEST_ATTR_H */
