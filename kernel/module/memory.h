/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KVM_CALLCHAIN_MEMORY_H
#define _KVM_CALLCHAIN_MEMORY_H

#include <linux/kvm_host.h>

#define GUEST_PAGES_LOG2	5
#define GUEST_PAGES		(1 << GUEST_PAGES_LOG2)

/**
 * struct guest_memory - what a walk's guest_mem_map() and the like work on: its ctx
 * @kvm:   whose memory
 * @slots: of the moment
 * @slot:  the one that was found last
 * @held:  which of @pages there are: a page that is read again, as the upper page tables
 *	   are, is not looked up again
 * @gfns:  where in the guest they are
 * @pages: by the hash of their gfn, with a reference each
 */
struct guest_memory {
	struct kvm *kvm;
	struct kvm_memslots *slots;
	const struct kvm_memory_slot *slot;
	u32 held;
	u64 gfns[GUEST_PAGES];
	struct page *pages[GUEST_PAGES];
};

void guest_memory_begin(struct guest_memory *mem, struct kvm_vcpu *vcpu);
void guest_memory_end(struct guest_memory *mem);

#endif /* _KVM_CALLCHAIN_MEMORY_H */
