// SPDX-License-Identifier: GPL-2.0
/*
 * Unwind a guest kernel's stack as its own unwinder would, except that most words
 * of the stack were not recorded: those that are no kernel address. Where such a
 * word is a saved rbp, rbp is not known from there on, as it does not point to a
 * stack; where it should be an address, unwinding ends.
 */
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include "guest/unwind/orc-table.h"
#include "guest/unwind/orc-unwind.h"
#include "guest/unwind/stack-words.h"

/* struct pt_regs, and where the part that the CPU saves begins. */
#define PT_REGS_R13	16
#define PT_REGS_BP	32
#define PT_REGS_R10	56
#define PT_REGS_DX	96
#define PT_REGS_DI	112
#define PT_REGS_IP	128
#define PT_REGS_CS	136
#define PT_REGS_SP	152
#define PT_REGS_SIZE	168
#define IRET_SIZE	(PT_REGS_SIZE - PT_REGS_IP)

/* Bits of struct perf_reg_x86 (asm/perf_regs.h). */
#define REG_DX		(1ULL << 3)
#define REG_DI		(1ULL << 5)
#define REG_BP		(1ULL << 6)
#define REG_SP		(1ULL << 7)
#define REG_IP		(1ULL << 8)
#define REG_R10		(1ULL << 18)
#define REG_R13		(1ULL << 21)

/**
 * struct unwind - where an unwinding is
 * @regs:	registers of this frame
 * @which:	stack it is on, -1 if none was read yet
 * @regs_at:	pt_regs of this frame in memory, 0 if it has none
 * @prev_regs:	those of the frame before, if @regs_at are not all there
 * @full_regs:	all of @regs_at are there
 * @live:	all of @regs are this frame's: they are those of the sample
 * @signal:	@regs.ip was interrupted, and is not behind a call
 */
struct unwind {
	const struct guest_orc *orc;
	const struct guest_stack *stack;
	struct guest_orc_chain *chain;
	struct guest_orc_regs regs;
	int which;
	u64 regs_at, prev_regs;
	bool full_regs;
	bool live;
	bool signal;
};

/* Generated code without a table has frame pointers, if it has frames. */
static const struct guest_orc_entry frame_pointer = {
	.type = GUEST_ORC_CALL, .sp_reg = GUEST_ORC_REG_BP, .sp_offset = 16,
	.bp_reg = GUEST_ORC_REG_PREV_SP, .bp_offset = -16,
};

/* A call through a null pointer has left nothing but the return address. */
static const struct guest_orc_entry null_call = {
	.type = GUEST_ORC_CALL, .sp_reg = GUEST_ORC_REG_SP, .sp_offset = 8,
	.bp_reg = GUEST_ORC_REG_UNDEFINED,
};

/* End the chain. False, so that "go on" is true. */
static bool stop(struct unwind *u, enum guest_orc_end end)
{
	u->chain->end = end;
	return false;
}

static bool is_kernel(u64 addr)
{
	return addr >> 63;
}

/* Linux has all its code in the top 2 GiB: the kernel, modules, BPF. */
static bool is_code(u64 addr)
{
	return addr >= 0xffffffff80000000ULL;
}

/* Is [@addr, @addr + @len) on a stack, this one or one that it interrupted? */
static bool on_stack(struct unwind *u, u64 addr, u64 len)
{
	int which = guest_stack__which(u->stack, addr, len);

	if (which < 0)
		return stop(u, u->stack->partial || u->stack->more ?
			       GUEST_ORC_CUT : GUEST_ORC_OFF_STACK);
	if (which < u->which)
		return stop(u, GUEST_ORC_BACKWARD);
	u->which = which;
	return true;
}

/* Words of the last stack may be missing because they were cut off. */
static bool missing(struct unwind *u)
{
	return stop(u, u->stack->partial ? GUEST_ORC_CUT : GUEST_ORC_NO_WORD);
}

static bool read_word(struct unwind *u, u64 addr, u64 *value)
{
	return on_stack(u, addr, sizeof(*value)) &&
	       (guest_stack__word(u->stack, u->which, addr, value) || missing(u));
}

/* A register of the interrupted code, or the one at the sample. */
static bool saved_reg(struct unwind *u, unsigned int offset, u64 now, unsigned int have,
		      u64 *value)
{
	u64 at = u->full_regs ? u->regs_at : u->prev_regs;
	int which;

	if (u->live) {
		*value = now;
		return u->regs.have & have;
	}
	if (!u->regs_at || !at)
		return false;
	which = guest_stack__which(u->stack, at + offset, sizeof(*value));
	return which >= 0 && guest_stack__word(u->stack, which, at + offset, value);
}

static bool need_reg(struct unwind *u, unsigned int offset, u64 now, unsigned int have,
		     u64 *value)
{
	return saved_reg(u, offset, now, have, value) || stop(u, GUEST_ORC_NO_REG);
}

static bool need_bp(struct unwind *u, u64 *value)
{
	*value = u->regs.bp;
	return (u->regs.have & GUEST_ORC_HAVE_BP) || stop(u, GUEST_ORC_NO_REG);
}

/* The stack pointer of the frame before the call: where @e is relative to. */
static bool find_sp(struct unwind *u, const struct guest_orc_entry *e, u64 *sp)
{
	const struct guest_orc_regs *r = &u->regs;

	switch (e->sp_reg) {
	case GUEST_ORC_REG_SP:
		*sp = r->sp + e->sp_offset;
		return true;
	case GUEST_ORC_REG_BP:
		if (!need_bp(u, sp))
			return false;
		*sp += e->sp_offset;
		return true;
	case GUEST_ORC_REG_SP_INDIRECT:
		if (!read_word(u, r->sp, sp))
			return false;
		*sp += e->sp_offset;
		return true;
	case GUEST_ORC_REG_BP_INDIRECT:
		return need_bp(u, sp) && read_word(u, *sp + e->sp_offset, sp);
	case GUEST_ORC_REG_R10:
		return need_reg(u, PT_REGS_R10, r->r10, GUEST_ORC_HAVE_R10, sp);
	case GUEST_ORC_REG_R13:
		return need_reg(u, PT_REGS_R13, r->r13, GUEST_ORC_HAVE_R13, sp);
	case GUEST_ORC_REG_DI:
		return need_reg(u, PT_REGS_DI, r->di, GUEST_ORC_HAVE_DI, sp);
	case GUEST_ORC_REG_DX:
		return need_reg(u, PT_REGS_DX, r->dx, GUEST_ORC_HAVE_DX, sp);
	default:
		return stop(u, GUEST_ORC_BAD_ENTRY);
	}
}

/* Take ip and sp from what an interrupt or system call has saved at @iret. */
static bool pop_regs(struct unwind *u, u64 iret)
{
	return read_word(u, iret, &u->regs.ip) &&
	       read_word(u, iret + PT_REGS_SP - PT_REGS_IP, &u->regs.sp);
}

static bool pop_ip_sp(struct unwind *u, const struct guest_orc_entry *e, u64 sp)
{
	switch (e->type) {
	case GUEST_ORC_CALL:
		if (!read_word(u, sp - sizeof(u64), &u->regs.ip))
			return false;
		u->regs.sp = sp;
		u->regs_at = 0;
		u->prev_regs = 0;
		u->live = false;
		return true;

	case GUEST_ORC_REGS:
		if (!on_stack(u, sp, PT_REGS_SIZE) || !pop_regs(u, sp + PT_REGS_IP))
			return false;
		u->regs_at = sp;
		u->prev_regs = 0;
		u->full_regs = true;
		u->live = false;
		return true;

	case GUEST_ORC_REGS_PARTIAL:
		if (!on_stack(u, sp, IRET_SIZE) || !pop_regs(u, sp))
			return false;
		/* entry code that was interrupted: the rest is that of the frame before */
		if (u->full_regs)
			u->prev_regs = u->regs_at;
		u->regs_at = sp - PT_REGS_IP;
		u->full_regs = false;
		return true;

	default:
		return stop(u, GUEST_ORC_BAD_ENTRY);
	}
}

/* A saved rbp which was not recorded is none that leads to a stack. */
static bool load_bp(struct unwind *u, u64 addr)
{
	if (!on_stack(u, addr, sizeof(u64)))
		return false;
	if (guest_stack__word(u->stack, u->which, addr, &u->regs.bp))
		u->regs.have |= GUEST_ORC_HAVE_BP;
	else
		u->regs.have &= ~GUEST_ORC_HAVE_BP;
	return true;
}

static bool pop_bp(struct unwind *u, const struct guest_orc_entry *e, u64 sp)
{
	u64 bp;

	switch (e->bp_reg) {
	case GUEST_ORC_REG_UNDEFINED:
		/* still the same, unless this frame has been interrupted */
		if (u->live || !u->regs_at || (!u->full_regs && !u->prev_regs))
			return true;
		u->regs.have &= ~GUEST_ORC_HAVE_BP;
		if (saved_reg(u, PT_REGS_BP, 0, 0, &bp)) {
			u->regs.bp = bp;
			u->regs.have |= GUEST_ORC_HAVE_BP;
		}
		return true;
	case GUEST_ORC_REG_PREV_SP:
		return load_bp(u, sp + e->bp_offset);
	case GUEST_ORC_REG_BP:
		return need_bp(u, &bp) && load_bp(u, bp + e->bp_offset);
	default:
		return stop(u, GUEST_ORC_BAD_ENTRY);
	}
}

static const struct guest_orc_entry *find_entry(struct unwind *u)
{
	const struct guest_orc_entry *e;

	if (!u->regs.ip)
		return &null_call;
	/* behind a call that does not return may be another function */
	e = guest_orc__find(u->orc, u->signal ? u->regs.ip : u->regs.ip - 1);
	if (!e) {
		if (u->chain->exact > u->chain->nr)
			u->chain->exact = u->chain->nr;
		return &frame_pointer;
	}
	return e;
}

/* Were the registers that this frame begins with those of user mode? */
static bool from_user(const struct unwind *u)
{
	u64 cs, at = u->regs_at + PT_REGS_CS;
	int which = guest_stack__which(u->stack, at, sizeof(cs));

	/* recorded for user mode only */
	if (which >= 0 && guest_stack__word(u->stack, which, at, &cs))
		return cs & 3;
	return !is_kernel(u->regs.ip);
}

/* Unwind a frame. True if there is another one. */
static bool next_frame(struct unwind *u)
{
	const struct guest_orc_entry *e = find_entry(u);
	u64 sp, before = u->regs.sp;
	int which = u->which;

	u->chain->end_ip = u->regs.ip;
	if (e->type == GUEST_ORC_UNDEFINED)
		return stop(u, GUEST_ORC_NO_ENTRY);
	if (e->type == GUEST_ORC_END_OF_STACK)
		return stop(u, GUEST_ORC_ROOT);
	u->signal = e->signal;

	if (!find_sp(u, e, &sp) || !pop_ip_sp(u, e, sp))
		goto no_frame;
	if (u->regs_at && from_user(u))
		return stop(u, GUEST_ORC_USER);
	if (!pop_bp(u, e, sp))
		goto no_frame;
	if (u->which == which && u->regs.sp <= before &&
	    guest_stack__which(u->stack, u->regs.sp, sizeof(u64)) == which)
		return stop(u, GUEST_ORC_BACKWARD);
	return is_code(u->regs.ip) || !u->regs.ip || stop(u, GUEST_ORC_NO_WORD);

no_frame:
	/* there was no frame pointer, so there is nothing to guess from */
	if (e == &frame_pointer)
		u->chain->end = GUEST_ORC_NO_TABLE;
	return false;
}

void guest_orc__unwind(const struct guest_orc *orc, const struct guest_orc_regs *regs,
		       const struct guest_stack *stack, struct guest_orc_chain *chain)
{
	struct unwind u = {
		.orc = orc, .stack = stack, .chain = chain, .regs = *regs,
		.which = guest_stack__which(stack, regs->sp, sizeof(u64)),
		.full_regs = true, .live = true, .signal = true,
	};

	chain->nr = 0;
	chain->exact = chain->max;
	chain->end_ip = regs->ip;
	do {
		if (chain->nr == chain->max) {
			stop(&u, GUEST_ORC_MAX_STACK);
			break;
		}
		chain->ips[chain->nr++] = u.regs.ip;
	} while (next_frame(&u));

	if (chain->exact > chain->nr)
		chain->exact = chain->nr;
}

static bool next_reg(u64 mask, u64 bit, const u64 *data, size_t nr, u64 *value)
{
	size_t i = __builtin_popcountll(mask & (bit - 1));

	if (!(mask & bit) || i >= nr)
		return false;
	*value = data[i];
	return true;
}

bool guest_orc_regs__parse(struct guest_orc_regs *regs, const u64 *data, size_t nr)
{
	u64 mask;

	*regs = (struct guest_orc_regs) { .have = 0 };
	if (nr < 2 || data[0] != PERF_SAMPLE_REGS_ABI_64)
		return false;
	mask = data[1];
	data += 2;
	nr -= 2;
	if (next_reg(mask, REG_BP, data, nr, &regs->bp))
		regs->have |= GUEST_ORC_HAVE_BP;
	if (next_reg(mask, REG_DX, data, nr, &regs->dx))
		regs->have |= GUEST_ORC_HAVE_DX;
	if (next_reg(mask, REG_DI, data, nr, &regs->di))
		regs->have |= GUEST_ORC_HAVE_DI;
	if (next_reg(mask, REG_R10, data, nr, &regs->r10))
		regs->have |= GUEST_ORC_HAVE_R10;
	if (next_reg(mask, REG_R13, data, nr, &regs->r13))
		regs->have |= GUEST_ORC_HAVE_R13;
	return next_reg(mask, REG_IP, data, nr, &regs->ip) &&
	       next_reg(mask, REG_SP, data, nr, &regs->sp);
}

const char *guest_orc_end__name(enum guest_orc_end end)
{
	static const char * const names[] = {
		[GUEST_ORC_USER]	= "user mode",
		[GUEST_ORC_ROOT]	= "root",
		[GUEST_ORC_MAX_STACK]	= "as many frames as asked for",
		[GUEST_ORC_NO_TABLE]	= "code without a table",
		[GUEST_ORC_NO_ENTRY]	= "code without an entry",
		[GUEST_ORC_NO_WORD]	= "no address where one should be",
		[GUEST_ORC_CUT]		= "stack recorded in part",
		[GUEST_ORC_NO_REG]	= "register not known",
		[GUEST_ORC_BACKWARD]	= "stack goes back",
		[GUEST_ORC_OFF_STACK]	= "pointer off the stack",
		[GUEST_ORC_BAD_ENTRY]	= "bad table entry",
	};

	return end < GUEST_ORC_NR_ENDS ? names[end] : "unknown";
}
