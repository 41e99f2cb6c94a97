/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KVM_CALLCHAIN_CHAIN_H
#define _KVM_CALLCHAIN_CHAIN_H

#include <linux/types.h>

/* As many frames as perf has by default (kernel.perf_event_max_stack), and two marks. */
#define GUEST_CHAIN_FRAMES	127
#define GUEST_CHAIN_WORDS	(GUEST_CHAIN_FRAMES + 2)

/**
 * struct guest_chain - what the tracepoint says of a sample
 * @ip:      where the guest was, as the sample has it
 * @root:    its address space (guest_address_space())
 * @vcpu:    KVM's number of the vCPU
 * @vmm:     the process it belongs to
 * @flags:   PERF_GUEST_CALLCHAIN_*
 * @samples: of which this is the chain, all of one exit; at least one
 * @nr:      words in @ips; 0 with PERF_GUEST_CALLCHAIN_STALE or _PROTECTED
 * @ips:     context marks and addresses, innermost first
 */
struct guest_chain {
	u64 ip;
	u64 root;
	u32 vcpu;
	u32 vmm;
	u32 flags;
	u32 samples;
	u32 nr;
	u64 ips[GUEST_CHAIN_WORDS];
};

#endif /* _KVM_CALLCHAIN_CHAIN_H */
