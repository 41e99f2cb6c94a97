// SPDX-License-Identifier: GPL-2.0
/*
 * Load the ORC tables of a guest's kernel and modules from its files.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/zalloc.h>
#include "debug.h"
#include "guest-elf.h"
#include "guest-facts.h"
#include "guest-file.h"
#include "guest-orc.h"
#include "guest-snapshot.h"
#include "guest-tables.h"
#include "guest-vmlinuz.h"
#include "symbol_conf.h"
#include "util.h"

#define MODULES_LIMIT	(4 << 20)
#define FUNCTIONS_MAX	(4 << 20)

/**
 * struct load - tables in the making
 * @root:     of the guest's files
 * @text:     address of _stext, 0 until it is known
 * @build_id: of a module or the kernel, in @notes
 */
struct load {
	struct guest_tables *tables;
	int		    root;
	char		    release[GUEST_NAME_MAX];
	u64		    text;
	char		    notes[8192];
	struct guest_build_id build_id;
};

static int add_function(struct guest_tables *tables, u64 addr)
{
	size_t alloc = tables->alloc_functions;
	u64 *functions;

	if (tables->nr_functions == FUNCTIONS_MAX)
		return 0;
	if (tables->nr_functions == alloc) {
		alloc = alloc ? alloc * 2 : 65536;
		functions = realloc(tables->functions, alloc * sizeof(*functions));
		if (!functions)
			return -ENOMEM;
		tables->functions = functions;
		tables->alloc_functions = alloc;
	}
	tables->functions[tables->nr_functions++] = addr;
	return 0;
}

static int kallsyms_line(void *arg, char *line)
{
	struct load *load = arg;
	struct guest_symbol sym;

	if (!guest_symbol__parse(&sym, line) || !sym.start)
		return 0;
	if (!load->text && !*sym.module &&
	    (!strcmp(sym.name, "_stext") || !strcmp(sym.name, "_text")))
		load->text = sym.start;
	return strchr("tw", tolower(sym.type)) ? add_function(load->tables, sym.start) : 0;
}

static int cmp_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static void read_kallsyms(struct load *load, const char *path)
{
	struct guest_tables *tables = load->tables;

	guest_file__lines(load->root, path, GUEST_KALLSYMS_LIMIT, kallsyms_line, load);
	qsort(tables->functions, tables->nr_functions, sizeof(u64), cmp_u64);
}

/* NULL if the guest does not tell: then nothing can be checked. */
static const struct guest_build_id *read_build_id(struct load *load, const char *path)
{
	struct guest_elf_section notes = { .name = "" };
	ssize_t size = guest_file__read(load->root, path, load->notes, sizeof(load->notes));

	if (size <= 0)
		return NULL;
	notes.data = (const u8 *)load->notes;
	notes.size = size;
	load->build_id.size = guest_elf__build_id(&notes, &load->build_id.data);
	return load->build_id.size ? &load->build_id : NULL;
}

/* Read the ELF file that is in a file of the guest's, packed or not. */
static int read_elf(int root, const char *path, void **elf, size_t *elf_size, const char **why)
{
	void *file;
	size_t size;
	int err = guest_file__load(root, path, GUEST_VMLINUZ_MAX, &file, &size);

	if (err) {
		*why = "unreadable file";
		return err;
	}
	err = guest_vmlinuz__unpack(file, size, elf, elf_size, why);
	free(file);
	return err;
}

/* A file that fails leaves nothing in the tables, so that another one can be tried. */
static int add_kernel_elf(struct load *load, const void *elf, size_t size)
{
	const struct guest_build_id *id = read_build_id(load, "sys/kernel/notes");
	struct guest_tables *tables = load->tables;
	int err;

	tables->why = "out of memory";
	tables->orc = guest_orc__new();
	if (!tables->orc)
		return -ENOMEM;
	err = guest_orc__add_kernel(tables->orc, elf, size, load->text, id, &tables->why);
	if (err) {
		guest_orc__delete(tables->orc);
		tables->orc = NULL;
	}
	return err;
}

static int add_kernel(struct load *load, int root, const char *path)
{
	size_t size;
	void *elf;
	int err;

	err = read_elf(root, path, &elf, &size, &load->tables->why);
	if (!err) {
		err = add_kernel_elf(load, elf, size);
		free(elf);
	}
	if (err)
		pr_debug("%s: %s\n", path, load->tables->why);
	return err;
}

/* A file of the host's own, named by who runs perf: links in it are theirs to follow. */
static int use_vmlinux(struct load *load, const char *name)
{
	char path[PATH_MAX];
	int root, err;

	load->tables->why = "no such file as --guestvmlinux";
	if (!realpath(name, path))
		return -errno;
	root = guest_file__root("/");
	if (root < 0)
		return root;
	err = add_kernel(load, root, path);
	close(root);
	return err;
}

/*
 * The file named may be another guest's, or have no tables. guest_debuginfo__use() warns of
 * the first, whether or not the guest has a file of its own.
 */
static int find_kernel(struct load *load)
{
	const char *vmlinux = symbol_conf.default_guest_vmlinux_name;
	char path[GUEST_NAME_MAX + 32];

	if (vmlinux && !use_vmlinux(load, vmlinux))
		return 0;
	if (load->root >= 0 &&
	    guest_kernel__find(load->root, load->release, path, sizeof(path)))
		return add_kernel(load, load->root, path);
	/* who has named a file is told what is wrong with that one */
	if (!vmlinux)
		load->tables->why = "no file of its kernel in its /boot";
	return -ENOENT;
}

static unsigned int read_sections(struct load *load, const char *module,
				  struct guest_orc_section *sections)
{
	char path[GUEST_NAME_MAX + 64], text[64];
	unsigned int i, nr = 0;

	for (i = 0; i < GUEST_MODULE_SECTIONS; i++) {
		snprintf(path, sizeof(path), "sys/module/%s/sections/%s", module,
			 guest_module_sections[i]);
		if (guest_file__read(load->root, path, text, sizeof(text)) <= 0 ||
		    sscanf(text, "0x%" SCNx64, &sections[nr].addr) != 1)
			continue;
		sections[nr++].name = guest_module_sections[i];
	}
	return nr;
}

static int read_module(struct load *load, const char *name, void **elf, size_t *size,
		       const char **why)
{
	static const char * const suffixes[] = { "ko", "ko.xz", "ko.zst", "ko.gz" };
	char path[2 * GUEST_NAME_MAX + 32], file[GUEST_NAME_MAX];
	int dashes, err = -ENOENT;
	size_t i;

	/* the kernel has made '_' of what may be '-' in the file's name */
	strlcpy(file, name, sizeof(file));
	for (dashes = 0; err == -ENOENT && dashes < 2; dashes++) {
		for (i = 0; err == -ENOENT && i < ARRAY_SIZE(suffixes); i++) {
			snprintf(path, sizeof(path), "lib/modules/%s/%s.%s", load->release,
				 file, suffixes[i]);
			err = read_elf(load->root, path, elf, size, why);
		}
		for (i = 0; file[i]; i++)
			file[i] = file[i] == '_' ? '-' : file[i];
	}
	return err;
}

static int add_module(struct load *load, const char *name)
{
	struct guest_orc_section sections[GUEST_MODULE_SECTIONS];
	char path[GUEST_NAME_MAX + 64];
	unsigned int nr = read_sections(load, name, sections);
	const struct guest_build_id *id;
	const char *why = "";
	size_t size;
	void *elf;
	int err;

	err = read_module(load, name, &elf, &size, &why);
	if (!err) {
		snprintf(path, sizeof(path), "sys/module/%s/notes/.note.gnu.build-id", name);
		id = read_build_id(load, path);
		err = guest_orc__add_module(load->tables->orc, elf, size, sections, nr, id, &why);
		free(elf);
	}
	if (err)
		pr_debug("guest module %s has no ORC tables: %s\n", name, why);
	return err;
}

static int module_line(void *arg, char *line)
{
	struct load *load = arg;

	line[strcspn(line, " ")] = '\0';
	if (!guest_module_name__valid(line))
		return 0;
	if (add_module(load, line))
		load->tables->failed++;
	else
		load->tables->modules++;
	return 0;
}

static void add_tables(struct load *load)
{
	load->tables->why = "no address of _stext in the guest's kallsyms";
	if (!load->text || find_kernel(load))
		return;
	if (load->root >= 0)
		guest_file__lines(load->root, "proc/modules", MODULES_LIMIT, module_line, load);
}

/* From a directory that does not change or hang: our own. */
static void load_from(struct guest_tables *tables, const char *dir)
{
	struct load load = { .tables = tables, .root = guest_file__root(dir) };
	struct guest_facts facts;

	if (load.root < 0) {
		tables->why = "no files of the guest's";
		return;
	}
	guest_facts__read(&facts, load.root);
	tables->unwind = facts.unwind;
	strlcpy(load.release, facts.release, sizeof(load.release));
	read_kallsyms(&load, "proc/kallsyms");
	tables->why = "its kernel has frame pointers";
	if (tables->unwind != GUEST_UNWIND_FP)
		add_tables(&load);
	guest_text__load(&tables->text, load.root);
	close(load.root);
}

/* --guestkallsyms and --guestvmlinux: files of the host's. */
static void load_from_files(struct guest_tables *tables)
{
	struct load load = { .tables = tables, .root = guest_file__root("/") };
	char path[PATH_MAX];

	if (load.root >= 0 && realpath(symbol_conf.default_guest_kallsyms, path))
		read_kallsyms(&load, path);
	if (load.root >= 0)
		close(load.root);
	load.root = -1;
	if (symbol_conf.default_guest_vmlinux_name)
		add_tables(&load);
}

/* The guest may still change its files, or not answer: take a copy, as record does. */
static void load_from_mount(struct guest_tables *tables, pid_t pid)
{
	char dir[] = "/tmp/perf-guest-tables-XXXXXX", path[PATH_MAX];
	struct guest_snapshot snapshot;
	struct guest guest = { .pid = pid };

	if (snprintf(guest.mount, sizeof(guest.mount), "%s/%d", symbol_conf.guestmount, pid) >=
	    (int)sizeof(guest.mount) || access(guest.mount, F_OK) || !mkdtemp(dir)) {
		tables->why = "no files of the guest's";
		return;
	}
	/* what has come before the time was up is what there is */
	guest_snapshot__take(&guest, dir, GUEST_SNAPSHOT_KERNEL, &snapshot);
	snprintf(path, sizeof(path), "%s/%d", dir, pid);
	load_from(tables, path);
	rm_rf(dir);
}

void guest_tables__load(struct guest_tables *tables, pid_t pid)
{
	char path[PATH_MAX];

	*tables = (struct guest_tables) { .why = "no files of the guest's" };
	if (guest_snapshot__has(pid)) {
		snprintf(path, sizeof(path), "%s/%d", symbol_conf.guestmount, pid);
		load_from(tables, path);
	} else if (symbol_conf.guestmount) {
		load_from_mount(tables, pid);
	} else if (symbol_conf.default_guest_kallsyms) {
		load_from_files(tables);
	}
}

void guest_tables__exit(struct guest_tables *tables)
{
	guest_orc__delete(tables->orc);
	free(tables->functions);
	guest_text__exit(&tables->text);
	memset(tables, 0, sizeof(*tables));
}

static bool in_function(const struct guest_tables *tables, u64 addr)
{
	size_t low = 0, high = tables->nr_functions, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (tables->functions[mid] == addr)
			return false;	/* a function's begin is behind no call in it */
		if (tables->functions[mid] < addr)
			low = mid + 1;
		else
			high = mid;
	}
	/* the last one's end is not known */
	return low && low < tables->nr_functions;
}

bool guest_tables__may_return_to(const struct guest_tables *tables, u64 addr)
{
	return in_function(tables, addr) &&
	       guest_text__behind_call(&tables->text, addr) != GUEST_TEXT_NO_CALL;
}
