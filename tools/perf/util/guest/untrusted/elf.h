/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sections of a guest's kernel and modules: x86-64 ELF files in memory, of which
 * every byte is the guest's. A reader of its own, as small as can be and with
 * every offset checked here, in a child (guest/untrusted/child.h).
 */
#ifndef __PERF_GUEST_ELF_H
#define __PERF_GUEST_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

/**
 * struct guest_elf - a file
 * @data, @size: as a whole; borrowed
 * @relocatable: a module, whose sections have no addresses yet
 * @nr_sections: in the file
 */
struct guest_elf {
	const u8 *data;
	size_t size;
	bool relocatable;
	unsigned int nr_sections;
	u64 headers, names, names_size;
};

/**
 * struct guest_elf_section - a section
 * @name:	NUL-terminated, in the file
 * @data, @size: its contents, within the file; @data is NULL if it has none
 *		(SHT_NOBITS)
 * @addr, @flags, @type, @link, @info: as in Elf64_Shdr
 */
struct guest_elf_section {
	const char *name;
	const u8 *data;
	u64 size;
	u64 addr, flags;
	u32 type, link, info;
};

struct guest_elf_symbol {
	u64 value;
	u16 section;
};

struct guest_elf_rela {
	u64 offset;
	s64 addend;
	u32 type, symbol;
};

/** guest_elf__open - look at an ELF file. Return: false if it is none for x86-64. */
bool guest_elf__open(struct guest_elf *elf, const void *data, size_t size);

/** guest_elf__section - get section @index. Return: false if it is not all in the file. */
bool guest_elf__section(const struct guest_elf *elf, unsigned int index,
			struct guest_elf_section *sec);

/** guest_elf__find - get the first section called @name, and its index unless NULL */
bool guest_elf__find(const struct guest_elf *elf, const char *name,
		     struct guest_elf_section *sec, unsigned int *index);

/** guest_elf__symbol - get symbol @index of a symbol table */
bool guest_elf__symbol(const struct guest_elf_section *symtab, u32 index,
		       struct guest_elf_symbol *sym);

/** guest_elf__nr_relas, guest_elf__rela - the relocations of a SHT_RELA section */
u64 guest_elf__nr_relas(const struct guest_elf_section *sec);
void guest_elf__rela(const struct guest_elf_section *sec, u64 index,
		     struct guest_elf_rela *rela);

/**
 * guest_elf__build_id - find the build-id in a section of notes
 * Return: its size, or 0 if there is none.
 */
size_t guest_elf__build_id(const struct guest_elf_section *notes, const u8 **id);

#endif /* __PERF_GUEST_ELF_H */
