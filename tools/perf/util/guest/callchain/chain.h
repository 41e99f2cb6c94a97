/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the callchain of a sample becomes when a guest's is put into it. Used by
 * guest/callchain/merge.c, which finds the record that belongs to the sample.
 */
#ifndef __PERF_GUEST_CHAIN_H
#define __PERF_GUEST_CHAIN_H

#include <stddef.h>
#include <linux/types.h>

struct ip_callchain;
struct perf_sample;

/**
 * struct guest_chain - what a record says, see perf_guest_callchain.h
 * @ips: @nr of them, followed by the sections
 */
struct guest_chain {
	u16	  misc;
	u32	  flags;
	u32	  vcpu;
	u64	  root;
	u64	  nr;
	u64	  sections_size;
	const u64 *ips;
};

struct guest_chains;

/** guest_chains__new - for one session. Return: NULL without memory. */
struct guest_chains *guest_chains__new(void);
void guest_chains__delete(struct guest_chains *chains);

/**
 * guest_chains__merge - the callchain of a sample with the cookie replaced
 * @sample: has one with a cookie
 * @guest:  by this; NULL: it is just left out
 *
 * Return: a callchain that is good until the next call; NULL without memory.
 */
struct ip_callchain *guest_chains__merge(struct guest_chains *chains,
					 const struct perf_sample *sample,
					 const struct guest_chain *guest);

/**
 * perf_sample__guest_vcpu - the vCPU of a sample that was merged
 *
 * Return: as KVM numbers them; -1 if the sample had no cookie, or its record never came.
 */
int perf_sample__guest_vcpu(const struct perf_sample *sample);

/** guest_chains__report - how guests were unwound, and what is without symbols */
void guest_chains__report(const struct guest_chains *chains);

#endif /* __PERF_GUEST_CHAIN_H */
