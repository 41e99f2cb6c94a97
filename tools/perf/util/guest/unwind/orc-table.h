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

#endif /* __PERF_GUEST_ORC_H */
