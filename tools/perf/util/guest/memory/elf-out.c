// SPDX-License-Identifier: GPL-2.0
/*
 * Write an ELF file of what is in a guest's memory.
 */
#include <errno.h>
#include <string.h>
#include <linux/kernel.h>
#include "guest/memory/elf-out.h"
#include "guest/memory/view.h"

int guest_elf_out__begin(struct guest_elf_out *elf)
{
	const Elf64_Ehdr head = { .e_ident = { 0 } };

	/* its place; it is known at the end */
	return fwrite(&head, sizeof(head), 1, elf->file) == 1 ? 0 : -EIO;
}

Elf64_Shdr *guest_elf_out__section(struct guest_elf_out *elf, unsigned int nr, u32 type, u64 size)
{
	Elf64_Shdr *section = &elf->sections[nr];

	section->sh_type = type;
	section->sh_size = size;
	section->sh_offset = ftello(elf->file);
	return section;
}

static int copy(struct guest_elf_out *elf, u64 gva, u64 size)
{
	u8 data[GUEST_VIEW_PAGE];
	size_t n;
	int err;

	for (; size; size -= n, gva += n) {
		n = min_t(u64, size, GUEST_VIEW_PAGE - gva % GUEST_VIEW_PAGE);
		err = guest_view__read(elf->view, gva, data, n);
		if (err)
			return err;
		if (fwrite(data, n, 1, elf->file) != 1)
			return -EIO;
	}
	return 0;
}

int guest_elf_out__copy(struct guest_elf_out *elf, unsigned int nr,
			const struct guest_range *range, u64 flags)
{
	u64 size = range->end - range->start;
	Elf64_Shdr *section = guest_elf_out__section(elf, nr, SHT_PROGBITS, size);

	section->sh_addr = range->start;
	section->sh_flags = flags;
	return copy(elf, range->start, size);
}

static void add_names(struct guest_elf_out *elf)
{
	Elf64_Shdr *section = guest_elf_out__section(elf, elf->nr - 1, SHT_STRTAB, 0);
	unsigned int i;

	for (i = 0; i < elf->nr; i++) {
		/* one that is not there must not be found */
		if (i && !elf->sections[i].sh_type)
			continue;
		elf->sections[i].sh_name = section->sh_size;
		section->sh_size += strlen(elf->names[i]) + 1;
		fwrite(elf->names[i], strlen(elf->names[i]) + 1, 1, elf->file);
	}
}

int guest_elf_out__end(struct guest_elf_out *elf, u16 type)
{
	Elf64_Ehdr head = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = type, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_ehsize = sizeof(head), .e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = elf->nr, .e_shstrndx = elf->nr - 1,
	};

	add_names(elf);
	head.e_shoff = ftello(elf->file);
	fwrite(elf->sections, sizeof(elf->sections[0]), elf->nr, elf->file);
	rewind(elf->file);
	fwrite(&head, sizeof(head), 1, elf->file);
	return fflush(elf->file) || ferror(elf->file) ? -EIO : 0;
}
