// SPDX-License-Identifier: GPL-2.0
/*
 * From the tracepoint of the module kvm_callchain to records, and which sample each is for.
 *
 * The order of a CPU's events says which. The module walks before the guest runs again and
 * puts the chain into the buffer right behind the samples of that exit. What the kernel drops
 * because a buffer is full it counts in PERF_RECORD_LOST, in front of the next event that has
 * room, and with its time: after sorting, too, that is between what was there before and
 * after.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/perf_event.h>
#include <linux/perf_guest_callchain.h>
#include <linux/zalloc.h>
#include "callchain.h"
#include "event.h"
#include "evlist.h"
#include "evsel.h"
#include "guest/callchain/frame.h"
#include "guest/callchain/merge.h"
#include "guest/callchain/module.h"
#include "guest/callchain/module-event.h"
#include "guest/callchain/record.h"
#include "sample.h"
#include "synthetic-events.h"

/* As many as a kernel for x86-64 can have */
#define CPUS_MAX	8192

/**
 * struct waiting_sample - of an exit whose chain has not come yet
 * @cookie: 0 if it does not want one
 * @evsel:  its event
 * @id:     of that, on its CPU
 * @misc:   how the guest ran
 */
struct waiting_sample {
	u64		   cookie;
	const struct evsel *evsel;
	u64		   id;
	u16		   misc;
};

/**
 * struct module_cpu - the last exit with samples on a CPU
 * @ip:       where the guest was
 * @pid, @tid: the vCPU's thread
 * @nr:       how many samples there are
 */
struct module_cpu {
	u64		      ip;
	u32		      pid, tid;
	u32		      nr;
	struct waiting_sample samples[HOST_MODULE_SAMPLES];
};

/**
 * struct host_module - which samples wait for a chain on which CPU
 * @on:      the tracepoint is among the events
 * @cookie:  the last one given; from the module's kernel there are none
 * @cpus:    by number, NULL where there was no sample yet
 * @chain:   the last one
 * @matched: whose it is
 * @time:    of it, of @pid and @tid on @cpu
 * @record:  room for the largest chain and a struct sample_id
 */
struct host_module {
	struct evlist		  *evlist;
	bool			  on;
	u64			  cookie;
	struct module_cpu	  **cpus;
	u32			  nr_cpus;
	struct host_module_chain chain;
	u32			  nr_matched;
	struct waiting_sample	  matched[HOST_MODULE_SAMPLES];
	u64			  time;
	u32			  pid, tid, cpu;
	u64			  record[HOST_MODULE_WORDS + 16];
};

bool evlist__needs_host_module(struct evlist *evlist, const union perf_event *event,
				const struct perf_sample *sample)
{
	return event->header.type == PERF_RECORD_SAMPLE && guest_cpumode(sample->cpumode) &&
	       evlist__has_host_module(evlist);
}

struct host_module *host_module__new(struct evlist *evlist)
{
	struct host_module *module = zalloc(sizeof(*module));

	if (!module)
		return NULL;
	module->evlist = evlist;
	module->on = evlist__has_host_module(evlist);
	return module;
}

void host_module__delete(struct host_module *module)
{
	u32 i;

	if (!module)
		return;
	for (i = 0; i < module->nr_cpus; i++)
		free(module->cpus[i]);
	free(module->cpus);
	free(module);
}

bool host_module__is_used(const struct host_module *module)
{
	return module->on;
}

/* Return: NULL without memory, or if there is no such CPU. */
static struct module_cpu *module__cpu(struct host_module *module, u32 cpu)
{
	struct module_cpu **cpus;
	u32 nr;

	if (cpu >= CPUS_MAX)
		return NULL;
	if (cpu >= module->nr_cpus) {
		nr = roundup_pow_of_two(cpu + 1);
		cpus = reallocarray(module->cpus, nr, sizeof(*cpus));
		if (!cpus)
			return NULL;
		memset(cpus + module->nr_cpus, 0, (nr - module->nr_cpus) * sizeof(*cpus));
		module->cpus = cpus;
		module->nr_cpus = nr;
	}
	if (!module->cpus[cpu])
		module->cpus[cpu] = zalloc(sizeof(**cpus));
	return module->cpus[cpu];
}

static bool cpu__is_at(const struct module_cpu *cpu, const struct perf_sample *sample)
{
	return cpu->pid == sample->pid && cpu->tid == sample->tid;
}

/* Of a record without a CPU it may be any. */
static void module__lost(struct host_module *module, u32 cpu)
{
	u32 i;

	for (i = 0; i < module->nr_cpus; i++) {
		if (module->cpus[i] && (i == cpu || cpu >= CPUS_MAX))
			module->cpus[i]->nr = 0;
	}
}

/*
 * A kernel without our patches writes marks into the callchain of a sample that is in the
 * guest, and no address. One that has any was merged before.
 */
static bool sample__lacks_chain(const struct perf_sample *sample, const struct evsel *evsel)
{
	u64 i;

	if (!sample->callchain || evsel->core.attr.guest_callchain)
		return false;
	for (i = 0; i < sample->callchain->nr; i++) {
		if (sample->callchain->ips[i] < PERF_CONTEXT_MAX)
			return false;
	}
	return true;
}

int host_module__note(struct host_module *module, const union perf_event *event,
		       struct perf_sample *sample)
{
	struct waiting_sample *of;
	struct module_cpu *cpu;
	struct evsel *evsel;

	if (!module->on)
		return 0;
	if (event->header.type == PERF_RECORD_LOST)
		module__lost(module, sample->cpu);
	if (event->header.type != PERF_RECORD_SAMPLE || !guest_cpumode(sample->cpumode) ||
	    sample->cpu >= CPUS_MAX)
		return 0;
	evsel = evlist__id2evsel(module->evlist, sample->id);
	if (!evsel || evsel__is_host_module(evsel))
		return 0;
	cpu = module__cpu(module, sample->cpu);
	if (!cpu)
		return -ENOMEM;
	if (!cpu__is_at(cpu, sample) || cpu->ip != sample->ip)
		cpu->nr = 0;
	if (cpu->nr == HOST_MODULE_SAMPLES)
		memmove(cpu->samples, cpu->samples + 1, --cpu->nr * sizeof(*cpu->samples));

	cpu->ip = sample->ip;
	cpu->pid = sample->pid;
	cpu->tid = sample->tid;
	/* wanted or not, it is one of those that the chain is of */
	of = &cpu->samples[cpu->nr++];
	*of = (struct waiting_sample) {
		.evsel = evsel, .id = sample->id, .misc = sample->cpumode,
	};
	if (sample__lacks_chain(sample, evsel)) {
		of->cookie = ++module->cookie;
		sample->guest_cookie = of->cookie;
	}
	return 0;
}

bool host_module__is_chain(const struct host_module *module, const union perf_event *event,
			    const struct perf_sample *sample)
{
	struct evsel *evsel;

	if (!module->on || event->header.type != PERF_RECORD_SAMPLE)
		return false;
	evsel = evlist__id2evsel(module->evlist, sample->id);
	return evsel && evsel__is_host_module(evsel);
}

/*
 * The thread is what perf says it is of the chain's own sample: the pid that the module
 * writes is another one if perf runs in a pid namespace. Of an encrypted guest nobody knows
 * the ip, and there is nothing in the chain.
 */
static bool module__is_of(const struct host_module *module, const struct module_cpu *cpu,
			  const struct perf_sample *sample)
{
	const struct host_module_chain *chain = &module->chain;

	return cpu->nr && cpu__is_at(cpu, sample) &&
	       (cpu->ip == chain->ip || (chain->guest.flags & PERF_GUEST_CALLCHAIN_PROTECTED &&
					 !chain->guest.nr));
}

u32 host_module__match(struct host_module *module, struct perf_sample *sample)
{
	struct guest_callchain_stats *stats = &module->evlist->stats.guest_callchain;
	struct evsel *evsel = evlist__id2evsel(module->evlist, sample->id);
	struct module_cpu *cpu = NULL;
	u32 i, nr;

	module->nr_matched = 0;
	if (sample->cpu < module->nr_cpus)
		cpu = module->cpus[sample->cpu];
	if (!host_module_chain__parse(evsel, sample, &module->chain)) {
		stats->malformed++;
	} else if (!cpu || !module__is_of(module, cpu, sample)) {
		stats->unused++;
	} else {
		nr = min(module->chain.samples, cpu->nr);
		for (i = cpu->nr - nr; i < cpu->nr; i++) {
			if (cpu->samples[i].cookie)
				module->matched[module->nr_matched++] = cpu->samples[i];
		}
	}
	if (cpu)
		cpu->nr = 0;
	module->time = sample->time;
	module->pid = sample->pid;
	module->tid = sample->tid;
	module->cpu = sample->cpu;
	return module->nr_matched;
}

/* The frames that @attr wants, as the patched kernel leaves out the others. */
static u64 wanted_words(const struct host_module_chain *chain,
			const struct perf_event_attr *attr, u16 misc, __u64 *ips)
{
	u64 i, nr = 0, room = attr->sample_max_stack ?: HOST_MODULE_WORDS;
	bool kernel = !attr->exclude_kernel && !attr->exclude_callchain_kernel;
	/* with --call-graph dwarf it is only not by frame pointers that they are wanted */
	bool user = !attr->exclude_callchain_user ||
		    attr->sample_type & PERF_SAMPLE_STACK_USER;
	bool wanted = misc == PERF_RECORD_MISC_GUEST_KERNEL ? kernel : user;

	for (i = 0; i < chain->guest.nr; i++) {
		u64 word = chain->words[i];
		bool mark = word == PERF_CONTEXT_GUEST_KERNEL || word == PERF_CONTEXT_GUEST_USER;

		if (mark)
			wanted = word == PERF_CONTEXT_GUEST_KERNEL ? kernel : user;
		if (!wanted || (!mark && !room))
			continue;
		room -= !mark;
		ips[nr++] = word;
	}
	return nr;
}

union perf_event *host_module__record(struct host_module *module, u32 nr,
				       struct perf_sample *sample)
{
	struct perf_record_guest_callchain *record = (void *)module->record;
	const struct waiting_sample *of = &module->matched[nr];
	const struct perf_event_attr *attr = &of->evsel->core.attr;

	*sample = (struct perf_sample) {
		.id = of->id, .stream_id = of->id, .time = module->time, .pid = module->pid,
		.tid = module->tid, .cpu = module->cpu, .cpumode = of->misc, .misc = of->misc,
	};
	*record = (struct perf_record_guest_callchain) {
		.header.type = PERF_RECORD_GUEST_CALLCHAIN, .header.misc = of->misc,
		.cookie = of->cookie, .vcpu_id = module->chain.vcpu,
		.flags = module->chain.guest.flags, .root = module->chain.guest.root,
	};
	record->nr = wanted_words(&module->chain, attr, of->misc, record->ips);
	record->header.size = sizeof(*record) + record->nr * sizeof(u64) +
			      perf_event__synthesize_id_sample(record->ips + record->nr,
							       attr->sample_type, sample);
	return (union perf_event *)record;
}
