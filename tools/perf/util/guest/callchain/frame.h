/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames of guests in callchains: which they are, and against what they are resolved.
 */
#ifndef __PERF_GUEST_FRAME_H
#define __PERF_GUEST_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include <linux/perf_event.h>
#include "guest/callchain/guess.h"
#include "guest/unwind/select.h"

struct addr_location;
struct ip_callchain;
struct map;
struct perf_sample;
struct symbol;
struct thread;

/* Beside PERF_RECORD_MISC_GUEST_KERNEL in a cpumode */
#define GUEST_CPUMODE_GUESS		0x80
/* Beside PERF_RECORD_MISC_GUEST_*: the callchain is of a thread of the host */
#define GUEST_CPUMODE_IN_HOST		0x40
/* Beside PERF_RECORD_MISC_GUEST_*: of a frame of a callchain */
#define GUEST_CPUMODE_FRAME		0x20
/* Instead of a cpumode: no frame follows, but a cookie */
#define GUEST_CPUMODE_COOKIE		0x10
#define GUEST_CPUMODE_FLAGS		(GUEST_CPUMODE_GUESS | GUEST_CPUMODE_IN_HOST | \
					 GUEST_CPUMODE_FRAME)

bool __guest_callchain__cpumode(u64 context, struct thread *thread, u8 *cpumode);

/**
 * guest_callchain__cpumode - does a word of a callchain start guest frames, or is it none's?
 * @context: the word
 * @thread:  the thread of the sample
 * @cpumode: of the word before; gets the PERF_RECORD_MISC_GUEST_* of the frames that follow,
 *	     if so, with GUEST_CPUMODE_*
 *
 * In a callchain that is not merged, the mark and the cookie are no frames.
 */
static inline bool guest_callchain__cpumode(u64 context, struct thread *thread, u8 *cpumode)
{
	/* called for every frame of every sample; nearly all are addresses */
	return (context >= PERF_CONTEXT_MAX || *cpumode == GUEST_CPUMODE_COOKIE) &&
	       __guest_callchain__cpumode(context, thread, cpumode);
}

/** guest_cpumode - does PERF_RECORD_MISC_CPUMODE_MASK's part of a misc say: in a guest? */
static inline bool guest_cpumode(u16 cpumode)
{
	return cpumode == PERF_RECORD_MISC_GUEST_KERNEL || cpumode == PERF_RECORD_MISC_GUEST_USER;
}

/**
 * guest_frames - those of guests' kernels that symbols were looked up for
 * @left_out: samples of guests, by a command that is not about guests
 */
extern struct guest_frames {
	u64 kernel, unknown, left_out;
} guest_frames;

/**
 * guest_callchain__symbol - the symbol to show for a frame
 * @cpumode: of the frame: as set by guest_callchain__cpumode(), if it is a guest's
 * @sym:     what was found, or NULL
 *
 * Counts in guest_frames.
 *
 * Return: @sym; of a guess one with '?' before its name, as an oops has it, which
 * never compares equal to @sym.
 */
static inline struct symbol *guest_callchain__symbol(u8 cpumode, struct symbol *sym)
{
	if (!(cpumode & GUEST_CPUMODE_FLAGS))
		return sym;
	if ((cpumode & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_GUEST_KERNEL) {
		guest_frames.kernel++;
		guest_frames.unknown += !sym;
	}
	return sym && (cpumode & GUEST_CPUMODE_GUESS) ? __guest_callchain__guess(sym) : sym;
}

/**
 * guest_callchain__nr - words of a callchain that are contexts or frames
 * @chain: a sample's callchain
 *
 * Leaves out PERF_CONTEXT_GUEST_DEFERRED and what follows it: the cookie is
 * no address.
 */
u64 guest_callchain__nr(const struct ip_callchain *chain);

/**
 * guest_callchain__leaf_cpumode - how to look up the address of a sample itself
 *
 * Return: its cpumode; but PERF_RECORD_MISC_HYPERVISOR, which has no symbols, if the
 * guest is one whose symbols are not known: the guest of a guest, or after a reboot.
 */
u8 guest_callchain__leaf_cpumode(const struct perf_sample *sample);

/** guest_callchain__has_guest - are there frames of a guest in a callchain? */
bool guest_callchain__has_guest(const struct ip_callchain *chain);

/**
 * guest_callchain__host_part - a callchain up to where a guest's frames begin
 * @chain: or NULL
 *
 * Return: @chain if all of it is the host's; else a copy that is good until the next call.
 */
struct ip_callchain *guest_callchain__host_part(struct ip_callchain *chain);

/**
 * guest_callchain__has_no_host_user - is there nothing to unwind the user stack of a sample by?
 * @thread: of the sample
 *
 * A guest's sample, or one that has frames of a guest: the VMM's frames have no place behind
 * these, nor in the guest's maps.
 */
bool guest_callchain__has_no_host_user(struct thread *thread, const struct perf_sample *sample);

/**
 * guest_callchain__find_map - thread__find_map() for a frame of a guest
 * @thread:  the thread of the sample, which may be one of the host: then the frame belongs
 *	     to the thread of the guest's machine that has the same id
 * @cpumode: of the frame, as set by guest_callchain__cpumode()
 */
struct map *guest_callchain__find_map(struct thread *thread, u8 cpumode, u64 addr,
				      struct addr_location *al);

#endif /* __PERF_GUEST_FRAME_H */
