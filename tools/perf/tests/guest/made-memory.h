/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest's memory made by a test: page tables, VMCOREINFO, and the tables of kallsyms as
 * kernels of several versions have them.
 */
#ifndef __PERF_TESTS_MADE_MEMORY_H
#define __PERF_TESTS_MADE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include "util/guest/memory/vmcoreinfo.h"

#define MADE_RAM_SIZE	(4U << 20)
/* Where the kernel's image is: it has been moved, in both. */
#define MADE_IMAGE	0xffffffff89000000ULL
#define MADE_IMAGE_GPA	0x200000ULL
#define MADE_IMAGE_SIZE	0x80000U
/* VMCOREINFO; page tables are below */
#define MADE_INFO_GPA	0x150000ULL

/**
 * enum made_ksyms - a kernel's way to have symbols
 * @MADE_KSYMS_ADDRESSES:  64-bit addresses, before 4.6
 * @MADE_KSYMS_6_0:	   offsets or absolute, names of 127 tokens and more in one byte
 * @MADE_KSYMS_6_1:	   the same, with two bytes for such
 * @MADE_KSYMS_6_15:	   offsets
 * @MADE_KSYMS_7_0:	   offsets from where they are
 */
enum made_ksyms {
	MADE_KSYMS_ADDRESSES,
	MADE_KSYMS_6_0,
	MADE_KSYMS_6_1,
	MADE_KSYMS_6_15,
	MADE_KSYMS_7_0,
	MADE_KSYMS_NR,
};

struct made_symbol {
	u64	   addr;
	const char *name;	/* with its type in front */
};

/**
 * struct made_memory - it
 * @ram:   all of it, at guest-physical address 0
 * @where: of the tables, as VMCOREINFO has it
 * @end:   of what is used of the image
 */
struct made_memory {
	u8		   *ram;
	struct guest_ksyms where;
	u32		   nr;
	u64		   end;
};

/** made_memory__kernel - have a kernel in it, with these symbols: @nr, _stext among them */
void made_memory__kernel(struct made_memory *memory, enum made_ksyms ksyms,
			 const struct made_symbol *symbols, u32 nr);

/** made_memory__info - write VMCOREINFO as @memory has it, with @more lines */
void made_memory__info(struct made_memory *memory, u64 gpa, const char *more);

/** made_memory__at - what is at an address of the kernel */
void *made_memory__at(const struct made_memory *memory, u64 gva);

/** made_memory__entry - the entry of the lowest page table for an address of the kernel */
u64 *made_memory__entry(const struct made_memory *memory, u64 gva);

#endif /* __PERF_TESTS_MADE_MEMORY_H */
