// SPDX-License-Identifier: GPL-2.0
/*
 * What guest frames in a callchain mean.
 */
#include <string.h>
#include <linux/kernel.h>
#include <linux/perf_guest_callchain.h>
#include "callchain.h"
#include "event.h"
#include "guest/callchain/frame.h"
#include "guest/snapshot/lookup.h"
#include "guest/symbols/user-maps.h"
#include "machine.h"
#include "maps.h"
#include "sample.h"
#include "symbol_conf.h"
#include "thread.h"
#include "util.h"

static bool thread__in_host(struct thread *thread)
{
	struct machine *machine = thread ? maps__machine(thread__maps(thread)) : NULL;

	return machine && machine__is_host(machine);
}

bool __guest_callchain__cpumode(u64 context, struct thread *thread, u8 *cpumode)
{
	if (context < PERF_CONTEXT_MAX) {
		*cpumode = PERF_RECORD_MISC_HYPERVISOR;
		return true;
	}
	switch (context) {
	case PERF_CONTEXT_GUEST_DEFERRED:
		*cpumode = GUEST_CPUMODE_COOKIE;
		return true;
	case PERF_CONTEXT_GUEST_KERNEL:
		*cpumode = PERF_RECORD_MISC_GUEST_KERNEL;
		break;
	case PERF_CONTEXT_GUEST_USER:
		*cpumode = PERF_RECORD_MISC_GUEST_USER;
		break;
	case PERF_CONTEXT_GUEST_GUESS:
		*cpumode = PERF_RECORD_MISC_GUEST_KERNEL | GUEST_CPUMODE_GUESS;
		break;
	default:
		return false;
	}
	*cpumode |= GUEST_CPUMODE_FRAME;
	if (thread__in_host(thread))
		*cpumode |= GUEST_CPUMODE_IN_HOST;
	return true;
}

u64 guest_callchain__nr(const struct ip_callchain *chain)
{
	u64 nr;

	for (nr = 0; nr < chain->nr; nr++) {
		if (chain->ips[nr] == PERF_CONTEXT_GUEST_DEFERRED)
			break;
	}
	return nr;
}

bool guest_callchain__has_guest(const struct ip_callchain *chain)
{
	u64 i;

	for (i = 0; i < chain->nr; i++) {
		if (chain->ips[i] == PERF_CONTEXT_GUEST_KERNEL ||
		    chain->ips[i] == PERF_CONTEXT_GUEST_USER)
			return true;
	}
	return false;
}

struct ip_callchain *guest_callchain__host_part(struct ip_callchain *chain)
{
	/* the host's own is not longer, so this cuts what no kernel has recorded */
	static u64 part[1 + 2 * PERF_MAX_STACK_DEPTH];
	u64 nr;

	for (nr = 0; chain && nr < chain->nr; nr++) {
		u64 ip = chain->ips[nr];

		if (ip >= PERF_CONTEXT_MAX && ip != PERF_CONTEXT_KERNEL && ip != PERF_CONTEXT_USER)
			break;
	}
	if (!chain || nr == chain->nr)
		return chain;
	part[0] = min_t(u64, nr, ARRAY_SIZE(part) - 1);
	memcpy(part + 1, chain->ips, part[0] * sizeof(u64));
	return (void *)part;
}

bool guest_callchain__has_no_host_user(struct thread *thread, const struct perf_sample *sample)
{
	return guest_snapshot__has(maps__machine(thread__maps(thread))->pid) ||
	       (sample->callchain && guest_callchain__has_guest(sample->callchain));
}

struct guest_frames guest_frames;

u8 guest_callchain__leaf_cpumode(const struct perf_sample *sample)
{
	const struct ip_callchain *chain = sample->callchain;

	if (!guest_cpumode(sample->cpumode))
		return sample->cpumode;
	if (!perf_guest) {
		guest_frames.left_out++;
		return sample->cpumode;
	}
	if ((chain && chain->nr && chain->ips[0] == PERF_CONTEXT_HV) ||
	    guest_snapshot__rebooted(sample->pid, sample->time))
		return PERF_RECORD_MISC_HYPERVISOR;
	return sample->cpumode;
}

/* A reference to the thread of the guest's machine that a thread of the host runs, or NULL. */
static struct thread *thread__guest(struct thread *thread)
{
	struct machine *machine = maps__machine(thread__maps(thread));

	if (!perf_guest || !machine || !machine__is_host(machine) || !machine->machines)
		return NULL;

	if (symbol_conf.guest_code)
		return machines__findnew_guest_code(machine->machines, thread__pid(thread));

	machine = machines__find_guest(machine->machines, thread__pid(thread));
	if (!machine)
		return NULL;
	thread = machine__findnew_thread(machine, thread__pid(thread), thread__tid(thread));
	if (thread)
		guest_thread__name(machine, thread);
	return thread;
}

struct map *guest_callchain__find_map(struct thread *thread, u8 cpumode, u64 addr,
				      struct addr_location *al)
{
	struct thread *guest = cpumode & GUEST_CPUMODE_IN_HOST ? thread__guest(thread) : NULL;
	struct map *map;

	map = thread__find_map(guest ?: thread, cpumode & PERF_RECORD_MISC_CPUMODE_MASK, addr, al);
	thread__put(guest);
	return map;
}
