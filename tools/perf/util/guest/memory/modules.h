/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest kernel's modules out of its memory, by its own BTF: what a distribution has put into
 * struct module, or an older version has called otherwise, no list here has to know.
 */
#ifndef __PERF_GUEST_MEMORY_MODULES_H
#define __PERF_GUEST_MEMORY_MODULES_H

#include <linux/types.h>

struct guest_module;
struct guest_module_orc;
struct guest_view;

/**
 * struct guest_ram_modules - where to look, and what is to be done with it
 * @list:   address of "modules"
 * @btf, @btf_end: of __start_BTF and __stop_BTF
 * @module: is called with each module, and with what it says of its ORC tables, which is not
 *	    checked; returns 0 to go on
 * @symbol: is called with each of its symbols after that, as that of guest_ksyms__read(). All
 *	    are of small letters: which are exported is not looked up.
 * @arg:    for both
 */
struct guest_ram_modules {
	u64  list, btf, btf_end;
	int  (*module)(void *arg, const struct guest_module *module,
		       const struct guest_module_orc *orc);
	int  (*symbol)(void *arg, const struct guest_module *module, u64 addr, char type,
		       const char *name);
	void *arg;
};

/**
 * guest_ram_modules__read - read all modules
 *
 * Return: 0; -ENODATA for a kernel without BTF; -EINVAL if a module is not what it should be,
 * as when one is loaded or unloaded meanwhile; what @module or @symbol returned; another
 * negative error.
 */
int guest_ram_modules__read(struct guest_view *view, const struct guest_ram_modules *modules);

#endif /* __PERF_GUEST_MEMORY_MODULES_H */
