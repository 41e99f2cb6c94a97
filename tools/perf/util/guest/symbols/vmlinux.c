// SPDX-License-Identifier: GPL-2.0
/*
 * Find the code and the source lines of a guest's kernel in the file its user names.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "build-id.h"
#include "debug.h"
#include "dso.h"
#include "guest/symbols/vmlinux.h"
#include "guest/snapshot/lookup.h"
#include "guest/untrusted/origin.h"
#include "machine.h"
#include "map.h"
#include "maps.h"
#include "symbol.h"
#include "symbol_conf.h"
#include "guest/untrusted/host-elf.h"

/* Call @fn for each symbol until it returns true; false if it never does. */
static bool each_in_table(Elf *elf, Elf_Scn *section,
			  bool (*fn)(void *arg, const char *name, const GElf_Sym *sym), void *arg)
{
	Elf_Data *data = elf_getdata(section, NULL);
	const char *name;
	GElf_Shdr sh;
	GElf_Sym sym;
	int i;

	if (!data || !gelf_getshdr(section, &sh))
		return false;
	for (i = 0; gelf_getsym(data, i, &sym); i++) {
		name = elf_strptr(elf, sh.sh_link, sym.st_name);
		if (name && fn(arg, name, &sym))
			return true;
	}
	return false;
}

static bool each_symbol(const char *file,
			bool (*fn)(void *arg, const char *name, const GElf_Sym *sym), void *arg)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	Elf_Scn *section = NULL;
	bool found = false;
	GElf_Shdr sh;
	Elf *elf;

	if (fd < 0)
		return false;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	while (elf && !found && (section = elf_nextscn(elf, section))) {
		if (gelf_getshdr(section, &sh) && sh.sh_type == SHT_SYMTAB)
			found = each_in_table(elf, section, fn, arg);
	}
	elf_end(elf);
	close(fd);
	return found;
}

struct wanted {
	const char *name;
	u64	   addr;
};

static bool is_wanted(void *arg, const char *name, const GElf_Sym *sym)
{
	struct wanted *wanted = arg;

	if (strcmp(name, wanted->name))
		return false;
	wanted->addr = sym->st_value;
	return true;
}

static bool find_symbol(const char *file, const char *name, u64 *addr)
{
	struct wanted wanted = { .name = name };
	bool found = each_symbol(file, is_wanted, &wanted);

	*addr = wanted.addr;
	return found;
}

/* Functions of a vmlinux, and those that kallsyms has at the same place. */
struct fit {
	struct dso *dso;
	u64	   moved, functions, same;
};

static bool count_fit(void *arg, const char *name, const GElf_Sym *elf_sym)
{
	u64 addr = elf_sym->st_value + ((struct fit *)arg)->moved;
	struct fit *fit = arg;
	struct symbol *sym;

	if (GELF_ST_TYPE(elf_sym->st_info) != STT_FUNC ||
	    GELF_ST_BIND(elf_sym->st_info) != STB_GLOBAL)
		return false;
	sym = dso__find_symbol_nocache(fit->dso, addr);
	fit->functions++;
	fit->same += sym && sym->start == addr && !strcmp(sym->name, name);
	return false;
}

/* Of functions with the same address perf keeps one: these are a few in a hundred. */
static bool fits_kallsyms(const char *file, struct dso *dso, u64 moved)
{
	struct fit fit = { .dso = dso, .moved = moved };

	each_symbol(file, count_fit, &fit);
	return fit.functions && fit.same >= fit.functions - fit.functions / 10;
}

/* Does the guest say what it runs? The default guest has no directory of its own. */
static bool is_known(const struct machine *machine, struct build_id *id)
{
	char path[PATH_MAX];

	if (!machine->root_dir || !*machine->root_dir)
		return false;
	snprintf(path, sizeof(path), "%s/sys/kernel/notes", machine->root_dir);
	return !sysfs__read_build_id(path, id);
}

static bool has_build_id(const char *file, const struct build_id *id)
{
	struct build_id of_file;

	return filename__read_build_id(file, &of_file) > 0 && of_file.size == id->size &&
	       !memcmp(of_file.data, id->data, id->size);
}

bool guest_debuginfo__has_symbols(void)
{
	const char *name = symbol_conf.default_guest_vmlinux_name;

	if (!name || symbol_conf.default_guest_kallsyms)
		return false;
	if (access(name, R_OK))
		pr_err("--guestvmlinux=%s: %s\n", name, strerror(errno));
	return true;
}

static void use_vmlinux(struct dso *dso, struct map *map)
{
	const char *name = symbol_conf.default_guest_vmlinux_name;
	struct machine *machine = maps__machine(map__kmaps(map));
	const struct ref_reloc_sym *ref = map__kmap(map)->ref_reloc_sym;
	struct build_id id;
	bool known;
	u64 addr;

	if (!name || !ref)
		return;
	if (access(name, R_OK)) {
		pr_warning("%s: %s\n", name, strerror(errno));
		return;
	}
	if (guest_path__is(name)) {
		pr_warning("%s is the guest's own file: --guestvmlinux takes one that you trust\n",
			   name);
		return;
	}
	known = is_known(machine, &id);
	if (known && !has_build_id(name, &id)) {
		pr_warning("%s is not the kernel of guest %s: its build-id is another one\n", name,
			   guest_pid__name(machine->pid));
		return;
	}
	if (!find_symbol(name, ref->name, &addr)) {
		pr_warning("%s has no symbol %s: it is no vmlinux, or has no symbol table\n", name,
			   ref->name);
		return;
	}
	if (!known && !fits_kallsyms(name, dso, ref->addr - addr)) {
		pr_warning("%s is not the kernel that the guest's kallsyms is of: its functions are elsewhere\n",
			   name);
		return;
	}
	map__set_reloc(map, ref->addr - addr);
	dso__set_long_name(dso, name, false);
	dso__set_adjust_symbols(dso, true);
	dso__set_binary_type(dso, DSO_BINARY_TYPE__GUEST_VMLINUX);
	dso__set_symtab_type(dso, DSO_BINARY_TYPE__GUEST_VMLINUX);
}

/* Did symbols have to come from --guestvmlinux? See dso__load_guest_kernel_sym(). */
static bool machine__lacks_kallsyms(struct machine *machine)
{
	return symbol_conf.default_guest_vmlinux_name && !symbol_conf.default_guest_kallsyms &&
	       !machine->kallsyms_filename &&
	       (machine__is_default_guest(machine) || !*machine->root_dir);
}

void guest_debuginfo__loaded(struct dso *dso, struct map *map, int nr)
{
	const char *name = symbol_conf.default_guest_vmlinux_name;

	if (dso__kernel(dso) != DSO_SPACE__KERNEL_GUEST)
		return;
	if (nr > 0 && dso__binary_type(dso) == DSO_BINARY_TYPE__GUEST_KALLSYMS)
		use_vmlinux(dso, map);
	else if (nr <= 0 && machine__lacks_kallsyms(maps__machine(map__kmaps(map))) &&
		 !access(name, R_OK))
		pr_err("--guestvmlinux=%s: no symbols: it is no vmlinux, or cut short\n", name);
}
