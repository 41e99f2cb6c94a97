/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers and stack of a guest's user code, for an unwinder with tables for it
 * (DWARF). Pure code, as guest_unwind.h has it.
 */
#ifndef _GUEST_USER_STACK_H
#define _GUEST_USER_STACK_H

#include "guest_unwind.h"
#include "stack_words.h"

/**
 * guest_user_sections() - what it takes to unwind user code without frame pointers
 * @walk:  memory access and address space; its tlb is used and filled
 * @user:  the user code, with @regs.bits not 0
 * @gprs:  the vCPU's registers
 * @bytes: of the stack, a multiple of eight
 * @data:  where the sections go (PERF_GUEST_SECTION_USER_REGS and _USER_STACK)
 * @max:   words that fit in @data
 *
 * Return: words written; 0 if this is no 64-bit code, or if nothing of its stack can
 * be read or fits.
 */
u32 guest_user_sections(struct guest_walk *walk, const struct guest_user *user,
			const struct guest_gprs *gprs, u32 bytes, u64 *data, u32 max);

#endif /* _GUEST_USER_STACK_H */
