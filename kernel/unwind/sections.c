// SPDX-License-Identifier: GPL-2.0
/*
 * Code without frame pointers is unwound by who reads the record. What that needs is
 * put together here: registers and stack words of the guest's kernel, registers and
 * stack of its user code, as sections.
 */
#include <linux/perf_event.h>
#include "sections.h"
#include "stack_words.h"
#include "user_stack.h"

/* Bits of enum perf_event_x86_regs (asm/perf_regs.h). */
#define REG_DX		(1ULL << 3)
#define REG_DI		(1ULL << 5)
#define REG_BP		(1ULL << 6)
#define REG_SP		(1ULL << 7)
#define REG_IP		(1ULL << 8)
#define REG_R10		(1ULL << 18)
#define REG_R13		(1ULL << 21)

/* A section's header, ABI, mask, and seven registers. */
#define REGS_MAX	10

static u32 finish_section(u64 *at, u32 type, u32 words)
{
	struct perf_guest_section *section = (struct perf_guest_section *)at;

	section->type = type;
	section->size = words * sizeof(u64);
	return words;
}

/*
 * What does not point into the kernel's half is of no use to an unwinder, and may
 * be anything; such registers are left out.
 */
static u32 regs_section(const struct guest_regs *regs, const struct guest_gprs *gprs,
			u64 *at)
{
	const struct {
		u64 bit, value;
		bool always;
	} all[] = {
		{ REG_DX, gprs->reg[GUEST_GPR_DX], false },
		{ REG_DI, gprs->reg[GUEST_GPR_DI], false },
		{ REG_BP, regs->bp, false },
		{ REG_SP, regs->sp, true },
		{ REG_IP, regs->ip, true },
		{ REG_R10, gprs->reg[GUEST_GPR_R10], false },
		{ REG_R13, gprs->reg[GUEST_GPR_R13], false },
	};
	u64 mask = 0;
	u32 i, nr = 3;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		if (!all[i].always && !(all[i].value >> 63))
			continue;
		mask |= all[i].bit;
		at[nr++] = all[i].value;
	}
	at[1] = PERF_SAMPLE_REGS_ABI_64;
	at[2] = mask;
	return finish_section(at, PERF_GUEST_SECTION_REGS, nr);
}

/* Drop the user part that frame pointers, or what looked like some, have led to. */
static void drop_user(struct guest_walk *walk)
{
	u32 i = 0;

	while (i < walk->nr && walk->ips[i] != PERF_CONTEXT_GUEST_USER)
		i++;
	if (i == walk->nr)
		return;
	walk->frames -= walk->nr - i - 1;
	walk->nr = i;
}

/*
 * Words of the kernel's sections. @user is found in any case: it costs the look for the
 * end of the stack.
 */
static u32 kernel_sections(struct guest_walk *walk, const struct guest_regs *regs,
			   const struct guest_gprs *gprs, u64 *data, u32 max,
			   struct guest_user *user)
{
	u32 nr, words;

	if (max <= REGS_MAX + 1) {
		guest_stack_words(walk, regs, NULL, 0, user);
		return 0;
	}
	nr = regs_section(regs, gprs, data);
	words = guest_stack_words(walk, regs, data + nr + 1, max - nr - 1, user);
	if (!words)
		return 0;
	return nr + finish_section(data + nr, PERF_GUEST_SECTION_STACK_WORDS, words + 1);
}

void guest_unwind_sections(struct guest_walk *walk, const struct guest_regs *regs,
			   const struct guest_gprs *gprs, struct guest_sections *s)
{
	struct guest_user user = { .saved = 0 };

	s->kernel = 0;
	s->user = 0;
	/* before the frames, which are worth less and may use up the pages */
	if (regs->bits == 64 && regs->cpl != 3)
		s->kernel = kernel_sections(walk, regs, gprs, s->data, s->max_kernel, &user);
	else if (regs->cpl == 3)
		user.regs = *regs;
	if (user.regs.bits)
		s->user = guest_user_sections(walk, &user, gprs, s->user_stack,
					      s->data + s->kernel, s->max_user);

	guest_unwind(walk, regs);
	if (user.regs.bits && regs->cpl != 3) {
		drop_user(walk);
		guest_unwind(walk, &user.regs);
	}
}
