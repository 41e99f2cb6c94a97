// SPDX-License-Identifier: GPL-2.0
/*
 * Learn from a kernel's code which registers the numbers in its ORC entries stand for.
 */
#include <endian.h>
#include <string.h>
#include <linux/kernel.h>
#include "guest/untrusted/elf.h"
#include "guest/unwind/orc-layout.h"
#include "guest/unwind/orc-learn.h"

/* What is behind some code has to be the same so often, and in that part of all cases. */
#define VOTES_MIN	3
#define VOTES_PERCENT	90

/* One in so many entries may have a register of which the code says nothing: dx, in one place. */
#define UNKNOWN_MAX	500

/* The longest code that tells: lea 8(%rsp),%r10; and $-64,%rsp with all four bytes. */
#define CODE_SIZE	16

#define NR_REGS		(GUEST_ORC_REG_SP_INDIRECT + 1)

/**
 * struct learn - what the code has said
 * @votes:   how often each number was that register
 * @regs:    of what comes behind all of pt_regs is pushed, how often it was each type
 * @calls:   the same, behind an ordinary push
 */
struct learn {
	const struct guest_orc_layout *layout;
	struct guest_elf_section      text, ip, unwind;
	u32			      nr;
	u32			      votes[NR_REGS][GUEST_ORC_REG_NUMBERS];
	u32			      regs[GUEST_ORC_TYPE_NUMBERS], calls[GUEST_ORC_TYPE_NUMBERS];
};

/* An entry as it is, before one knows what its numbers mean. */
struct raw {
	s16 sp_offset, bp_offset;
	u32 sp, bp, type;
};

static struct raw get_raw(const struct learn *learn, u32 i)
{
	const struct guest_orc_layout *layout = learn->layout;
	const u8 *data = learn->unwind.data + (u64)i * layout->size;

	return (struct raw) {
		.sp_offset = guest_orc_layout__offset(layout, data, layout->sp_offset),
		.bp_offset = guest_orc_layout__offset(layout, data, layout->bp_offset),
		.sp = guest_orc_layout__get(layout, data, layout->sp_reg),
		.bp = guest_orc_layout__get(layout, data, layout->bp_reg),
		.type = guest_orc_layout__get(layout, data, layout->type),
	};
}

/* The end of the code before an entry; NULL if there is not enough of it. */
static const u8 *code_before(const struct learn *learn, u32 i)
{
	u64 addr = learn->ip.addr + (u64)i * sizeof(s32);
	u32 rel;

	memcpy(&rel, learn->ip.data + (u64)i * sizeof(rel), sizeof(rel));
	addr += (s32)le32toh(rel);
	addr -= learn->text.addr;
	return addr >= CODE_SIZE && addr <= learn->text.size ? learn->text.data + addr : NULL;
}

/* Is @at lea n(%rsp) to a register, of which @modrm tells, before the stack is aligned? */
static bool is_lea(const u8 *at, u8 modrm)
{
	return at[0] == 0x4c && at[1] == 0x8d && at[2] == modrm && at[3] == 0x24;
}

static bool is_aligned_by(const u8 *end, u8 modrm)
{
	/* and $imm8,%rsp; and $imm32,%rsp */
	return (!memcmp(end - 4, "\x48\x83\xe4", 3) && is_lea(end - 9, modrm)) ||
	       (!memcmp(end - 7, "\x48\x81\xe4", 3) && is_lea(end - 12, modrm));
}

/* mov %reg,%rsp */
static bool is_switch(const u8 *end)
{
	return (end[-3] == 0x48 || end[-3] == 0x4c) && end[-2] == 0x89 && (end[-1] & 0xc7) == 0xc4;
}

/* push %r10 or %r13, which the old stack pointer is in while the stack is aligned */
static bool is_push_of_base(const u8 *end)
{
	return end[-2] == 0x41 && (end[-1] == 0x52 || end[-1] == 0x55);
}

/* Which register an entry is based on by the code before it, where it was another one. */
static int new_base(const u8 *end, const struct raw *raw)
{
	if (!memcmp(end - 3, "\x48\x89\xe5", 3))
		return GUEST_ORC_REG_BP;
	if (is_aligned_by(end, 0x54))
		return GUEST_ORC_REG_R10;
	if (is_aligned_by(end, 0x6c))
		return GUEST_ORC_REG_R13;
	if (is_push_of_base(end) && raw->sp_offset < 0)
		return GUEST_ORC_REG_BP_INDIRECT;
	return is_switch(end) ? GUEST_ORC_REG_SP_INDIRECT : -1;
}

static void look_at(struct learn *learn, const u8 *end, const struct raw *before,
		    const struct raw *raw)
{
	bool push = end[-1] >= 0x50 && end[-1] <= 0x57;
	int base;

	if (raw->sp != before->sp) {
		base = new_base(end, raw);
		if (base >= 0)
			learn->votes[base][raw->sp]++;
	} else if (push && raw->sp_offset == before->sp_offset + 8) {
		learn->votes[GUEST_ORC_REG_SP][raw->sp]++;
		if (raw->type == before->type)
			learn->calls[raw->type]++;
		/* push %rbp */
		if (end[-1] == 0x55 && raw->bp != before->bp && raw->bp_offset == -raw->sp_offset) {
			learn->votes[GUEST_ORC_REG_PREV_SP][raw->bp]++;
			learn->votes[GUEST_ORC_REG_UNDEFINED][before->bp]++;
		}
	}
	/* push %r15 is the last one of pt_regs: from there on these are complete */
	if (end[-2] == 0x41 && end[-1] == 0x57 && raw->type != before->type)
		learn->regs[raw->type]++;
}

static void look_at_all(struct learn *learn)
{
	struct raw before = get_raw(learn, 0), raw;
	const u8 *end;
	u32 i;

	for (i = 1; i < learn->nr; i++, before = raw) {
		raw = get_raw(learn, i);
		end = code_before(learn, i);
		if (end)
			look_at(learn, end, &before, &raw);
	}
}

/* The number that got most votes; -1 if these are few, or many others did. */
static int elected(const u32 *votes, unsigned int nr)
{
	unsigned int i, best = 0;
	u64 all = 0;

	for (i = 0; i < nr; i++) {
		all += votes[i];
		if (votes[i] > votes[best])
			best = i;
	}
	return votes[best] >= VOTES_MIN && votes[best] * 100ULL >= all * VOTES_PERCENT ?
	       (int)best : -1;
}

static bool set_regs(const struct learn *learn, u8 *regs)
{
	int reg, number;

	memset(regs, GUEST_ORC_UNKNOWN, GUEST_ORC_REG_NUMBERS);
	for (reg = 0; reg < NR_REGS; reg++) {
		number = elected(learn->votes[reg], GUEST_ORC_REG_NUMBERS);
		if (number < 0)
			continue;
		if (regs[number] != GUEST_ORC_UNKNOWN)
			return false;
		regs[number] = reg;
	}
	return true;
}

static bool is_type(const struct guest_orc_layout *layout, const u32 *votes, u8 type)
{
	int number = elected(votes, GUEST_ORC_TYPE_NUMBERS);

	return number >= 0 && layout->types[number] == type;
}

/* Entries without a base are those whose type says that there is nothing to unwind by. */
static bool entries_fit(const struct learn *learn, const struct guest_orc_layout *layout)
{
	u32 i, unknown = 0, bad = 0;
	struct guest_orc_entry e;

	for (i = 0; i < learn->nr; i++) {
		if (!guest_orc_layout__entry(layout, learn->unwind.data + (u64)i * layout->size,
					     &e))
			return false;
		unknown += e.sp_reg == GUEST_ORC_REG_PREV_SP;
		bad += (e.sp_reg == GUEST_ORC_REG_UNDEFINED) != (e.type < GUEST_ORC_CALL);
	}
	return unknown <= learn->nr / UNKNOWN_MAX && bad <= learn->nr / UNKNOWN_MAX;
}

bool guest_orc_learn__regs(const struct guest_elf *elf, struct guest_orc_layout *layout)
{
	struct learn learn = { .layout = layout };

	if (!guest_elf__find(elf, ".text", &learn.text, NULL) || !learn.text.data ||
	    !guest_elf__find(elf, ".orc_unwind_ip", &learn.ip, NULL) || !learn.ip.data ||
	    !guest_elf__find(elf, ".orc_unwind", &learn.unwind, NULL) || !learn.unwind.data)
		return false;
	learn.nr = min(learn.ip.size / sizeof(s32), learn.unwind.size / layout->size);
	if (!learn.nr)
		return false;
	look_at_all(&learn);
	return set_regs(&learn, layout->regs) &&
	       is_type(layout, learn.calls, GUEST_ORC_CALL) &&
	       is_type(layout, learn.regs, GUEST_ORC_REGS) && entries_fit(&learn, layout);
}
