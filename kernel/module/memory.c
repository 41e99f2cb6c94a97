// SPDX-License-Identifier: GPL-2.0
/*
 * A guest's memory as the unwinder reads it: through the struct page of what the VMM has
 * mapped there, never faulting it in, never written to. What is none of it, a device's
 * registers above all, is not read.
 */
#include <linux/hash.h>
#include <linux/mm.h>

#include "compat.h"
#include "guest_unwind.h"
#include "memory.h"
#include "../arch/x86/kvm/guest_page.h"

/* In a page's handle: its reference is not one that struct guest_memory keeps track of. */
#define UNKNOWN_PAGE	1UL

static const struct kvm_memory_slot *find_slot(struct guest_memory *mem, u64 gfn)
{
	const struct kvm_memory_slot *slot = guest_page_slot(mem->slots, &mem->slot, gfn);

	return slot && is_private(mem->kvm, slot, gfn) ? NULL : slot;
}

/* A reference of the page that the VMM has for @gfn. */
static struct page *find_page(struct guest_memory *mem, u64 gfn)
{
	const struct kvm_memory_slot *slot = find_slot(mem, gfn);
	struct page *page;

	if (!slot || !get_user_page_fast_only(__gfn_to_hva_memslot(slot, gfn), 0, &page))
		return NULL;
	return page;
}

/* To be put by put_unknown(), as the others are kept to the walk's end. */
static u32 get_guest_page(struct guest_memory *mem, u64 gfn, unsigned long *handle)
{
	unsigned int i = hash_64(gfn, GUEST_PAGES_LOG2);
	struct page *page;

	if (likely(mem->held & BIT(i) && mem->gfns[i] == gfn)) {
		*handle = (unsigned long)mem->pages[i];
		return 0;
	}
	page = find_page(mem, gfn);
	if (!page)
		return PERF_GUEST_CALLCHAIN_UNREADABLE;

	*handle = (unsigned long)page;
	if (unlikely(mem->held & BIT(i))) {
		*handle |= UNKNOWN_PAGE;
		return 0;
	}
	mem->gfns[i] = gfn;
	mem->pages[i] = page;
	mem->held |= BIT(i);
	return 0;
}

static struct page *handle_page(unsigned long handle)
{
	return (struct page *)(handle & ~UNKNOWN_PAGE);
}

static void put_unknown(unsigned long handle)
{
	if (unlikely(handle & UNKNOWN_PAGE))
		put_page(handle_page(handle));
}

/**
 * guest_memory_begin() - before a walk
 * @mem:  of the walk
 * @vcpu: whose memory
 *
 * Context: the vCPU's task or an interrupt of it, kvm::srcu held; not NMI, for pages are
 * put that may be the last.
 */
void guest_memory_begin(struct guest_memory *mem, struct kvm_vcpu *vcpu)
{
	unsigned int i;

	BUILD_BUG_ON(sizeof(mem->held) * BITS_PER_BYTE < GUEST_PAGES);

	/* a page of the last walk's must not be read in speculation either */
	for (i = 0; i < GUEST_PAGES; i++)
		mem->pages[i] = ZERO_PAGE(0);
	mem->kvm = vcpu->kvm;
	mem->slots = kvm_vcpu_memslots(vcpu);
	mem->slot = NULL;
	mem->held = 0;
}

/**
 * guest_memory_end() - after a walk: give back what it has held
 * @mem: of guest_memory_begin()
 */
void guest_memory_end(struct guest_memory *mem)
{
	for (; mem->held; mem->held &= mem->held - 1)
		put_page(mem->pages[__ffs(mem->held)]);
}

/* The handle is the struct page, and maybe UNKNOWN_PAGE. */
u32 guest_mem_map(void *ctx, u64 gfn, unsigned long *handle)
{
	return get_guest_page(ctx, gfn, handle);
}

void guest_mem_unmap(void *ctx, unsigned long handle)
{
	put_unknown(handle);
}

void guest_mem_read(void *ctx, unsigned long handle, unsigned int offset,
		    void *dst, unsigned int len)
{
	guest_page_read(page_address(handle_page(handle)), offset, dst, len);
}

u32 guest_mem_entry(void *ctx, u64 gpa, void *entry, unsigned int len)
{
	unsigned long handle;
	u32 error = get_guest_page(ctx, gpa_to_gfn(gpa), &handle);
	const void *page;

	if (error)
		return error;
	page = page_address(handle_page(handle));
	if (likely(len == sizeof(u64)))
		*(u64 *)entry = guest_page_word(page, gpa);
	else
		guest_page_read(page, offset_in_page(gpa), entry, len);
	put_unknown(handle);
	return 0;
}

void guest_mem_frames(void *ctx, unsigned long handle, struct guest_frames *frames)
{
	guest_follow_frames(frames, guest_page_load, page_address(handle_page(handle)));
}
