/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Write an ELF file of what is in a guest's memory: sections and their headers, nothing else.
 */
#ifndef __PERF_GUEST_ELF_OUT_H
#define __PERF_GUEST_ELF_OUT_H

#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <linux/types.h>

struct guest_view;

#define GUEST_ELF_OUT_SECTIONS	9

/** GUEST_ELF_OUT_MAX - bytes of a section that is copied; Debian's kernel has 20 MiB of code */
#define GUEST_ELF_OUT_MAX	(64ULL << 20)

#define GUEST_ELF_OUT_CODE	(SHF_ALLOC | SHF_EXECINSTR)

/** struct guest_range - addresses in a guest's kernel; none if @end is not above @start */
struct guest_range {
	u64 start, end;
};

/** guest_range__is_valid - is there one, which is no larger than GUEST_ELF_OUT_MAX? */
static inline bool guest_range__is_valid(const struct guest_range *range)
{
	return range->start && range->end > range->start &&
	       range->end - range->start <= GUEST_ELF_OUT_MAX;
}

/**
 * struct guest_elf_out - a file in the making
 * @file:     to be written from its beginning
 * @view:     the guest's memory
 * @names:    of its sections: the first one is "", the last one that of the names
 * @nr:	      sections, GUEST_ELF_OUT_SECTIONS at most
 * @sections: with type, place and size when they have been begun; those that are not have no
 *	      name in the file
 */
struct guest_elf_out {
	FILE		   *file;
	struct guest_view  *view;
	const char * const *names;
	unsigned int	   nr;
	Elf64_Shdr	   sections[GUEST_ELF_OUT_SECTIONS];
};

/** guest_elf_out__begin - before any section; 0 or a negative error */
int guest_elf_out__begin(struct guest_elf_out *elf);

/** guest_elf_out__section - what is written to the file from now on is section @nr, of @size */
Elf64_Shdr *guest_elf_out__section(struct guest_elf_out *elf, unsigned int nr, u32 type, u64 size);

/**
 * guest_elf_out__copy - have section @nr be what is in the guest's memory
 * @range: a valid one
 * @flags: of the section, as in Elf64_Shdr
 *
 * Return: 0 or a negative error of guest_view__read(), or -EIO.
 */
int guest_elf_out__copy(struct guest_elf_out *elf, unsigned int nr,
			const struct guest_range *range, u64 flags);

/**
 * guest_elf_out__end - write names and headers
 * @type: ET_EXEC or ET_REL
 *
 * Return: 0, or -EIO if anything could not be written.
 */
int guest_elf_out__end(struct guest_elf_out *elf, u16 type);

#endif /* __PERF_GUEST_ELF_OUT_H */
