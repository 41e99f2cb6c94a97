// SPDX-License-Identifier: GPL-2.0
/*
 * Registers and a copy of the stack of a guest's user code. Where the code has entered
 * the kernel, its registers are those saved on the kernel's stack; while the kernel saves
 * or restores them, some are still or again where they belong.
 */
#include <linux/perf_event.h>
#include "user_stack.h"

/* Nothing of the kernel's half is the user's, whatever its stack pointer says. */
#define USER_HALF_END	(1ULL << 56)

/* Of both sections: header, ABI, mask, registers; header, start. */
#define NR_REGS		17
#define REGS_WORDS	(3 + NR_REGS)
#define STACK_HEAD	2

/* Words of struct pt_regs up to the last general register. */
#define PT_REGS_GPRS	15

/* By enum perf_event_x86_regs (asm/perf_regs.h), all but IP, which is the eighth. */
static const struct {
	u8 gpr;
	u8 pt_reg;	/* which word of struct pt_regs; SP is not used */
} perf_regs[NR_REGS] = {
	{ GUEST_GPR_AX, 10 }, { GUEST_GPR_BX, 5 }, { GUEST_GPR_CX, 11 }, { GUEST_GPR_DX, 12 },
	{ GUEST_GPR_SI, 13 }, { GUEST_GPR_DI, 14 }, { GUEST_GPR_BP, 4 }, { GUEST_GPR_SP, 0 },
	{ 0, 0 },
	{ GUEST_GPR_R8, 9 }, { GUEST_GPR_R9, 8 }, { GUEST_GPR_R10, 7 }, { GUEST_GPR_R11, 6 },
	{ GUEST_GPR_R12, 3 }, { GUEST_GPR_R13, 2 }, { GUEST_GPR_R14, 1 }, { GUEST_GPR_R15, 0 },
};

#define SP_AT		7
#define IP_AT		8
/* Bits 0 to 8 and, behind flags and segments, 16 to 23. */
#define REGS_MASK	0xff01ffULL

static void finish_section(u64 *at, u32 type, u32 words)
{
	struct perf_guest_section *section = (struct perf_guest_section *)at;

	section->type = type;
	section->size = words * sizeof(u64);
}

static bool regs_section(struct guest_walk *walk, const struct guest_user *user,
			 const struct guest_gprs *gprs, u64 *at)
{
	u32 i, first = PT_REGS_GPRS;
	u64 saved[PT_REGS_GPRS];

	if (user->saved && user->from - user->saved < sizeof(saved)) {
		first = (user->from - user->saved) / sizeof(u64);
		if (guest_read(walk, user->from, saved + first,
			       sizeof(saved) - first * sizeof(u64)))
			return false;
	}
	for (i = 0; i < NR_REGS; i++)
		at[3 + i] = perf_regs[i].pt_reg >= first ? saved[perf_regs[i].pt_reg] :
							   gprs->reg[perf_regs[i].gpr];
	at[3 + SP_AT] = user->regs.sp;
	at[3 + IP_AT] = user->regs.ip;
	at[1] = PERF_SAMPLE_REGS_ABI_64;
	at[2] = REGS_MASK;
	finish_section(at, PERF_GUEST_SECTION_USER_REGS, REGS_WORDS);
	return true;
}

/* Read in pieces that do not cross a page. Returns how many bytes could be had. */
static u32 copy_stack(struct guest_walk *walk, u64 sp, u8 *to, u32 bytes)
{
	u32 done, len;

	for (done = 0; done < bytes && sp + done < USER_HALF_END; done += len) {
		len = GUEST_READ_MAX - ((sp + done) & (GUEST_READ_MAX - 1));
		if (len > bytes - done)
			len = bytes - done;
		if (guest_read(walk, sp + done, to + done, len))
			break;
	}
	return done & ~7U;
}

u32 guest_user_sections(struct guest_walk *walk, const struct guest_user *user,
			const struct guest_gprs *gprs, u32 bytes, u64 *data, u32 max)
{
	u64 *stack = data + REGS_WORDS;

	if (user->regs.bits != 64 || max <= REGS_WORDS + STACK_HEAD)
		return 0;
	if (bytes / sizeof(u64) > max - REGS_WORDS - STACK_HEAD)
		bytes = (max - REGS_WORDS - STACK_HEAD) * sizeof(u64);

	if (!regs_section(walk, user, gprs, data))
		return 0;
	bytes = copy_stack(walk, user->regs.sp, (u8 *)(stack + STACK_HEAD), bytes);
	if (!bytes)
		return 0;
	stack[1] = user->regs.sp;
	finish_section(stack, PERF_GUEST_SECTION_USER_STACK, STACK_HEAD + bytes / sizeof(u64));
	return REGS_WORDS + STACK_HEAD + bytes / sizeof(u64);
}
