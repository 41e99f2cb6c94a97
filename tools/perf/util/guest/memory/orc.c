// SPDX-License-Identifier: GPL-2.0
/*
 * Write an ELF file of a kernel's ORC tables and code, out of its memory.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/kernel.h>
#include "guest/memory/orc.h"
#include "guest/memory/view.h"
#include "guest/memory/vmcoreinfo.h"
#include "guest/untrusted/dir.h"

/* A distribution's kernel has 20 MiB of code, and 440 thousand entries of ten bytes. */
#define SECTION_MAX	(64ULL << 20)

#define CODE		(SHF_ALLOC | SHF_EXECINSTR)

/* Of the file, by their place among its sections; the first one is none, as always. */
enum { NONE, TEXT, IMAGE, IP, ENTRIES, NOTES, HEADER, NAMES, NR_SECTIONS };

static const char * const names[NR_SECTIONS] = {
	"", ".text", ".image", ".orc_unwind_ip", ".orc_unwind", ".notes", ".orc_header",
	".shstrtab",
};

struct note {
	Elf64_Nhdr head;
	char	   name[4];
	u8	   id[GUEST_BUILD_ID_MAX];
};

/* @sections: with offsets when their contents have been written */
struct file {
	FILE		  *file;
	struct guest_view *view;
	Elf64_Shdr	  sections[NR_SECTIONS];
};

static int copy(struct file *file, u64 gva, u64 size)
{
	u8 data[GUEST_VIEW_PAGE];
	size_t n;
	int err;

	for (; size; size -= n, gva += n) {
		n = min_t(u64, size, GUEST_VIEW_PAGE - gva % GUEST_VIEW_PAGE);
		err = guest_view__read(file->view, gva, data, n);
		if (err)
			return err;
		if (fwrite(data, n, 1, file->file) != 1)
			return -EIO;
	}
	return 0;
}

static Elf64_Shdr *begin(struct file *file, unsigned int nr, u32 type, u64 size)
{
	Elf64_Shdr *section = &file->sections[nr];

	section->sh_type = type;
	section->sh_size = size;
	section->sh_offset = ftello(file->file);
	return section;
}

static int add_range(struct file *file, unsigned int nr, const struct guest_range *range, u64 flags)
{
	u64 size = range->end - range->start;
	Elf64_Shdr *section = begin(file, nr, SHT_PROGBITS, size);

	section->sh_addr = range->start;
	section->sh_flags = flags;
	return copy(file, range->start, size);
}

/* By which the tables are known to be those of the kernel that runs. */
static void add_note(struct file *file, const struct guest_vmcoreinfo *info)
{
	struct note note = {
		.head = { .n_namesz = sizeof("GNU"), .n_descsz = info->build_id_size,
			  .n_type = NT_GNU_BUILD_ID },
		.name = "GNU",
	};

	memcpy(note.id, info->build_id, info->build_id_size);
	begin(file, NOTES, SHT_NOTE, sizeof(note));
	fwrite(&note, sizeof(note), 1, file->file);
}

static void add_names(struct file *file)
{
	Elf64_Shdr *section = begin(file, NAMES, SHT_STRTAB, 0);
	unsigned int i;

	for (i = 0; i < NR_SECTIONS; i++) {
		/* one that is not there must not be found: no header says which layout it is */
		if (i && !file->sections[i].sh_type)
			continue;
		file->sections[i].sh_name = section->sh_size;
		section->sh_size += strlen(names[i]) + 1;
		fwrite(names[i], strlen(names[i]) + 1, 1, file->file);
	}
}

static int add_sections(struct file *file, const struct guest_vmcoreinfo *info,
			const struct guest_ram_orc *orc)
{
	Elf64_Shdr *image = &file->sections[IMAGE];
	int err;

	/* entries are of code elsewhere in the image as well, some of it freed by now */
	image->sh_type = SHT_NOBITS;
	image->sh_flags = CODE;
	image->sh_addr = orc->text.start;
	image->sh_size = orc->image_end - orc->text.start;
	err = add_range(file, TEXT, &orc->text, CODE) ?:
	      add_range(file, IP, &orc->ip, SHF_ALLOC) ?:
	      add_range(file, ENTRIES, &orc->entries, SHF_ALLOC);
	if (!err && orc->header.start)
		err = add_range(file, HEADER, &orc->header, SHF_ALLOC);
	if (err)
		return err;
	if (info->build_id_size)
		add_note(file, info);
	add_names(file);
	return 0;
}

static int write_file(struct file *file, const struct guest_vmcoreinfo *info,
		      const struct guest_ram_orc *orc)
{
	Elf64_Ehdr head = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_ehsize = sizeof(head), .e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = NR_SECTIONS, .e_shstrndx = NAMES,
	};
	int err;

	fwrite(&head, sizeof(head), 1, file->file);
	err = add_sections(file, info, orc);
	if (err)
		return err;
	head.e_shoff = ftello(file->file);
	fwrite(file->sections, sizeof(file->sections), 1, file->file);
	rewind(file->file);
	fwrite(&head, sizeof(head), 1, file->file);
	return ferror(file->file) ? -EIO : 0;
}

static bool is_range(const struct guest_range *range)
{
	return range->start && range->end > range->start &&
	       range->end - range->start <= SECTION_MAX;
}

int guest_ram_orc__write(struct guest_dir *out, struct guest_view *view,
			 const struct guest_vmcoreinfo *info, const struct guest_ram_orc *orc)
{
	struct file file = { .view = view };
	char path[GUEST_NAME_MAX + 16];
	int err;

	if (!orc->ip.start || !orc->entries.start)
		return -ENODATA;
	if (!is_range(&orc->ip) || !is_range(&orc->entries) || !is_range(&orc->text) ||
	    orc->image_end < orc->text.end || (orc->header.start && !is_range(&orc->header)))
		return -EINVAL;
	snprintf(path, sizeof(path), "boot/vmlinux-%s", info->release);
	file.file = guest_dir__fcreate(out, path);
	if (!file.file)
		return out->err ?: -EIO;
	err = write_file(&file, info, orc);
	if (!err)
		return guest_dir__fadd(out, file.file, path);
	guest_dir__fdrop(out, file.file);
	return err;
}
