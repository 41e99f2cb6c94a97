/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoint kvm_callchain:guest_callchain of the module for hosts without our patches
 * (kernel/module/trace.h): which event it is, and what a sample of it says.
 */
#ifndef __PERF_GUEST_MODULE_EVENT_H
#define __PERF_GUEST_MODULE_EVENT_H

#include <stdbool.h>
#include <linux/types.h>
#include "guest/callchain/chain.h"

struct evlist;
struct evsel;
struct perf_sample;

#define HOST_MODULE		"kvm_callchain"
#define HOST_MODULE_EVENT	"guest_callchain"

/* Words of a chain; the module has 127 frames at most, which leaves room for later ones */
#define HOST_MODULE_WORDS	1024

/**
 * struct host_module_chain - what the tracepoint says
 * @ip:      where the guest was
 * @samples: of how many samples it is the chain, some of which nobody may have recorded
 * @vcpu:    KVM's number of the vCPU
 * @guest:   the chain; its ips are @words
 */
struct host_module_chain {
	u64		   ip;
	u32		   samples;
	u32		   vcpu;
	struct guest_chain guest;
	u64		   words[HOST_MODULE_WORDS];
};

/** host_module_shown - the tracepoint is to be an event like any other as well */
extern bool host_module_shown;

/** evsel__is_host_module - is it the module's tracepoint? */
bool evsel__is_host_module(const struct evsel *evsel);

/** evlist__has_host_module - is it among the events? */
bool evlist__has_host_module(struct evlist *evlist);

/** evlist__nr_hidden - how many events there are that tools get no samples of */
int evlist__nr_hidden(struct evlist *evlist);

/**
 * host_module_chain__parse - read what a sample of the tracepoint says
 * @evsel:  the tracepoint
 * @sample: as parsed; all that is in it may be false
 *
 * Return: false if it contradicts itself or has another format.
 */
bool host_module_chain__parse(struct evsel *evsel, struct perf_sample *sample,
			 struct host_module_chain *chain);

#endif /* __PERF_GUEST_MODULE_EVENT_H */
