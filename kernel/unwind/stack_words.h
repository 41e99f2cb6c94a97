/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The words of a guest kernel's stack that an unwinder with ORC tables needs.
 * Pure code, as guest_unwind.h has it.
 */
#ifndef _GUEST_STACK_WORDS_H
#define _GUEST_STACK_WORDS_H

#include "guest_unwind.h"

/**
 * guest_stack_words() - collect words of a guest kernel's stack
 * @walk: memory access and address space; its tlb is used and filled
 * @regs: where the guest is
 * @data: where the data of a PERF_GUEST_SECTION_STACK_WORDS goes
 * @max:  words that fit in @data
 * @user: set to the registers of the interrupted user code, ready for
 *	  guest_unwind(), if they are on the stack; else its @bits are 0
 *
 * From the stack pointer to the end of the stack, and on in the stacks which the
 * kernel left for this one, four in all, of 32 KiB at most each.
 *
 * Return: words written; 0 if this is no x86-64 kernel on a stack of its own, or
 * @max is 0.
 */
u32 guest_stack_words(struct guest_walk *walk, const struct guest_regs *regs,
		      u64 *data, u32 max, struct guest_regs *user);

#endif /* _GUEST_STACK_WORDS_H */
