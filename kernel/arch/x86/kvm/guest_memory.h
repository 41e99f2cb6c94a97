/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KVM_GUEST_MEMORY_H
#define _KVM_GUEST_MEMORY_H

#include <linux/kvm_host.h>

struct done_pages;

/**
 * struct guest_memory - what a walk's guest_mem_map() and the like work on: its ctx
 * @vcpu:  whose memory
 * @slots: of the moment
 * @slot:  the one that was found last
 * @held:  which pages of kvm_guest_callchain::known this walk has a reference of: a page
 *	   that is read again, as the upper page tables are, takes no other one
 * @done:  where pages go that must not be put now; NULL if they may
 * @reserved: pages held that will have to go there
 */
struct guest_memory {
	struct kvm_vcpu *vcpu;
	struct kvm_memslots *slots;
	const struct kvm_memory_slot *slot;
	u32 held;
	struct done_pages *done;
	unsigned int reserved;
};

void guest_memory_begin(struct guest_memory *mem, struct kvm_vcpu *vcpu, bool locked);
void guest_memory_end(struct guest_memory *mem);

#endif
