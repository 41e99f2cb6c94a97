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
 * @known: pages of walks before this one, and of this one
 * @done:  where pages go that must not be put now; NULL if they may
 * @reserved: pages held that will have to go there
 */
struct guest_memory {
	struct kvm_vcpu *vcpu;
	struct kvm_memslots *slots;
	const struct kvm_memory_slot *slot;
	struct kvm_guest_pages *known;
	struct done_pages *done;
	unsigned int reserved;
};

void guest_memory_begin(struct guest_memory *mem, struct kvm_vcpu *vcpu, bool locked);
void guest_memory_end(struct guest_memory *mem);

#endif
