// SPDX-License-Identifier: GPL-2.0
/*
 * Write an ELF file of a kernel's ORC tables and code, out of its memory.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/kernel.h>
#include "guest/memory/elf-out.h"
#include "guest/memory/orc.h"
#include "guest/memory/view.h"
#include "guest/memory/vmcoreinfo.h"
#include "guest/untrusted/dir.h"

/* Of the file, by their place among its sections; the first one is none, as always. */
enum { NONE, TEXT, IMAGE, IP, ENTRIES, NOTES, HEADER, BTF, NAMES, NR_SECTIONS };

_Static_assert(NR_SECTIONS <= GUEST_ELF_OUT_SECTIONS, "room for all sections");

static const char * const names[NR_SECTIONS] = {
	"", ".text", ".image", ".orc_unwind_ip", ".orc_unwind", ".notes", ".orc_header",
	".BTF", ".shstrtab",
};

struct note {
	Elf64_Nhdr head;
	char	   name[4];
	u8	   id[GUEST_BUILD_ID_MAX];
};

/* By which the tables are known to be those of the kernel that runs. */
static void add_note(struct guest_elf_out *elf, const struct guest_vmcoreinfo *info)
{
	struct note note = {
		.head = { .n_namesz = sizeof("GNU"), .n_descsz = info->build_id_size,
			  .n_type = NT_GNU_BUILD_ID },
		.name = "GNU",
	};

	memcpy(note.id, info->build_id, info->build_id_size);
	guest_elf_out__section(elf, NOTES, SHT_NOTE, sizeof(note));
	fwrite(&note, sizeof(note), 1, elf->file);
}

static int add_sections(struct guest_elf_out *elf, const struct guest_vmcoreinfo *info,
			const struct guest_ram_orc *orc)
{
	Elf64_Shdr *image = &elf->sections[IMAGE];
	int err;

	/* entries are of code elsewhere in the image as well, some of it freed by now */
	image->sh_type = SHT_NOBITS;
	image->sh_flags = GUEST_ELF_OUT_CODE;
	image->sh_addr = orc->text.start;
	image->sh_size = orc->image_end - orc->text.start;
	err = guest_elf_out__copy(elf, TEXT, &orc->text, GUEST_ELF_OUT_CODE) ?:
	      guest_elf_out__copy(elf, IP, &orc->ip, SHF_ALLOC) ?:
	      guest_elf_out__copy(elf, ENTRIES, &orc->entries, SHF_ALLOC);
	if (!err && orc->header.start)
		err = guest_elf_out__copy(elf, HEADER, &orc->header, SHF_ALLOC);
	if (err)
		return err;
	/* only layouts that are not known need it */
	if (guest_range__is_valid(&orc->btf) && guest_elf_out__copy(elf, BTF, &orc->btf, SHF_ALLOC))
		elf->sections[BTF].sh_type = SHT_NULL;
	if (info->build_id_size)
		add_note(elf, info);
	return 0;
}

static int write_file(struct guest_elf_out *elf, const struct guest_vmcoreinfo *info,
		      const struct guest_ram_orc *orc)
{
	return guest_elf_out__begin(elf) ?:
	       add_sections(elf, info, orc) ?:
	       guest_elf_out__end(elf, ET_EXEC);
}

int guest_ram_orc__write(struct guest_dir *out, struct guest_view *view,
			 const struct guest_vmcoreinfo *info, const struct guest_ram_orc *orc)
{
	struct guest_elf_out elf = { .view = view, .names = names, .nr = NR_SECTIONS };
	char path[GUEST_NAME_MAX + 16];
	int err;

	if (!orc->ip.start || !orc->entries.start)
		return -ENODATA;
	if (!guest_range__is_valid(&orc->ip) || !guest_range__is_valid(&orc->entries) ||
	    !guest_range__is_valid(&orc->text) || orc->image_end < orc->text.end ||
	    (orc->header.start && !guest_range__is_valid(&orc->header)))
		return -EINVAL;
	snprintf(path, sizeof(path), "boot/vmlinux-%s", info->release);
	elf.file = guest_dir__fcreate(out, path);
	if (!elf.file)
		return out->err ?: -EIO;
	err = write_file(&elf, info, orc);
	if (!err)
		return guest_dir__fadd(out, elf.file, path);
	guest_dir__fdrop(out, elf.file);
	return err;
}
