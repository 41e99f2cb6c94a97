/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest's page, for kvm.ko and for the module alike: in which slot it is, and reading it
 * once the host's kernel has it mapped. The guest chooses where in the page, and what comes
 * of it: addresses are masked, not compared, so that not even a mispredicted branch leads
 * out of the page, which the guest could learn from.
 */
#ifndef __KVM_X86_GUEST_PAGE_H
#define __KVM_X86_GUEST_PAGE_H

#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>
#include <asm/asm.h>
#include <asm/extable_fixup_types.h>

/**
 * guest_page_slot() - the memory slot of a page
 * @slots: of the moment, which kvm::srcu keeps
 * @last:  the one that was found last, NULL for none; set to that of @gfn
 * @gfn:   the page
 *
 * Not kvm_vcpu_gfn_to_memslot(): the caller may have stopped the vCPU's thread in the midst
 * of it, and the slot it keeps could then outlive the slots it is of.
 *
 * Return: NULL if there is none.
 */
static inline const struct kvm_memory_slot *
guest_page_slot(struct kvm_memslots *slots, const struct kvm_memory_slot **last, u64 gfn)
{
	const struct kvm_memory_slot *slot = *last;

	if (likely(slot && gfn - slot->base_gfn < slot->npages))
		return slot;
	slot = search_memslots(slots, gfn, false);
	if (!slot || slot->flags & KVM_MEMSLOT_INVALID)
		return NULL;
	*last = slot;
	return slot;
}

/**
 * guest_page_load() - a word of a page
 * @page: mapped
 * @word: which one, less than there are
 *
 * Return: the word. Where the memory is broken, which should end the guest at most, it is 0
 * and no reason to panic.
 */
static __always_inline u64 guest_page_load(const void *page, u64 word)
{
	const u64 *addr = (const u64 *)page + word;
	u64 value = 0;

#ifdef CONFIG_X86_64
	asm volatile("1: movq %1, %0\n"
		     "2:\n"
		     _ASM_EXTABLE_TYPE(1b, 2b, EX_TYPE_DEFAULT_MCE_SAFE)
		     : "+r" (value) : "m" (*addr));
#else
	copy_from_kernel_nofault(&value, addr, sizeof(value));
#endif
	return value;
}

/**
 * guest_page_word() - the word at an address
 * @page: mapped
 * @addr: guest-physical or linear; where in its page counts alone
 *
 * Return: as guest_page_load().
 */
static __always_inline u64 guest_page_word(const void *page, u64 addr)
{
	const u64 in_page = (PAGE_SIZE - 1) & ~(sizeof(u64) - 1);

	return guest_page_load(page + (addr & in_page), 0);
}

/**
 * guest_page_read() - read from a page
 * @page:   mapped
 * @offset: in it
 * @dst:    buffer; zeroes if the memory is broken
 * @len:    bytes, 1 to GUEST_READ_MAX; never across the end of the page
 */
static inline void guest_page_read(const void *page, unsigned int offset, void *dst,
				   unsigned int len)
{
	if (copy_mc_to_kernel(dst, page + array_index_nospec(offset, PAGE_SIZE - len + 1), len))
		memset(dst, 0, len);
}

#endif /* __KVM_X86_GUEST_PAGE_H */
