// SPDX-License-Identifier: GPL-2.0
/*
 * The functions in a guest's programs and libraries.
 *
 * libelf reads them in another process, for the files are the guest's. What comes from
 * there is a line for each function, and is checked again here:
 *
 *	OFFSET SIZE BINDING NAME
 *
 * the first three in hexadecimal, OFFSET in the file.
 */
#include <errno.h>
#include <gelf.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <sys/stat.h>
#include "debug.h"
#include "demangle-cxx.h"
#include "dso.h"
#include "guest/untrusted/child.h"
#include "guest/untrusted/file.h"
#include "guest/snapshot/processes.h"
#include "guest/symbols/user-elf.h"
#include "guest/snapshot/vdso.h"
#include "guest/untrusted/printable.h"
#include "symbol.h"
#include "symbol_conf.h"
#include "time-utils.h"

#define SEGMENTS_MAX	16
#define READ_IDLE_MS	15000

/* Of a file; longer names than any compiler makes of what is worth reading are left out */
#define SYMBOLS_MAX	(1U << 20)
#define NAME_MAX_LEN	512
#define TEXT_MAX	(64 << 20)

/*
 * What a guest's files may have and take in all: it is up to the guest, and not to be
 * another one's loss.
 */
struct budget {
	struct budget *next;
	int	      pid;
	u32	      symbols_left;
	s64	      ms_left;
};

static struct budget *budgets;

/* @dir: the guest's directory; @file: as struct guest_processes has it */
struct request {
	struct budget *budget;
	char	   dir[PATH_MAX];
	const char *file;
	FILE	   *out;
};

/* @text: of .text, its address less its offset */
struct answer {
	u64 text;
};

/* The part of an address space that a file is loaded to. */
struct segment {
	u64 addr, size, offset;
};

struct elf_symbols {
	Elf	       *elf;
	Elf_Data       *data;
	size_t	       names, nr;
	struct segment segments[SEGMENTS_MAX];
	unsigned int   nr_segments;
	u64	       text;
};

static void find_segments(struct elf_symbols *es)
{
	size_t i, nr;
	GElf_Phdr ph;

	if (elf_getphdrnum(es->elf, &nr))
		return;
	for (i = 0; i < nr && es->nr_segments < SEGMENTS_MAX; i++) {
		if (gelf_getphdr(es->elf, i, &ph) && ph.p_type == PT_LOAD && ph.p_flags & PF_X)
			es->segments[es->nr_segments++] = (struct segment) {
				.addr = ph.p_vaddr, .size = ph.p_memsz, .offset = ph.p_offset,
			};
	}
}

static bool to_offset(const struct elf_symbols *es, u64 addr, u64 *offset)
{
	unsigned int i;

	for (i = 0; i < es->nr_segments; i++) {
		const struct segment *segment = &es->segments[i];

		if (addr >= segment->addr && addr - segment->addr < segment->size) {
			*offset = addr - segment->addr + segment->offset;
			return true;
		}
	}
	return false;
}

/* The symbol table, or what is left of it in a stripped file. */
static bool find_table(struct elf_symbols *es)
{
	Elf_Scn *section = NULL, *table = NULL;
	GElf_Shdr sh, best = { .sh_type = SHT_NULL };
	const char *name;
	size_t names;

	if (elf_getshdrstrndx(es->elf, &names))
		return false;
	while ((section = elf_nextscn(es->elf, section))) {
		if (!gelf_getshdr(section, &sh))
			continue;
		name = elf_strptr(es->elf, names, sh.sh_name);
		if (name && !strcmp(name, ".text"))
			es->text = sh.sh_addr - sh.sh_offset;
		if (sh.sh_type == SHT_SYMTAB ||
		    (sh.sh_type == SHT_DYNSYM && best.sh_type != SHT_SYMTAB)) {
			table = section;
			best = sh;
		}
	}
	es->data = table ? elf_getdata(table, NULL) : NULL;
	es->names = best.sh_link;
	es->nr = es->data && best.sh_entsize ? es->data->d_size / best.sh_entsize : 0;
	return es->nr;
}

/* Functions; and labels others can see, as written in assembler. */
static bool is_function(const GElf_Sym *sym)
{
	switch (GELF_ST_TYPE(sym->st_info)) {
	case STT_FUNC:
	case STT_GNU_IFUNC:
		return sym->st_shndx != SHN_UNDEF;
	case STT_NOTYPE:
		return sym->st_shndx != SHN_UNDEF && sym->st_shndx < SHN_LORESERVE &&
		       GELF_ST_BIND(sym->st_info) != STB_LOCAL;
	default:
		return false;
	}
}

/* Return: bytes written */
static u32 write_symbol(const struct elf_symbols *es, const GElf_Sym *sym, FILE *out)
{
	const char *name = elf_strptr(es->elf, es->names, sym->st_name);
	char *demangled;
	u64 offset;
	int len;

	if (!name || !*name || strnlen(name, NAME_MAX_LEN) == NAME_MAX_LEN ||
	    !to_offset(es, sym->st_value, &offset))
		return 0;
	demangled = symbol_conf.demangle ? cxx_demangle_sym(name, verbose > 0, verbose > 0) : NULL;
	if (demangled && strlen(demangled) < GUEST_LINE_MAX / 2)
		name = demangled;
	len = fprintf(out, "%" PRIx64 " %" PRIx64 " %x %s\n", offset, (u64)sym->st_size,
		      GELF_ST_BIND(sym->st_info), name);
	free(demangled);
	return max(len, 0);
}

static void write_symbols(const struct elf_symbols *es, FILE *out)
{
	u32 written = 0, bytes = 0, len;
	GElf_Sym sym;
	size_t i;

	for (i = 0; i < es->nr && i < INT_MAX && written < SYMBOLS_MAX &&
	     bytes < TEXT_MAX - GUEST_LINE_MAX; i++) {
		if (!gelf_getsym(es->data, i, &sym) || !is_function(&sym))
			continue;
		len = write_symbol(es, &sym, out);
		bytes += len;
		written += !!len;
	}
}

static int read_elf(int fd, FILE *out, struct answer *answer)
{
	struct elf_symbols es = { .nr = 0 };

	elf_version(EV_CURRENT);
	es.elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!es.elf || elf_kind(es.elf) != ELF_K_ELF)
		return -ENOEXEC;
	find_segments(&es);
	if (find_table(&es))
		write_symbols(&es, out);
	answer->text = es.text;
	elf_end(es.elf);
	return fflush(out) ? -EIO : 0;
}

/* In the other process. */
static int read_symbols(void *arg, void *result, int root)
{
	const struct request *request = arg;
	char path[GUEST_PATH_MAX + 8];
	int fd;

	guest_user_file__path(path, sizeof(path), request->file);
	fd = strcmp(request->file, GUEST_VDSO) ? guest_file__open(root, path) :
						 guest_vdso__open(root);
	return fd < 0 ? fd : read_elf(fd, request->out, result);
}

static struct symbol *parse_symbol(const char *line)
{
	unsigned int binding;
	u64 offset, size;
	int name = 0;

	if (sscanf(line, "%" SCNx64 " %" SCNx64 " %x %n", &offset, &size, &binding, &name) != 3 ||
	    !name || !line[name] || binding > STB_HIPROC || offset > INT64_MAX ||
	    size > INT64_MAX - offset)
		return NULL;
	return symbol__new(offset, size, binding, STT_FUNC, line + name);
}

static u32 parse_symbols(FILE *file, struct dso *dso, struct budget *budget)
{
	char line[GUEST_LINE_MAX];
	struct symbol *sym;
	u32 nr = 0, lines;
	ssize_t len;

	rewind(file);
	for (lines = 0; lines < SYMBOLS_MAX && budget->symbols_left; lines++) {
		len = text__read_line(line, sizeof(line), file);
		if (len == -1)
			break;
		if (len < 0)
			continue;
		text__make_printable(line);
		sym = parse_symbol(line);
		if (!sym)
			continue;
		symbols__insert(dso__symbols(dso), sym);
		budget->symbols_left--;
		nr++;
	}
	return nr;
}

static struct budget *find_budget(int pid)
{
	struct budget *budget;

	for (budget = budgets; budget; budget = budget->next) {
		if (budget->pid == pid)
			return budget;
	}
	budget = malloc(sizeof(*budget));
	if (!budget)
		return NULL;
	*budget = (struct budget) {
		.next = budgets, .pid = pid, .symbols_left = 4 << 20,
		.ms_left = 120 * MSEC_PER_SEC,
	};
	budgets = budget;
	return budget;
}

/* Split ".../PID/user/FILE" where a guest's file is. */
static bool find_file(const struct dso *dso, struct request *request)
{
	const char *mount = symbol_conf.guestmount, *name = dso__long_name(dso);
	size_t len = mount ? strlen(mount) : 0;
	int end = 0, pid = 0;

	if (!len || strncmp(name, mount, len) ||
	    sscanf(name + len, "/%d/user/%n", &pid, &end) < 0 || !end)
		return false;
	request->budget = find_budget(pid);
	if (!request->budget)
		return false;
	len += end;
	snprintf(request->dir, sizeof(request->dir), "%.*s", (int)(len - strlen("/user/")), name);
	/* paths have the '/', what is no path has none */
	request->file = name[len] == '[' ? name + len : name + len - 1;
	return true;
}

static int run(struct request *request, struct answer *answer)
{
	struct guest_child child = {
		.fn = read_symbols, .arg = request, .dir = request->dir,
		.fd = fileno(request->out), .memfd = true, .file_max = TEXT_MAX,
		.idle_ms = READ_IDLE_MS, .total_ms = request->budget->ms_left,
	};
	struct stat st;
	int err;

	if (request->budget->ms_left <= 0 || !request->budget->symbols_left)
		return -EDQUOT;
	err = guest_child__run(&child, answer, sizeof(*answer));
	if (err)
		return err;
	if (fstat(fileno(request->out), &st))
		return -errno;
	/* the child may be the guest's by now */
	return st.st_size > TEXT_MAX ? -EFBIG : 0;
}

bool guest_user__load(struct dso *dso)
{
	struct request request;
	struct answer answer = { .text = 0 };
	s64 start = rdclock();
	u32 nr = 0;
	int err;

	if (!find_file(dso, &request))
		return false;
	request.out = tmpfile();
	err = request.out ? run(&request, &answer) : -errno;
	if (!err)
		nr = parse_symbols(request.out, dso, request.budget);
	if (request.out)
		fclose(request.out);
	request.budget->ms_left -= ((s64)rdclock() - start) / NSEC_PER_MSEC;
	/* -ENOENT: it was not taken along; -ENOEXEC: the guest maps other files, too */
	if (err && err != -ENOENT && err != -ENOEXEC)
		pr_warning("No symbols of the guest's %s: %s\n", request.file, strerror(-err));
	pr_debug("guest file %s: %u symbols\n", request.file, nr);
	if (!nr)
		return true;
	symbols__fixup_duplicate(dso__symbols(dso));
	symbols__fixup_end(dso__symbols(dso), /*is_kallsyms=*/false);
	dso__set_adjust_symbols(dso, true);
	dso__set_text_offset(dso, answer.text);
	dso__set_symtab_type(dso, DSO_BINARY_TYPE__SYSTEM_PATH_DSO);
	dso__set_binary_type(dso, DSO_BINARY_TYPE__SYSTEM_PATH_DSO);
	return true;
}
