/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The words of a guest kernel's stack that an unwinder with ORC tables needs.
 * Pure code, as guest_unwind.h has it.
 */
#ifndef _GUEST_STACK_WORDS_H
#define _GUEST_STACK_WORDS_H

#include "guest_unwind.h"

/* General registers, by their numbers in instructions. */
enum guest_gpr {
	GUEST_GPR_AX, GUEST_GPR_CX, GUEST_GPR_DX, GUEST_GPR_BX,
	GUEST_GPR_SP, GUEST_GPR_BP, GUEST_GPR_SI, GUEST_GPR_DI,
	GUEST_GPR_R8, GUEST_GPR_R9, GUEST_GPR_R10, GUEST_GPR_R11,
	GUEST_GPR_R12, GUEST_GPR_R13, GUEST_GPR_R14, GUEST_GPR_R15,
	GUEST_NR_GPRS,
};

/**
 * struct guest_gprs - a vCPU's general registers
 * @reg: by enum guest_gpr; GUEST_GPR_SP is not used, see struct guest_regs
 */
struct guest_gprs {
	u64 reg[GUEST_NR_GPRS];
};

/**
 * struct guest_user - user code that has entered the kernel
 * @regs:  where it was, ready for guest_unwind(); @regs.bits is 0 if there is none
 * @saved: address of the struct pt_regs with its other registers
 * @from:  from there on it is in use: what is below has not been saved yet, or has been
 *	   restored already, and is in the vCPU's registers
 */
struct guest_user {
	struct guest_regs regs;
	u64 saved, from;
};

/**
 * guest_stack_words() - collect words of a guest kernel's stack
 * @walk: memory access and address space; its tlb is used and filled
 * @regs: where the guest is
 * @data: where the data of a PERF_GUEST_SECTION_STACK_WORDS goes
 * @max:  words that fit in @data; 0 if only @user is wanted
 * @user: the interrupted user code, if its registers are on the stack
 *
 * From the stack pointer to the end of the stack, and on in the stacks which the
 * kernel left for this one, four in all, of 32 KiB at most each.
 *
 * Return: words written; 0 if this is no x86-64 kernel on a stack of its own, or
 * @max is 0.
 */
u32 guest_stack_words(struct guest_walk *walk, const struct guest_regs *regs,
		      u64 *data, u32 max, struct guest_user *user);

#endif /* _GUEST_STACK_WORDS_H */
