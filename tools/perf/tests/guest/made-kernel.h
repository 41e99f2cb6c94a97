/* SPDX-License-Identifier: GPL-2.0 */
/* Kernels and modules made by the tests: ELF files with ORC tables. */
#ifndef __PERF_TESTS_MADE_KERNEL_H
#define __PERF_TESTS_MADE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include "util/guest/unwind/orc-table.h"

#define MADE_TEXT	UINT64_C(0xffffffff81000000)	/* where vmlinux has .text */
#define MADE_TEXT_SIZE	0x10000ULL

/* An ELF file in the making. */
struct made_elf {
	u8 *data;
	size_t size, names_size;
	unsigned int nr;
	struct made_section {
		size_t offset, size, name;
		u32 type, link, info;
		u64 flags, addr;
	} sections[24];
	char names[512];
};

/* Section 0 is there already. Returns the new one's index; freed by made_elf__finish(). */
unsigned int made_elf__add(struct made_elf *elf, const char *name, u32 type, u64 flags,
			   u64 addr, const void *data, size_t size);
/* Make it a file: an executable or a relocatable one. To be freed by the caller. */
void *made_elf__finish(struct made_elf *elf, bool relocatable, size_t *size);

enum made_layout { MADE_5_15, MADE_6_3, MADE_6_3_NO_HEADER, MADE_6_4, MADE_UNKNOWN };

/* An entry: code at @ip (in a module: offset in section @section, ".text" if NULL). */
struct made_entry {
	u64 ip;
	struct guest_orc_entry entry;
	const char *section;
};

#define MADE_BUILD_ID	"0123456789abcdefghij"

/* A vmlinux with these entries, in their order. */
void *made_vmlinux(const struct made_entry *entries, unsigned int nr,
		   enum made_layout layout, size_t *size);

/* A module with .text, .text.unlikely, .init.text and .exit.text of 0x1000 bytes each. */
void *made_module(const struct made_entry *entries, unsigned int nr, size_t *size);

#endif /* __PERF_TESTS_MADE_KERNEL_H */
