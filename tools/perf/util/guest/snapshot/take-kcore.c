// SPDX-License-Identifier: GPL-2.0
/*
 * Take the code of a guest's kernel and modules along, out of its memory: for a kernel
 * of which the guest has no file, as when its VMM boots it. /proc/kcore is an ELF core
 * file whose segments are where the kernel has its memory (fs/proc/kcore.c).
 */
#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/types.h>
#include "guest/untrusted/dir.h"
#include "guest/untrusted/file.h"
#include "guest/vm/facts.h"
#include "guest/snapshot/take-kcore.h"

#define SEGMENTS_MAX	128
#define TEXT_LIMIT	(64ULL << 20)
#define MODULE_LIMIT	(16ULL << 20)
#define TOTAL_LIMIT	(256ULL << 20)
#define MODULES_LIMIT	(4 << 20)
#define MODULES_MAX	4096
/* What there is of a module from its last function on: the rest is not code. */
#define LAST_FUNCTION	4096

/* A module, and where its last function begins. */
struct module {
	u64 start, size, last;
};

struct kcore {
	int	      fd;
	struct guest_dir *out;
	Elf64_Phdr    segments[SEGMENTS_MAX];
	u32	      nr;
	u64	      text, end;	/* _stext, _etext */
	struct module modules[MODULES_MAX];
	u32	      nr_modules;
	u64	      taken;
};

static bool read_all(int fd, void *buf, size_t size, u64 offset)
{
	return guest_file__pread(fd, buf, size, offset) == (ssize_t)size;
}

static bool read_segments(struct kcore *kcore)
{
	Elf64_Ehdr head;

	if (!read_all(kcore->fd, &head, sizeof(head), 0) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) || head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    head.e_ident[EI_DATA] != ELFDATA2LSB || head.e_type != ET_CORE ||
	    head.e_machine != EM_X86_64 || head.e_phentsize != sizeof(Elf64_Phdr) ||
	    head.e_phnum > SEGMENTS_MAX)
		return false;
	kcore->nr = head.e_phnum;
	return read_all(kcore->fd, kcore->segments, kcore->nr * sizeof(Elf64_Phdr), head.e_phoff);
}

/* Where @size bytes at @addr are in the file; 0 if they are not all there. */
static u64 find_offset(const struct kcore *kcore, u64 addr, u64 size)
{
	const Elf64_Phdr *segment;
	u64 into;
	u32 i;

	for (i = 0; i < kcore->nr; i++) {
		segment = &kcore->segments[i];
		into = addr - segment->p_vaddr;
		if (segment->p_type == PT_LOAD && addr >= segment->p_vaddr &&
		    into <= segment->p_filesz && size <= segment->p_filesz - into &&
		    segment->p_offset <= INT64_MAX - into)
			return segment->p_offset + into;
	}
	return 0;
}

static void take_range(struct kcore *kcore, u64 addr, u64 size)
{
	u64 offset = find_offset(kcore, addr, size), done;
	char name[32], chunk[65536];
	ssize_t n = 0;
	FILE *file;

	if (!offset || size > TOTAL_LIMIT - kcore->taken)
		return;
	snprintf(name, sizeof(name), "text/%016" PRIx64, addr);
	file = guest_dir__fcreate(kcore->out, name);
	if (!file)
		return;
	for (done = 0; done < size; done += n) {
		n = guest_file__pread(kcore->fd, chunk, min_t(u64, sizeof(chunk), size - done),
				      offset + done);
		if (n <= 0 || fwrite(chunk, n, 1, file) != 1)
			break;
	}
	if (n <= 0)
		guest_dir__fdrop(kcore->out, file);
	else if (!guest_dir__fadd(kcore->out, file, name))
		kcore->taken += size;
}

static void note_function(struct kcore *kcore, const struct guest_symbol *sym)
{
	struct module *module;

	if (!strchr("tw", tolower(sym->type)))
		return;
	for (module = kcore->modules; module < kcore->modules + kcore->nr_modules; module++) {
		if (sym->start - module->start < module->size)
			module->last = max(module->last, sym->start);
	}
}

static int kallsyms_line(void *arg, char *line)
{
	struct guest_symbol sym;
	struct kcore *kcore = arg;

	if (!guest_symbol__parse(&sym, line))
		return 0;
	if (*sym.module)
		note_function(kcore, &sym);
	else if (!strcmp(sym.name, "_stext"))
		kcore->text = sym.start;
	else if (!strcmp(sym.name, "_etext"))
		kcore->end = sym.start;
	return 0;
}

/* "name 16384 0 - Live 0xffffffffc0000000", as written by this perf */
static int module_line(void *arg, char *line)
{
	struct kcore *kcore = arg;
	struct module *module = &kcore->modules[kcore->nr_modules];

	if (kcore->nr_modules == MODULES_MAX)
		return 1;
	if (sscanf(line, "%*s %" SCNu64 " %*u - Live 0x%" SCNx64, &module->size,
		   &module->start) == 2 && module->size && module->size <= MODULE_LIMIT)
		kcore->nr_modules++;
	return 0;
}

static void take_all(struct kcore *kcore)
{
	struct module *module;

	if (kcore->text && kcore->end > kcore->text && kcore->end - kcore->text <= TEXT_LIMIT)
		take_range(kcore, kcore->text, kcore->end - kcore->text);
	for (module = kcore->modules; module < kcore->modules + kcore->nr_modules; module++) {
		if (module->last)
			take_range(kcore, module->start,
				   min(module->size, module->last - module->start + LAST_FUNCTION));
	}
}

u64 guest_text__take(int root, struct guest_dir *out)
{
	struct kcore *kcore = calloc(1, sizeof(*kcore));
	u64 taken;

	if (!kcore)
		return 0;
	kcore->out = out;
	kcore->fd = guest_file__open(root, "proc/kcore");
	if (kcore->fd >= 0 && read_segments(kcore)) {
		guest_file__lines(out->fd, "proc/modules", MODULES_LIMIT, module_line, kcore);
		guest_file__lines(out->fd, "proc/kallsyms", GUEST_KALLSYMS_LIMIT, kallsyms_line,
				  kcore);
		take_all(kcore);
	}
	if (kcore->fd >= 0)
		close(kcore->fd);
	taken = kcore->taken;
	free(kcore);
	return taken;
}
