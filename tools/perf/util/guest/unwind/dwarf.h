/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unwind the stacks of a guest's user code by the call frame information in its files.
 */
#ifndef __PERF_GUEST_DWARF_H
#define __PERF_GUEST_DWARF_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

struct guest_dwarf;

/**
 * enum guest_dwarf_end - why a chain of user frames ends
 * @GUEST_DWARF_ROOT:	     its outermost frame was reached
 * @GUEST_DWARF_MAX_STACK:   as many frames as asked for
 * @GUEST_DWARF_CUT:	     the stack goes on behind its copy
 * @GUEST_DWARF_NO_WORD:     what is needed is on no stack, or not at an address
 * @GUEST_DWARF_NO_TABLE:    code without tables, and its frame pointer leads nowhere
 * @GUEST_DWARF_UNMAPPED:    the same, in code that no file is mapped at
 * @GUEST_DWARF_BACKWARD:    the stack goes back
 * @GUEST_DWARF_BAD_TABLE:   rules that cannot be carried out
 * @GUEST_DWARF_NO_PROCESS:  no process is known to have code where the guest was
 * @GUEST_DWARF_FAILED:	     what unwinds has ended (guest/unwind/dwarf-child.h)
 */
enum guest_dwarf_end {
	GUEST_DWARF_ROOT,
	GUEST_DWARF_MAX_STACK,
	GUEST_DWARF_CUT,
	GUEST_DWARF_NO_WORD,
	GUEST_DWARF_NO_TABLE,
	GUEST_DWARF_UNMAPPED,
	GUEST_DWARF_BACKWARD,
	GUEST_DWARF_BAD_TABLE,
	GUEST_DWARF_NO_PROCESS,
	GUEST_DWARF_FAILED,
	GUEST_DWARF_NR_ENDS,
};

const char *guest_dwarf_end__name(enum guest_dwarf_end end);

#define GUEST_DWARF_STACK_MAX	8192
#define GUEST_DWARF_FRAMES_MAX	128
#define GUEST_DWARF_REGS_MAX	24

/**
 * struct guest_dwarf_sample - where the guest's user code was
 * @root:  its address space: CR3
 * @mask:  which registers are known, by the numbers of enum perf_event_x86_regs
 * @regs:  by the same numbers
 * @start: address of @stack
 * @size:  bytes of @stack
 */
struct guest_dwarf_sample {
	u64 root;
	u64 mask;
	u64 regs[GUEST_DWARF_REGS_MAX];
	u64 start;
	u32 size;
	u8  stack[GUEST_DWARF_STACK_MAX];
};

/**
 * guest_dwarf__new - what a guest's stacks are unwound by
 * @root: the guest's directory, which no one changes, as a descriptor that is the caller's;
 *	  -1 for nothing but frame pointers
 *
 * Return: NULL without memory, or if @root cannot be read.
 */
struct guest_dwarf *guest_dwarf__new(int root);
void guest_dwarf__delete(struct guest_dwarf *gd);

/** guest_dwarf__processes - how many processes are known? */
u32 guest_dwarf__processes(const struct guest_dwarf *gd);

/** guest_dwarf__walks - how often was a stack walked, those with the wrong process too? */
u64 guest_dwarf__walks(const struct guest_dwarf *gd);

/**
 * guest_dwarf__unwind - the user frames of a sample
 * @ips: gets them, innermost first: where the code was, then where calls return to
 * @max: that fit; GUEST_DWARF_FRAMES_MAX are enough
 * @end: why there are no more
 *
 * Which process an address space belongs to is not known: of those that have code where
 * the guest was, the one with which the stack can be unwound is used and remembered.
 *
 * Return: frames; 0 if the sample has no address of code, or @max is 0.
 */
u32 guest_dwarf__unwind(struct guest_dwarf *gd, const struct guest_dwarf_sample *sample,
			u64 *ips, u32 max, enum guest_dwarf_end *end);

#endif /* __PERF_GUEST_DWARF_H */
