// SPDX-License-Identifier: GPL-2.0
/*
 * Write an ELF file of a module's ORC tables and code, out of a guest's memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <linux/kernel.h>
#include "guest/memory/module-orc.h"
#include "guest/memory/view.h"

/* The largest module of a distribution (amdgpu) has a quarter of that. */
#define ENTRIES_MAX	(1U << 20)

/* struct orc_entry */
#define ENTRY_SIZE	6

/* Of the file, by their place among its sections; the first one is none, as always. */
enum { NONE, TEXT, IP, RELAS, ENTRIES, SYMBOLS, NAMES, NR_SECTIONS };

_Static_assert(NR_SECTIONS <= GUEST_ELF_OUT_SECTIONS, "room for all sections");

static const char * const names[NR_SECTIONS] = {
	"", ".text", ".orc_unwind_ip", ".rela.orc_unwind_ip", ".orc_unwind", ".symtab",
	".shstrtab",
};

static struct guest_range ips_of(const struct guest_module_orc *orc)
{
	return (struct guest_range) { orc->ip, orc->ip + orc->nr * sizeof(s32) };
}

static struct guest_range entries_of(const struct guest_module_orc *orc)
{
	return (struct guest_range) { orc->entries, orc->entries + orc->nr * ENTRY_SIZE };
}

u64 guest_module_orc__size(const struct guest_module_orc *orc)
{
	const struct guest_range ips = ips_of(orc), entries = entries_of(orc);

	if (orc->nr > ENTRIES_MAX || !guest_range__is_valid(&orc->text) ||
	    !guest_range__is_valid(&ips) || !guest_range__is_valid(&entries))
		return 0;
	return orc->text.end - orc->text.start +
	       orc->nr * (sizeof(s32) + ENTRY_SIZE + sizeof(Elf64_Rela)) + GUEST_VIEW_PAGE;
}

/* Each says how far its code is from where it is; what is not in @text was in .init.text. */
static u64 add_relas(FILE *file, const struct guest_module_orc *orc, const s32 *ips)
{
	Elf64_Rela rela = { .r_info = ELF64_R_INFO(1, R_X86_64_PC32) };
	u64 ip, nr = 0;
	u32 i;

	for (i = 0; i < orc->nr; i++) {
		rela.r_offset = i * sizeof(*ips);
		ip = orc->ip + rela.r_offset + ips[i];
		if (ip < orc->text.start || ip > orc->text.end)
			continue;
		rela.r_addend = ip - orc->text.start;
		fwrite(&rela, sizeof(rela), 1, file);
		nr++;
	}
	return nr;
}

static int add_ips(struct guest_elf_out *elf, const struct guest_module_orc *orc)
{
	const size_t size = orc->nr * sizeof(s32);
	Elf64_Shdr *section;
	s32 *ips = malloc(size);
	int err;

	if (!ips)
		return -ENOMEM;
	/* once: they may be others the next time */
	err = guest_view__read(elf->view, orc->ip, ips, size);
	if (!err) {
		section = guest_elf_out__section(elf, IP, SHT_PROGBITS, size);
		section->sh_flags = SHF_ALLOC;
		fwrite(ips, size, 1, elf->file);
		section = guest_elf_out__section(elf, RELAS, SHT_RELA, 0);
		section->sh_entsize = sizeof(Elf64_Rela);
		section->sh_link = SYMBOLS;
		section->sh_info = IP;
		section->sh_size = add_relas(elf->file, orc, ips) * sizeof(Elf64_Rela);
	}
	free(ips);
	return err;
}

/* The one that all relocations are relative to */
static void add_symbols(struct guest_elf_out *elf)
{
	const Elf64_Sym symbols[] = {
		{ .st_name = 0 },
		{ .st_info = ELF64_ST_INFO(STB_LOCAL, STT_SECTION), .st_shndx = TEXT },
	};
	Elf64_Shdr *section = guest_elf_out__section(elf, SYMBOLS, SHT_SYMTAB, sizeof(symbols));

	section->sh_entsize = sizeof(*symbols);
	section->sh_link = NAMES;
	section->sh_info = ARRAY_SIZE(symbols);
	fwrite(symbols, sizeof(symbols), 1, elf->file);
}

int guest_module_orc__write(FILE *file, struct guest_view *view,
			    const struct guest_module_orc *orc)
{
	struct guest_elf_out elf = {
		.file = file, .view = view, .names = names, .nr = NR_SECTIONS,
	};
	const struct guest_range entries = entries_of(orc);
	int err = guest_elf_out__begin(&elf) ?:
		  guest_elf_out__copy(&elf, TEXT, &orc->text, GUEST_ELF_OUT_CODE) ?:
		  add_ips(&elf, orc) ?:
		  guest_elf_out__copy(&elf, ENTRIES, &entries, SHF_ALLOC);

	if (err)
		return err;
	/* where it is, the guest says elsewhere, as of every module */
	elf.sections[TEXT].sh_addr = elf.sections[ENTRIES].sh_addr = 0;
	add_symbols(&elf);
	return guest_elf_out__end(&elf, ET_REL);
}
