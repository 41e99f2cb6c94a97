// SPDX-License-Identifier: GPL-2.0
#include <elf.h>
#include <endian.h>
#include <string.h>
#include <linux/kernel.h>
#include "guest/untrusted/elf.h"

/* Is [@offset, @offset + @len) in the file? */
static bool in_file(const struct guest_elf *elf, u64 offset, u64 len)
{
	return offset <= elf->size && len <= elf->size - offset;
}

static void read_header(const struct guest_elf *elf, unsigned int index, Elf64_Shdr *sh)
{
	memcpy(sh, elf->data + elf->headers + index * sizeof(*sh), sizeof(*sh));
}

bool guest_elf__open(struct guest_elf *elf, const void *data, size_t size)
{
	Elf64_Ehdr eh;
	Elf64_Shdr sh;

	memset(elf, 0, sizeof(*elf));
	elf->data = data;
	elf->size = size;
	if (size < sizeof(eh))
		return false;
	memcpy(&eh, data, sizeof(eh));
	if (memcmp(eh.e_ident, ELFMAG, SELFMAG) || eh.e_ident[EI_CLASS] != ELFCLASS64 ||
	    eh.e_ident[EI_DATA] != ELFDATA2LSB || le16toh(eh.e_machine) != EM_X86_64 ||
	    le16toh(eh.e_shentsize) != sizeof(sh))
		return false;

	elf->relocatable = le16toh(eh.e_type) == ET_REL;
	elf->headers = le64toh(eh.e_shoff);
	elf->nr_sections = le16toh(eh.e_shnum);
	if (!in_file(elf, elf->headers, elf->nr_sections * sizeof(sh)) ||
	    le16toh(eh.e_shstrndx) >= elf->nr_sections)
		return false;

	read_header(elf, le16toh(eh.e_shstrndx), &sh);
	elf->names = le64toh(sh.sh_offset);
	elf->names_size = le64toh(sh.sh_size);
	/* with a NUL at its end every name in it has one */
	return in_file(elf, elf->names, elf->names_size) && elf->names_size &&
	       !elf->data[elf->names + elf->names_size - 1];
}

bool guest_elf__section(const struct guest_elf *elf, unsigned int index,
			struct guest_elf_section *sec)
{
	Elf64_Shdr sh;
	u64 offset;

	if (index >= elf->nr_sections)
		return false;
	read_header(elf, index, &sh);
	if (le32toh(sh.sh_name) >= elf->names_size)
		return false;

	offset = le64toh(sh.sh_offset);
	*sec = (struct guest_elf_section) {
		.name = (const char *)elf->data + elf->names + le32toh(sh.sh_name),
		.size = le64toh(sh.sh_size),
		.addr = le64toh(sh.sh_addr),
		.flags = le64toh(sh.sh_flags),
		.type = le32toh(sh.sh_type),
		.link = le32toh(sh.sh_link),
		.info = le32toh(sh.sh_info),
	};
	if (sec->type == SHT_NOBITS)
		return true;
	if (!in_file(elf, offset, sec->size))
		return false;
	sec->data = elf->data + offset;
	return true;
}

bool guest_elf__find(const struct guest_elf *elf, const char *name,
		     struct guest_elf_section *sec, unsigned int *index)
{
	unsigned int i;

	for (i = 1; i < elf->nr_sections; i++) {
		if (!guest_elf__section(elf, i, sec) || strcmp(sec->name, name))
			continue;
		if (index)
			*index = i;
		return true;
	}
	return false;
}

bool guest_elf__symbol(const struct guest_elf_section *symtab, u32 index,
		       struct guest_elf_symbol *sym)
{
	Elf64_Sym s;

	if (!symtab->data || index >= symtab->size / sizeof(s))
		return false;
	memcpy(&s, symtab->data + index * sizeof(s), sizeof(s));
	sym->value = le64toh(s.st_value);
	sym->section = le16toh(s.st_shndx);
	return true;
}

u64 guest_elf__nr_relas(const struct guest_elf_section *sec)
{
	return sec->data && sec->type == SHT_RELA ? sec->size / sizeof(Elf64_Rela) : 0;
}

void guest_elf__rela(const struct guest_elf_section *sec, u64 index,
		     struct guest_elf_rela *rela)
{
	Elf64_Rela r;

	memcpy(&r, sec->data + index * sizeof(r), sizeof(r));
	rela->offset = le64toh(r.r_offset);
	rela->addend = le64toh(r.r_addend);
	rela->type = ELF64_R_TYPE(le64toh(r.r_info));
	rela->symbol = ELF64_R_SYM(le64toh(r.r_info));
}

size_t guest_elf__build_id(const struct guest_elf_section *notes, const u8 **id)
{
	u64 pos = 0, name, desc;
	Elf64_Nhdr nh;

	while (notes->data && pos <= notes->size && notes->size - pos >= sizeof(nh)) {
		memcpy(&nh, notes->data + pos, sizeof(nh));
		pos += sizeof(nh);
		name = ((u64)le32toh(nh.n_namesz) + 3) & ~3ULL;
		desc = ((u64)le32toh(nh.n_descsz) + 3) & ~3ULL;
		if (name + desc > notes->size - pos)
			break;
		if (le32toh(nh.n_type) == NT_GNU_BUILD_ID && le32toh(nh.n_namesz) == 4 &&
		    !memcmp(notes->data + pos, "GNU", 4)) {
			*id = notes->data + pos + name;
			return le32toh(nh.n_descsz);
		}
		pos += name + desc;
	}
	return 0;
}
