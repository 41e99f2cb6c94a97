/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Record the tracepoint of the module kvm_callchain, where the kernel has no guest callchains.
 */
#ifndef __PERF_GUEST_MODULE_ATTR_H
#define __PERF_GUEST_MODULE_ATTR_H

#include <stdbool.h>

struct evlist;

/** enum host_module_state - what the running kernel has of the module */
enum host_module_state {
	HOST_MODULE_NOT_LOADED,
	HOST_MODULE_NOT_ALLOWED,	/* loaded, but its tracepoint is root's */
	HOST_MODULE_USABLE,
};

/** host_module__state - can the module's tracepoint be recorded? */
enum host_module_state host_module__state(void);

/**
 * host_module__add - add the tracepoint to the events of a recording of guests
 * @evlist: all other events, as parsed
 *
 * Does nothing where the kernel itself has guest callchains, where no event interrupts
 * guests, and where there is no module. Says which of these two it is that has them.
 *
 * Return: 0 or a negative error, reported.
 */
int host_module__add(struct evlist *evlist);

/**
 * host_module__config - have all in the recording that it takes to find a chain's samples
 * @evlist: configured otherwise
 *
 * Return: false if the tracepoint is not among the events.
 */
bool host_module__config(struct evlist *evlist);

#endif /* __PERF_GUEST_MODULE_ATTR_H */
