/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What guest_mem_read() and the like do with a page of the guest's that the host's kernel
 * has mapped. The guest chooses where in the page, and what comes of it: addresses are
 * masked, not compared, so that not even a mispredicted branch leads out of the page.
 */
#ifndef _GUEST_PAGE_H
#define _GUEST_PAGE_H

#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>
#include <asm/asm.h>
#include <asm/extable_fixup_types.h>

#include "guest_unwind.h"

/* Of an address, where in its page a word is. */
#define GUEST_WORD_IN_PAGE	((PAGE_SIZE - 1) & ~(sizeof(u64) - 1))

/*
 * A word of a guest's memory. Where the memory is broken, which should end the guest at most,
 * it is 0 and no reason to panic.
 */
static __always_inline u64 guest_page_word(const void *page, u64 addr)
{
	const void *at = page + (addr & GUEST_WORD_IN_PAGE);
#ifdef CONFIG_X86_64
	u64 word = 0;

	asm volatile("1: movq %1, %0\n"
		     "2:\n"
		     _ASM_EXTABLE_TYPE(1b, 2b, EX_TYPE_DEFAULT_MCE_SAFE)
		     : "+r" (word) : "m" (*(const u64 *)at));
	return word;
#else
	return READ_ONCE(*(const u64 *)at);
#endif
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

/**
 * guest_page_entry() - read a page table entry
 * @page:  mapped
 * @gpa:   its address, aligned to @len
 * @entry: buffer
 * @len:   bytes, 4 or 8
 */
static __always_inline void guest_page_entry(const void *page, u64 gpa, void *entry,
					     unsigned int len)
{
	if (likely(len == sizeof(u64)))
		*(u64 *)entry = guest_page_word(page, gpa);
	else
		guest_page_read(page, offset_in_page(gpa), entry, len);
}

static __always_inline u64 guest_page_load(const void *page, u64 word)
{
	return guest_page_word(page, word * sizeof(u64));
}

/**
 * guest_page_frames() - read stack frames from a page
 * @page:   mapped
 * @frames: by guest_follow_frames()
 */
static __always_inline void guest_page_frames(const void *page, struct guest_frames *frames)
{
	guest_follow_frames(frames, guest_page_load, page);
}

#endif /* _GUEST_PAGE_H */
