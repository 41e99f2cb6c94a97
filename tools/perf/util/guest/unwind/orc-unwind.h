/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unwind a guest's kernel by its ORC tables.
 */
#ifndef __PERF_GUEST_ORC_UNWIND_H
#define __PERF_GUEST_ORC_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

struct guest_orc;
struct guest_stack;

/* Registers ORC entries can be based on. */
enum guest_orc_regs_have {
	GUEST_ORC_HAVE_BP	= 1 << 0,
	GUEST_ORC_HAVE_DX	= 1 << 1,
	GUEST_ORC_HAVE_DI	= 1 << 2,
	GUEST_ORC_HAVE_R10	= 1 << 3,
	GUEST_ORC_HAVE_R13	= 1 << 4,
};

/**
 * struct guest_orc_regs - where the guest was
 * @have: which of the others than @ip and @sp are known
 */
struct guest_orc_regs {
	u64 ip, sp;
	u64 bp, dx, di, r10, r13;
	unsigned int have;
};

/**
 * guest_orc_regs__parse - read a PERF_GUEST_SECTION_REGS
 * @data, @nr: the section's data, in words
 * Return: false if it is malformed, or not of 64-bit code with ip and sp.
 */
bool guest_orc_regs__parse(struct guest_orc_regs *regs, const u64 *data, size_t nr);

/**
 * enum guest_orc_end - why a chain ends
 * @GUEST_ORC_USER:	where user mode entered the kernel
 * @GUEST_ORC_ROOT:	where a kernel thread, the idle task or the entry code begins
 *
 * Those are true roots. The others are not:
 *
 * @GUEST_ORC_MAX_STACK: no more frames were asked for
 * @GUEST_ORC_NO_TABLE:	code of no table: generated, or of a module without one
 * @GUEST_ORC_NO_ENTRY:	the tables have nothing for this code
 * @GUEST_ORC_NO_WORD:	what should be a return address or stack pointer is none
 * @GUEST_ORC_CUT:	the word needed may be one that was not recorded
 * @GUEST_ORC_NO_REG:	the entry needs a register which is not known there
 * @GUEST_ORC_BACKWARD:	the stack would be unwound in the wrong direction
 * @GUEST_ORC_OFF_STACK: a pointer leads to where no stack is
 * @GUEST_ORC_BAD_ENTRY: an entry no kernel would have
 */
enum guest_orc_end {
	GUEST_ORC_USER,
	GUEST_ORC_ROOT,
	GUEST_ORC_MAX_STACK,
	GUEST_ORC_NO_TABLE,
	GUEST_ORC_NO_ENTRY,
	GUEST_ORC_NO_WORD,
	GUEST_ORC_CUT,
	GUEST_ORC_NO_REG,
	GUEST_ORC_BACKWARD,
	GUEST_ORC_OFF_STACK,
	GUEST_ORC_BAD_ENTRY,
	GUEST_ORC_NR_ENDS,
};

/**
 * struct guest_orc_chain - a callchain
 * @ips, @max:	where frames go, and how many fit
 * @nr:		of frames, the innermost first
 * @exact:	so many of them are certain; the others were found through what looked
 *		like a frame pointer in code without a table, such as BPF's
 * @end:	why there are no more
 * @end_ip:	code the unwinding ended at
 */
struct guest_orc_chain {
	u64 *ips;
	u32 max;
	u32 nr;
	u32 exact;
	enum guest_orc_end end;
	u64 end_ip;
};

/**
 * guest_orc__unwind - unwind a guest kernel's stack
 * @orc:   the guest's tables
 * @regs:  where it was; in kernel mode
 * @stack: words of its stacks
 * @chain: filled in, but for @ips and @max
 */
void guest_orc__unwind(const struct guest_orc *orc, const struct guest_orc_regs *regs,
		       const struct guest_stack *stack, struct guest_orc_chain *chain);

/** guest_orc_end__is_root - is @end a true root? */
static inline bool guest_orc_end__is_root(enum guest_orc_end end)
{
	return end == GUEST_ORC_USER || end == GUEST_ORC_ROOT;
}

/** guest_orc_end__name - in words */
const char *guest_orc_end__name(enum guest_orc_end end);

#endif /* __PERF_GUEST_ORC_UNWIND_H */
