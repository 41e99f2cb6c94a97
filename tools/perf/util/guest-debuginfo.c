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
#include "guest-debuginfo.h"
#include "guest-snapshot.h"
#include "guest-untrusted.h"
#include "machine.h"
#include "map.h"
#include "maps.h"
#include "symbol.h"
#include "symbol_conf.h"
#include "host-elf.h"

static bool find_in_table(Elf *elf, Elf_Scn *section, const char *name, u64 *addr)
{
	Elf_Data *data = elf_getdata(section, NULL);
	const char *found;
	GElf_Shdr sh;
	GElf_Sym sym;
	int i;

	if (!data || !gelf_getshdr(section, &sh))
		return false;
	for (i = 0; gelf_getsym(data, i, &sym); i++) {
		found = elf_strptr(elf, sh.sh_link, sym.st_name);
		if (found && !strcmp(found, name)) {
			*addr = sym.st_value;
			return true;
		}
	}
	return false;
}

static bool find_symbol(const char *file, const char *name, u64 *addr)
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
			found = find_in_table(elf, section, name, addr);
	}
	elf_end(elf);
	close(fd);
	return found;
}

/* A guest that does not say what it runs is taken at its user's word. */
static bool is_guests(const char *file, const struct machine *machine)
{
	struct build_id of_file, of_guest;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/sys/kernel/notes", machine->root_dir);
	if (sysfs__read_build_id(path, &of_guest))
		return true;
	return filename__read_build_id(file, &of_file) > 0 && of_file.size == of_guest.size &&
	       !memcmp(of_file.data, of_guest.data, of_file.size);
}

void guest_debuginfo__use(struct dso *dso, struct map *map)
{
	const char *name = symbol_conf.default_guest_vmlinux_name;
	struct machine *machine = maps__machine(map__kmaps(map));
	const struct ref_reloc_sym *ref = map__kmap(map)->ref_reloc_sym;
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
	if (!is_guests(name, machine)) {
		pr_warning("%s is not the kernel of guest %s: its build-id is another one\n", name,
			   guest_pid__name(machine->pid));
		return;
	}
	if (!find_symbol(name, ref->name, &addr)) {
		pr_warning("%s has no symbol %s: it is no vmlinux, or has no symbol table\n", name,
			   ref->name);
		return;
	}
	map__set_reloc(map, ref->addr - addr);
	dso__set_long_name(dso, name, false);
	dso__set_adjust_symbols(dso, true);
	dso__set_binary_type(dso, DSO_BINARY_TYPE__GUEST_VMLINUX);
	dso__set_symtab_type(dso, DSO_BINARY_TYPE__GUEST_VMLINUX);
}
