/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unwind x86-64 guest kernels that have no frame pointers, by their own ORC tables
 * (arch/x86/kernel/unwind_orc.c in Linux is what these are made for), over the
 * registers and stack words of a sample.
 *
 * Tables and words are the guest's: whatever is in them, loading and unwinding
 * end, and the worst that comes of them is a chain that is false or short.
 */
#ifndef __PERF_GUEST_ORC_H
#define __PERF_GUEST_ORC_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/compiler.h>
#include <linux/types.h>

struct guest_stack;

/* Base registers and types, as in arch/x86/include/asm/orc_types.h of Linux 6.4. */
enum guest_orc_reg {
	GUEST_ORC_REG_UNDEFINED,
	GUEST_ORC_REG_PREV_SP,
	GUEST_ORC_REG_DX,
	GUEST_ORC_REG_DI,
	GUEST_ORC_REG_BP,
	GUEST_ORC_REG_SP,
	GUEST_ORC_REG_R10,
	GUEST_ORC_REG_R13,
	GUEST_ORC_REG_BP_INDIRECT,
	GUEST_ORC_REG_SP_INDIRECT,
};

enum guest_orc_type {
	GUEST_ORC_UNDEFINED,
	GUEST_ORC_END_OF_STACK,
	GUEST_ORC_CALL,
	GUEST_ORC_REGS,
	GUEST_ORC_REGS_PARTIAL,
};

/**
 * struct guest_orc_entry - how to unwind from a range of code, in the 6.4 layout
 *
 * Entries of older kernels are turned into this one when they are loaded.
 */
struct guest_orc_entry {
	s16 sp_offset;
	s16 bp_offset;
	u16 sp_reg : 4, bp_reg : 4, type : 3, signal : 1;
} __packed;

/**
 * struct guest_orc_section - where the guest has put a section of a module
 * @name: as in the module's file
 */
struct guest_orc_section {
	const char *name;
	u64 addr;
};

struct guest_build_id {
	const u8 *data;
	size_t size;
};

/** GUEST_ORC_MEMORY_MAX - bytes of all tables of a guest; a real one needs a tenth of that */
#define GUEST_ORC_MEMORY_MAX	(128UL << 20)

/** guest_orc__new - tables of a guest's kernel, none at first. Return: NULL if out of memory. */
struct guest_orc *guest_orc__new(void);
void guest_orc__delete(struct guest_orc *orc);

/**
 * guest_orc__add_kernel - load the tables of the kernel
 * @elf, @size: vmlinux, from guest_vmlinuz__unpack(). May go after this.
 * @text:	address of _stext (or _text) in the running guest: with KASLR it is
 *		not that of the file
 * @build_id:	what it must be; NULL if that is not known
 * @why:	in words, if that fails
 *
 * To be done before any module is added.
 *
 * Return: 0 or a negative error: -ENOENT for a kernel without ORC tables, -ESTALE
 * for a wrong build-id, -ENOTSUP for a layout not known, -EINVAL for what is
 * damaged or does not fit @text, -ENOMEM.
 */
int guest_orc__add_kernel(struct guest_orc *orc, const void *elf, size_t size, u64 text,
			  const struct guest_build_id *build_id, const char **why);

/**
 * guest_orc__add_module - load the tables of a module
 * @sections, @nr: where the guest has the module's sections
 *		   (/sys/module/NAME/sections). Code of sections not among them, and
 *		   of .init sections, which the guest has freed, gets no tables.
 *
 * Return: as guest_orc__add_kernel().
 */
int guest_orc__add_module(struct guest_orc *orc, const void *elf, size_t size,
			  const struct guest_orc_section *sections, unsigned int nr,
			  const struct guest_build_id *build_id, const char **why);

/** guest_orc__find - the entry for code at @ip, or NULL if no table is for it */
const struct guest_orc_entry *guest_orc__find(const struct guest_orc *orc, u64 ip);

/** guest_orc__memory - bytes held by the tables */
size_t guest_orc__memory(const struct guest_orc *orc);

/**
 * guest_orc__write - write tables to a file, for guest_orc__read()
 *
 * Return: 0 or a negative error.
 */
int guest_orc__write(const struct guest_orc *orc, int fd);

/**
 * guest_orc__read - read tables that another process has written
 * @fd:	 of a file, read from its start
 * @why: in words, if that fails
 *
 * What is in it is not trusted any more than a guest's file is.
 *
 * Return: to be freed by guest_orc__delete(); NULL for what guest_orc__write() would not
 * have written.
 */
struct guest_orc *guest_orc__read(int fd, const char **why);

/** guest_orc__for_each - call a function for every entry, ordered by address in a table */
void guest_orc__for_each(const struct guest_orc *orc,
			 void (*fn)(void *arg, u64 ip, const struct guest_orc_entry *entry),
			 void *arg);

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

#endif /* __PERF_GUEST_ORC_H */
