/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The walk of a guest kernel that may have no frame pointers. Pure code, as
 * guest_unwind.h has it.
 */
#ifndef _GUEST_SECTIONS_H
#define _GUEST_SECTIONS_H

#include "guest_unwind.h"
#include "stack_words.h"

/**
 * struct guest_sections - what is wanted beside frames, and what there is
 * @data:	 where sections go
 * @max_kernel:	 words that those of the kernel may take; 0 if not wanted
 *		 (PERF_GUEST_SECTION_REGS and _STACK_WORDS)
 * @max_user:	 words that those of the user code may take; 0 if not wanted
 *		 (PERF_GUEST_SECTION_USER_REGS and _USER_STACK)
 * @user_stack:	 bytes of the user stack wanted, a multiple of eight
 * @kernel:	 out: words about the kernel, the first ones
 * @user:	 out: words about the user code, behind these
 */
struct guest_sections {
	u64 *data;
	u32 max_kernel;
	u32 max_user;
	u32 user_stack;
	u32 kernel;
	u32 user;
};

/**
 * guest_unwind_sections() - guest_unwind(), and what to unwind without frame pointers by
 * @walk:     see struct guest_walk
 * @regs:     where the guest was
 * @gprs:     the rest of its registers
 * @sections: what is wanted; filled in
 *
 * The chain is that of guest_unwind(), except that its user part begins with the
 * registers that are saved at the top of the kernel's stack, whether frame pointers
 * lead to these or not. There are no sections about code that is not 64-bit.
 */
void guest_unwind_sections(struct guest_walk *walk, const struct guest_regs *regs,
			   const struct guest_gprs *gprs, struct guest_sections *sections);

#endif /* _GUEST_SECTIONS_H */
