// SPDX-License-Identifier: GPL-2.0
/* The symbols of a guest's modules, which are the guest's kallsyms'. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include "dso.h"
#include "guest/snapshot/lookup.h"
#include "guest/symbols/host-kernel.h"
#include "guest/symbols/module.h"
#include "guest/symbols/user-elf.h"
#include "machine.h"
#include "map.h"
#include "maps.h"
#include "symbol_conf.h"

/*
 * The module's file, for annotate. It was taken along with the recording, which may be
 * elsewhere by now, or on another machine.
 */
static void find_module_file(struct dso *dso, pid_t pid)
{
	char below[64], *path = NULL;
	const char *rest;

	snprintf(below, sizeof(below), "/%d/lib/modules/", pid);
	rest = strstr(dso__long_name(dso), below);
	if (rest && guest_snapshot__has(pid) &&
	    asprintf(&path, "%s%s", symbol_conf.guestmount, rest) >= 0)
		dso__set_long_name(dso, path, true);
	if (!access(dso__long_name(dso), R_OK)) {
		dso__set_binary_type(dso, dso__comp(dso) ? DSO_BINARY_TYPE__GUEST_KMODULE_COMP :
							   DSO_BINARY_TYPE__GUEST_KMODULE);
		dso__set_symtab_type(dso, dso__binary_type(dso));
	}
}

static bool load_module(struct dso *dso, struct map *map)
{
	struct maps *maps = map__kmaps(map);
	struct machine *machine = maps ? maps__machine(maps) : NULL;
	struct map *kernel;

	kernel = machine ? machine__kernel_map(machine) : NULL;
	/* not by dso__kernel(): perf has it that a file's module is the host's */
	if (!machine || machine__is_host(machine)) {
		if (!host_kernel__is_elsewhere(dso, machine))
			return false;
		if (kernel && symbol_conf.kallsyms_name)
			map__load(kernel);
		return true;
	}
	/* this deals the symbols out to the modules that are not loaded yet */
	if (kernel && map__load(kernel) >= 0 && !RB_EMPTY_ROOT(&dso__symbols(dso)->rb_root))
		find_module_file(dso, machine->pid);
	return true;
}

bool guest_dso__load(struct dso *dso, struct map *map, int *ret)
{
	if (!(dso__is_kmod(dso) ? load_module(dso, map) : guest_user__load(dso)))
		return false;
	*ret = 1;
	return true;
}
