/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest callchains of a host without our patches: those of the module kvm_callchain, whose
 * tracepoint kvm_callchain:guest_callchain (kernel/module/trace.h) is recorded beside the
 * samples. From here on they are records with cookies, as the patched kernel writes them.
 *
 * A sample has nothing that says which chain is its. A chain is given to samples that
 *
 *	are of its CPU and its thread, as perf has both, and are in the guest at its ip;
 *	come before it, and behind all chains before it;
 *	are no more than the number it says to be of, the last ones of those there are.
 *
 * What is in between them and not of that exit means that something was not recorded: a
 * sample of the CPU that is elsewhere, another chain, PERF_RECORD_LOST. None of those before
 * it gets a chain that comes behind it.
 */
#ifndef __PERF_GUEST_MODULE_H
#define __PERF_GUEST_MODULE_H

#include <stdbool.h>
#include <linux/types.h>

struct evlist;
struct perf_sample;
union perf_event;

/* Samples of one exit that wait for their chain; the oldest of more get none */
#define HOST_MODULE_SAMPLES	32

/**
 * evlist__needs_host_module - is this an event to begin merging the module's chains with?
 * @sample: the parsed event
 */
bool evlist__needs_host_module(struct evlist *evlist, const union perf_event *event,
				const struct perf_sample *sample);

/** struct host_module - which samples wait for a chain on which CPU */
struct host_module;

/**
 * host_module__new - for one stream of events, each CPU's in their order
 * @evlist: counts in its stats chains that are malformed, or of no sample
 *
 * Return: NULL without memory, to be freed by host_module__delete().
 */
struct host_module *host_module__new(struct evlist *evlist);
void host_module__delete(struct host_module *module);

/** host_module__is_used - is the tracepoint among the events? */
bool host_module__is_used(const struct host_module *module);

/**
 * host_module__note - an event of the stream
 * @sample: the parsed event; gets a cookie if it waits for a chain from now on
 *
 * Return: 0 or -ENOMEM.
 */
int host_module__note(struct host_module *module, const union perf_event *event,
		       struct perf_sample *sample);

/** host_module__is_chain - is the event a chain? */
bool host_module__is_chain(const struct host_module *module, const union perf_event *event,
			    const struct perf_sample *sample);

/**
 * host_module__match - find the samples of a chain
 * @sample: the parsed event, which is a chain
 *
 * Return: how many records host_module__record() makes of it.
 */
u32 host_module__match(struct host_module *module, struct perf_sample *sample);

/**
 * host_module__record - make the record of one of a chain's samples
 * @nr:	    which; less than host_module__match() has returned
 * @sample: filled in: the parsed record
 *
 * Return: PERF_RECORD_GUEST_CALLCHAIN with the cookie of that sample, as if its event had
 * written it: of the chain, what that event wants of a guest. Good until the next call.
 */
union perf_event *host_module__record(struct host_module *module, u32 nr,
				       struct perf_sample *sample);

#endif /* __PERF_GUEST_MODULE_H */
