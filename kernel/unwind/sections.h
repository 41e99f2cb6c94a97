/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The walk of a guest kernel that may have no frame pointers. Pure code, as
 * guest_unwind.h has it.
 */
#ifndef _GUEST_SECTIONS_H
#define _GUEST_SECTIONS_H

#include "guest_unwind.h"

/**
 * struct guest_more_regs - registers which ORC entries can be based on
 * @dx:  those of struct guest_regs are others
 * @di:  ...
 * @r10: ...
 * @r13: ...
 */
struct guest_more_regs {
	u64 dx, di, r10, r13;
};

/**
 * guest_unwind_sections() - guest_unwind(), and what to unwind the kernel's part by
 * @walk: see struct guest_walk
 * @regs: where the guest was
 * @more: the rest of its registers
 * @data: where sections go (PERF_GUEST_SECTION_REGS and _STACK_WORDS)
 * @max:  words that fit in @data
 *
 * The chain is that of guest_unwind(), except that its user part begins with the
 * registers that are saved at the top of the kernel's stack, whether frame pointers
 * lead to these or not.
 *
 * Return: words written to @data; 0 if the guest was not in a 64-bit kernel.
 */
u32 guest_unwind_sections(struct guest_walk *walk, const struct guest_regs *regs,
			  const struct guest_more_regs *more, u64 *data, u32 max);

#endif /* _GUEST_SECTIONS_H */
