// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <elf.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include "tests/guest/made-kernel.h"

/* Where vmlinux has .orc_unwind_ip; the entries are relative to it. */
#define ORC_IP		(MADE_TEXT + 0x800000)

static void append(struct made_elf *elf, const void *data, size_t size)
{
	elf->data = realloc(elf->data, elf->size + size + 1);
	assert(elf->data);
	if (size)
		memcpy(elf->data + elf->size, data, size);
	elf->size += size;
}

static void start(struct made_elf *elf)
{
	Elf64_Ehdr eh = { .e_type = 0 };

	memset(elf, 0, sizeof(*elf));
	append(elf, &eh, sizeof(eh));
	elf->nr = 1;
	elf->names_size = 1;
}

unsigned int made_elf__add(struct made_elf *elf, const char *name, u32 type, u64 flags,
			   u64 addr, const void *data, size_t size)
{
	struct made_section *sec;

	if (!elf->data)
		start(elf);
	sec = &elf->sections[elf->nr];
	assert(elf->nr < ARRAY_SIZE(elf->sections) &&
	       elf->names_size + strlen(name) < sizeof(elf->names));
	*sec = (struct made_section) {
		.offset = elf->size, .size = size, .name = elf->names_size,
		.type = type, .flags = flags, .addr = addr,
	};
	memcpy(elf->names + elf->names_size, name, strlen(name) + 1);
	elf->names_size += strlen(name) + 1;
	if (type != SHT_NOBITS)
		append(elf, data, size);
	return elf->nr++;
}

void *made_elf__finish(struct made_elf *elf, bool relocatable, size_t *size)
{
	unsigned int i, names = made_elf__add(elf, ".shstrtab", SHT_STRTAB, 0, 0, "", 0);
	Elf64_Ehdr eh = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = htole16(relocatable ? ET_REL : ET_EXEC),
		.e_machine = htole16(EM_X86_64),
		.e_shentsize = htole16(sizeof(Elf64_Shdr)),
		.e_shnum = htole16(elf->nr), .e_shstrndx = htole16(names),
	};
	u8 *data;

	append(elf, elf->names, elf->names_size);
	elf->sections[names].size = elf->names_size;
	eh.e_shoff = htole64(elf->size);
	for (i = 0; i < elf->nr; i++) {
		const struct made_section *sec = &elf->sections[i];
		Elf64_Shdr sh = {
			.sh_name = htole32(sec->name), .sh_type = htole32(sec->type),
			.sh_flags = htole64(sec->flags), .sh_addr = htole64(sec->addr),
			.sh_offset = htole64(sec->offset), .sh_size = htole64(sec->size),
			.sh_link = htole32(sec->link), .sh_info = htole32(sec->info),
		};

		append(elf, &sh, sizeof(sh));
	}
	memcpy(elf->data, &eh, sizeof(eh));
	data = elf->data;
	*size = elf->size;
	memset(elf, 0, sizeof(*elf));
	return data;
}

/* An entry's flags as kernels of a layout have them. */
static u16 made_flags(const struct guest_orc_entry *e, enum made_layout layout)
{
	u16 flags = e->sp_reg | e->bp_reg << 4;
	u16 type = e->type >= GUEST_ORC_CALL ? e->type - GUEST_ORC_CALL : 0;
	bool end = e->type == GUEST_ORC_END_OF_STACK;

	switch (layout) {
	case MADE_5_15:
		return flags | type << 8 | end << 10;
	case MADE_6_3:
	case MADE_6_3_NO_HEADER:
		return flags | type << 8 | e->signal << 10 | end << 11;
	case MADE_6_4:
	case MADE_UNKNOWN:
	default:
		return flags | e->type << 8 | e->signal << 11;
	}
}

static void *made_unwind(const struct made_entry *entries, unsigned int nr,
			 enum made_layout layout)
{
	u8 *data = calloc(nr + 1, 6);
	unsigned int i;
	u16 v[3];

	assert(data);
	for (i = 0; i < nr; i++) {
		v[0] = htole16(entries[i].entry.sp_offset);
		v[1] = htole16(entries[i].entry.bp_offset);
		v[2] = htole16(made_flags(&entries[i].entry, layout));
		memcpy(data + 6 * i, v, 6);
	}
	return data;
}

static void add_header(struct made_elf *elf, enum made_layout layout)
{
	static const u8 v6_3[] = {
		0xdb, 0x84, 0xae, 0xd4, 0x10, 0x3b, 0x31, 0xdd, 0x51, 0xe0,
		0x17, 0xf8, 0xf7, 0x97, 0x83, 0xca, 0x98, 0x5c, 0x2c, 0x51,
	};
	static const u8 v6_4[] = {
		0xfe, 0x5d, 0x32, 0xbf, 0x58, 0x1b, 0xd6, 0x3b, 0x2c, 0xa9,
		0xa5, 0xc6, 0x5b, 0xa5, 0xa6, 0x25, 0xea, 0xb3, 0xfe, 0x24,
	};
	static const u8 unknown[20] = { 1 };

	if (layout != MADE_5_15 && layout != MADE_6_3_NO_HEADER)
		made_elf__add(elf, ".orc_header", SHT_PROGBITS, SHF_ALLOC, 0,
			      layout == MADE_6_3 ? v6_3 : layout == MADE_6_4 ? v6_4 : unknown,
			      20);
}

/* Another note first; then the build-id. */
static void add_notes(struct made_elf *elf, const char *name)
{
	static const char xen[] = "\4\0\0\0\3\0\0\0\6\0\0\0Xen\0abc";
	char notes[20 + 16 + 20];

	memcpy(notes, xen, 20);
	memcpy(notes + 20, "\4\0\0\0\24\0\0\0\3\0\0\0GNU", 16);
	memcpy(notes + 36, MADE_BUILD_ID, 20);
	made_elf__add(elf, name, SHT_NOTE, SHF_ALLOC, 0, notes, sizeof(notes));
}

void *made_vmlinux(const struct made_entry *entries, unsigned int nr,
		   enum made_layout layout, size_t *size)
{
	void *unwind = made_unwind(entries, nr, layout);
	u32 *ips = calloc(nr + 1, sizeof(*ips));
	struct made_elf elf = { .data = NULL };
	unsigned int i;

	assert(ips);
	for (i = 0; i < nr; i++)
		ips[i] = htole32(entries[i].ip - (ORC_IP + i * sizeof(*ips)));
	made_elf__add(&elf, ".text", SHT_NOBITS, SHF_ALLOC | SHF_EXECINSTR, MADE_TEXT,
		      NULL, MADE_TEXT_SIZE);
	made_elf__add(&elf, ".data", SHT_NOBITS, SHF_ALLOC, MADE_TEXT + 0x400000, NULL, 0x1000);
	add_notes(&elf, ".notes");
	add_header(&elf, layout);
	made_elf__add(&elf, ".orc_unwind_ip", SHT_PROGBITS, SHF_ALLOC, ORC_IP, ips, 4 * nr);
	made_elf__add(&elf, ".orc_unwind", SHT_PROGBITS, SHF_ALLOC, ORC_IP + 4 * nr,
		      unwind, 6 * nr);
	free(ips);
	free(unwind);
	return made_elf__finish(&elf, false, size);
}

void *made_module(const struct made_entry *entries, unsigned int nr, size_t *size)
{
	static const char * const code[] = {
		".text", ".text.unlikely", ".init.text", ".exit.text",
	};
	Elf64_Sym syms[ARRAY_SIZE(code) + 1] = { { .st_name = 0 } };
	void *unwind = made_unwind(entries, nr, MADE_6_4);
	Elf64_Rela *relas = calloc(nr + 1, sizeof(*relas));
	u32 *ips = calloc(nr + 1, sizeof(*ips));
	struct made_elf elf = { .data = NULL };
	unsigned int i, j, rela, ip;

	assert(relas && ips);
	for (i = 0; i < ARRAY_SIZE(code); i++)
		syms[i + 1].st_shndx = htole16(made_elf__add(&elf, code[i], SHT_PROGBITS,
							     SHF_ALLOC | SHF_EXECINSTR, 0,
							     NULL, 0));
	for (i = 0; i < nr; i++) {
		for (j = 0; strcmp(code[j], entries[i].section ?: ".text"); j++)
			;
		relas[i].r_offset = htole64(4 * i);
		relas[i].r_info = htole64(ELF64_R_INFO(j + 1ULL, R_X86_64_PC32));
		relas[i].r_addend = htole64(entries[i].ip);
	}
	for (i = 1; i <= ARRAY_SIZE(code); i++) {
		elf.sections[i].type = SHT_NOBITS;
		elf.sections[i].size = 0x1000;
	}
	add_notes(&elf, ".note.gnu.build-id");
	add_header(&elf, MADE_6_4);
	made_elf__add(&elf, ".orc_unwind", SHT_PROGBITS, SHF_ALLOC, 0, unwind, 6 * nr);
	ip = made_elf__add(&elf, ".orc_unwind_ip", SHT_PROGBITS, SHF_ALLOC, 0, ips, 4 * nr);
	rela = made_elf__add(&elf, ".rela.orc_unwind_ip", SHT_RELA, 0, 0, relas,
			     nr * sizeof(*relas));
	elf.sections[rela].info = ip;
	elf.sections[rela].link = made_elf__add(&elf, ".symtab", SHT_SYMTAB, 0, 0,
						syms, sizeof(syms));
	free(relas);
	free(ips);
	free(unwind);
	return made_elf__finish(&elf, true, size);
}
