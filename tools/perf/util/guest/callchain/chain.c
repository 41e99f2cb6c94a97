// SPDX-License-Identifier: GPL-2.0
/*
 * Put a guest's callchain into a sample's: as recorded, unwound, or as bare addresses.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include <linux/perf_guest_callchain.h>
#include <linux/zalloc.h>
#include "callchain.h"
#include "debug.h"
#include "event.h"
#include "guest/callchain/frame.h"
#include "guest/callchain/chain.h"
#include "guest/snapshot/lookup.h"
#include "guest/unwind/select.h"
#include "sample.h"

/**
 * struct guest_chains - what is needed to make them, and counts
 * @chain:	       the last one
 * @by_frame_pointers: with a kernel part
 */
struct guest_chains {
	struct guest_unwinds *unwinds;
	struct ip_callchain *chain;
	size_t chain_size;
	u64 after_reboot;
	u64 by_frame_pointers;
};

struct guest_chains *guest_chains__new(void)
{
	struct guest_chains *chains = zalloc(sizeof(*chains));

	if (!chains)
		return NULL;
	chains->unwinds = guest_unwinds__new();
	if (!chains->unwinds)
		zfree(&chains);
	return chains;
}

void guest_chains__delete(struct guest_chains *chains)
{
	if (!chains)
		return;
	guest_unwinds__delete(chains->unwinds);
	free(chains->chain);
	free(chains);
}

static u64 guest_context(u16 misc)
{
	return (misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_GUEST_USER ?
		PERF_CONTEXT_GUEST_USER : PERF_CONTEXT_GUEST_KERNEL;
}

static bool is_guest_context(u64 word)
{
	return word == PERF_CONTEXT_GUEST_KERNEL || word == PERF_CONTEXT_GUEST_USER;
}

/*
 * Return addresses come from guest memory: one that looks like another context
 * would have the frames after it taken for the host's. The guest of a guest has
 * a kernel whose symbols are not those of its host, and so has a guest after it has
 * rebooted: show @bare addresses.
 */
static void chain__append_frames(struct ip_callchain *chain, const struct guest_chain *guest,
				 u64 first, u64 end, bool bare)
{
	u64 i;

	if (first == end)
		return;
	if (bare)
		chain->ips[chain->nr++] = PERF_CONTEXT_HV;
	else if (!is_guest_context(guest->ips[first]))
		chain->ips[chain->nr++] = guest_context(guest->misc);
	for (i = first; i < end; i++) {
		u64 ip = guest->ips[i];

		if (ip < PERF_CONTEXT_MAX || (!bare && is_guest_context(ip)))
			chain->ips[chain->nr++] = ip;
	}
}

/* Where the user's frames begin in a record. */
static u64 guest__user_part(const struct guest_chain *guest)
{
	u64 i;

	if (guest->nr && !is_guest_context(guest->ips[0]) &&
	    guest_context(guest->misc) == PERF_CONTEXT_GUEST_USER)
		return 0;
	for (i = 0; i < guest->nr; i++) {
		if (guest->ips[i] == PERF_CONTEXT_GUEST_USER)
			break;
	}
	return i;
}

/* The kernel's frames as unwound from the record's sections. */
static bool chain__append_kernel(struct ip_callchain *chain, struct guest_chains *chains,
				 const struct guest_chain *guest, pid_t pid)
{
	u64 ips[PERF_MAX_STACK_DEPTH];
	u32 i, nr;

	if (!guest->sections_size)
		return false;
	nr = guest_unwinds__kernel(chains->unwinds, pid, guest->ips + guest->nr,
				   guest->sections_size, ips, ARRAY_SIZE(ips));
	if (!nr)
		return false;

	chain->ips[chain->nr++] = PERF_CONTEXT_GUEST_KERNEL;
	for (i = 0; i < nr; i++) {
		if (ips[i] < PERF_CONTEXT_MAX || ips[i] == PERF_CONTEXT_GUEST_GUESS)
			chain->ips[chain->nr++] = ips[i];
	}
	return true;
}

/* The user's, unless @has frames that frame pointers have led to are more. */
static bool chain__append_user(struct ip_callchain *chain, struct guest_chains *chains,
			       const struct guest_chain *guest, pid_t pid, u64 has)
{
	u64 ips[PERF_MAX_STACK_DEPTH];
	bool complete;
	u32 i, nr;

	if (!guest->sections_size)
		return false;
	nr = guest_unwinds__user(chains->unwinds, pid, guest->root, guest->ips + guest->nr,
				 guest->sections_size, ips, ARRAY_SIZE(ips), &complete);
	if (!nr || (!complete && nr < has))
		return false;

	chain->ips[chain->nr++] = PERF_CONTEXT_GUEST_USER;
	for (i = 0; i < nr; i++) {
		if (ips[i] < PERF_CONTEXT_MAX)
			chain->ips[chain->nr++] = ips[i];
	}
	return true;
}

static void chain__append_guest(struct ip_callchain *chain, struct guest_chains *chains,
				const struct guest_chain *guest, pid_t pid, bool bare)
{
	u64 user = guest__user_part(guest), frames = guest->nr - user;

	if (bare) {
		chain__append_frames(chain, guest, 0, guest->nr, /*bare=*/true);
		return;
	}
	/* the context is no frame */
	if (frames && guest->ips[user] == PERF_CONTEXT_GUEST_USER)
		frames--;
	if (!chain__append_kernel(chain, chains, guest, pid)) {
		chain__append_frames(chain, guest, 0, user, /*bare=*/false);
		chains->by_frame_pointers += user > 0;
	}
	if (!chain__append_user(chain, chains, guest, pid, frames))
		chain__append_frames(chain, guest, user, guest->nr, /*bare=*/false);
}

/*
 * What of a callchain is the host's. A kernel without our patches writes marks into that of a
 * sample in a guest, and nothing behind them.
 */
static u64 host_words(const struct perf_sample *sample, u64 nr)
{
	u64 i;

	for (i = 0; i < nr; i++) {
		if (!guest_cpumode(sample->cpumode) || sample->callchain->ips[i] < PERF_CONTEXT_MAX)
			return nr;
	}
	return 0;
}

struct ip_callchain *guest_chains__merge(struct guest_chains *chains,
					 const struct perf_sample *sample,
					 const struct guest_chain *guest)
{
	const struct ip_callchain *old = sample->callchain;
	/* a mark and its cookie, unless these are behind the sample */
	u64 before = guest_callchain__nr(old), deferred = min_t(u64, old->nr - before, 2);
	u64 after = old->nr - before - deferred;
	size_t size = (old->nr + (guest ? guest->nr : 0) + 4 + 2 * PERF_MAX_STACK_DEPTH) *
		      sizeof(u64);
	bool rebooted = guest_snapshot__rebooted(sample->pid, sample->time);
	bool bare = rebooted || (guest && guest->flags & PERF_GUEST_CALLCHAIN_NESTED);
	struct ip_callchain *chain;

	if (size > chains->chain_size) {
		chain = realloc(chains->chain, size);
		if (!chain)
			return NULL;
		chains->chain = chain;
		chains->chain_size = size;
	}
	chain = chains->chain;
	chain->nr = host_words(sample, before);
	memcpy(chain->ips, old->ips, chain->nr * sizeof(u64));

	if (guest)
		chain__append_guest(chain, chains, guest, sample->pid, bare);
	if (!chain->nr && guest_cpumode(sample->cpumode)) {
		chain->ips[chain->nr++] = bare ? PERF_CONTEXT_HV : guest_context(sample->cpumode);
		chain->ips[chain->nr++] = sample->ip;
	}
	chains->after_reboot += rebooted;
	memcpy(chain->ips + chain->nr, old->ips + before + deferred, after * sizeof(u64));
	chain->nr += after;
	return chain;
}

/* Without a record of ours perf has -1 or 0 there, whatever the vCPU. */
int perf_sample__guest_vcpu(const struct perf_sample *sample)
{
	return sample->guest_cookie ? (int)sample->vcpu : -1;
}

void guest_chains__report(const struct guest_chains *chains)
{
	guest_unwinds__report(chains->unwinds);
	if (guest_frames.unknown)
		pr_info("Guest kernel frames without a symbol: %" PRIu64 " of %" PRIu64 "\n",
			guest_frames.unknown, guest_frames.kernel);
	if (chains->after_reboot)
		pr_warning("Guest callchains: %" PRIu64 " after a reboot, without symbols\n",
			   chains->after_reboot);
	if (chains->by_frame_pointers)
		pr_info("Guest kernel stacks by frame pointers: %" PRIu64 "\n",
			chains->by_frame_pointers);
}
