// SPDX-License-Identifier: GPL-2.0
/*
 * Walk a guest kernel's list of modules (kernel/module/).
 */
#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include "guest/untrusted/btf.h"
#include "guest/memory/ksyms.h"
#include "guest/memory/module-orc.h"
#include "guest/memory/modules.h"
#include "guest/memory/view.h"
#include "guest/vm/facts.h"

#define STRUCT_MAX	(64U << 10)
#define SYMBOLS_MAX	(1U << 20)
#define STRINGS_MAX	(64U << 20)
#define MODULE_NAME	56	/* MODULE_NAME_LEN */
#define UNFORMED	3	/* MODULE_STATE_UNFORMED */
/* What a module's memory consists of, or "core" and "init" before 6.4. */
#define MEM_MAX		16

/* Of struct module_memory, or struct module_layout */
struct mem_layout {
	u32 nr, at[MEM_MAX];
	struct guest_btf_member base, size;
};

/* Of struct mod_arch_specific in struct module. @text_size: of the first of its memory */
struct orc_layout {
	bool there;
	u32  text_size;
	struct guest_btf_member arch, ip, entries, nr;
};

/* Where things are in struct module, and in struct mod_kallsyms */
struct layout {
	u32 size, kallsyms_size;
	struct guest_btf_member list, name, state, kallsyms;
	struct guest_btf_member symtab, num_symtab, strtab, typetab;
	struct mem_layout mem;
	struct orc_layout orc;
};

/* @symtab, @types, @strings: of a module, @nr symbols and @strings_size bytes */
struct reader {
	struct guest_view *view;
	const struct guest_ram_modules *modules;
	struct layout layout;
	u8	  *module;
	Elf64_Sym *symtab;
	char	  *types, *strings;
	u32	  nr;
	u32	  strings_size;
};

static bool find_mem(const struct guest_btf *btf, struct mem_layout *mem)
{
	struct guest_btf_member core, init;
	const char *type = "module_memory";
	u32 i, size = guest_btf__size(btf, type);

	if (size && guest_btf__member(btf, "module", "mem", &core)) {
		mem->nr = min_t(u32, core.nr, MEM_MAX);
		for (i = 0; i < mem->nr; i++)
			mem->at[i] = core.offset + i * size;
	} else {
		type = "module_layout";
		if (!guest_btf__member(btf, "module", "core_layout", &core) ||
		    !guest_btf__member(btf, "module", "init_layout", &init))
			return false;
		*mem = (struct mem_layout) { .nr = 2, .at = { core.offset, init.offset } };
	}
	return guest_btf__member(btf, type, "base", &mem->base) &&
	       guest_btf__member(btf, type, "size", &mem->size);
}

/* A kernel with frame pointers has none. */
static void find_orc(const struct guest_btf *btf, struct layout *l)
{
	const char *type = "mod_arch_specific";
	struct orc_layout *orc = &l->orc;
	struct guest_btf_member text;

	/* since 6.4 code has a part of its own, which is the first one */
	orc->text_size = l->mem.at[0] + l->mem.size.offset;
	if (guest_btf__member(btf, "module_layout", "text_size", &text))
		orc->text_size = l->mem.at[0] + text.offset;
	orc->there = guest_btf__member(btf, "module", "arch", &orc->arch) &&
		     guest_btf__member(btf, type, "orc_unwind_ip", &orc->ip) &&
		     guest_btf__member(btf, type, "orc_unwind", &orc->entries) &&
		     guest_btf__member(btf, type, "num_orcs", &orc->nr);
}

static bool find_layout(const struct guest_btf *btf, struct layout *l)
{
	l->size = guest_btf__size(btf, "module");
	l->kallsyms_size = guest_btf__size(btf, "mod_kallsyms");
	return l->size && l->size <= STRUCT_MAX &&
	       l->kallsyms_size && l->kallsyms_size <= STRUCT_MAX &&
	       guest_btf__member(btf, "module", "list", &l->list) &&
	       guest_btf__member(btf, "module", "name", &l->name) &&
	       guest_btf__member(btf, "module", "state", &l->state) &&
	       guest_btf__member(btf, "module", "kallsyms", &l->kallsyms) &&
	       guest_btf__member(btf, "mod_kallsyms", "symtab", &l->symtab) &&
	       guest_btf__member(btf, "mod_kallsyms", "num_symtab", &l->num_symtab) &&
	       guest_btf__member(btf, "mod_kallsyms", "strtab", &l->strtab) &&
	       guest_btf__member(btf, "mod_kallsyms", "typetab", &l->typetab) &&
	       find_mem(btf, &l->mem);
}

static int read_layout(struct reader *reader)
{
	const struct guest_ram_modules *modules = reader->modules;
	u64 size = modules->btf_end - modules->btf;
	struct guest_btf btf;
	void *data;
	int err;

	if (!modules->list || !modules->btf || modules->btf_end <= modules->btf)
		return -ENODATA;
	if (size > GUEST_BTF_MAX)
		return -EINVAL;
	data = malloc(size);
	if (!data)
		return -ENOMEM;
	err = guest_view__read(reader->view, modules->btf, data, size) ?:
	      guest_btf__open(&btf, data, size);
	if (!err) {
		err = find_layout(&btf, &reader->layout) ? 0 : -ENODATA;
		find_orc(&btf, &reader->layout);
		guest_btf__close(&btf);
	}
	free(data);
	return err;
}

/* Of a structure of @size bytes; 0 where it has no such place. */
static u64 number(const u8 *data, u32 size, u32 offset, u32 bytes)
{
	u64 value = 0;

	if (offset <= size && bytes <= size - offset)
		memcpy(&value, data + offset, bytes);
	return value;
}

static u64 word(const u8 *data, u32 size, u32 offset)
{
	return number(data, size, offset, sizeof(u64));
}

static u32 half(const u8 *data, u32 size, u32 offset)
{
	return number(data, size, offset, sizeof(u32));
}

static bool get_name(const struct reader *reader, char *name)
{
	const struct layout *l = &reader->layout;

	if (l->name.offset > l->size || MODULE_NAME > l->size - l->name.offset)
		return false;
	memcpy(name, reader->module + l->name.offset, MODULE_NAME);
	name[MODULE_NAME] = '\0';
	return guest_module_name__valid(name);
}

static bool get_module(const struct reader *reader, struct guest_module *module)
{
	const struct layout *l = &reader->layout;
	u32 i;

	memset(module, 0, sizeof(*module));
	if (!get_name(reader, module->name))
		return false;
	module->start = word(reader->module, l->size, l->mem.at[0] + l->mem.base.offset);
	for (i = 0; i < l->mem.nr; i++)
		module->size += half(reader->module, l->size, l->mem.at[i] + l->mem.size.offset);
	return module->start && module->size <= UINT32_MAX &&
	       module->start + module->size > module->start;
}

static void get_orc(const struct reader *reader, u64 start, struct guest_module_orc *orc)
{
	const struct orc_layout *o = &reader->layout.orc;
	const u8 *module = reader->module;
	const u32 size = reader->layout.size;

	memset(orc, 0, sizeof(*orc));
	if (!o->there)
		return;
	orc->text.start = start;
	orc->text.end = start + half(module, size, o->text_size);
	orc->ip = word(module, size, o->arch.offset + o->ip.offset);
	orc->entries = word(module, size, o->arch.offset + o->entries.offset);
	orc->nr = half(module, size, o->arch.offset + o->nr.offset);
}

/* Strings have no end that is known: as far as names begin, and what follows if it is there. */
static int read_strings(struct reader *reader, u64 addr)
{
	u32 i, last = 0, more, size;
	int err;

	for (i = 0; i < reader->nr; i++)
		last = max(last, reader->symtab[i].st_name);
	if (last > STRINGS_MAX)
		return -EINVAL;
	reader->strings = calloc(1, last + GUEST_KSYM_SIZE + 1);
	if (!reader->strings)
		return -ENOMEM;
	size = last + 1;
	err = guest_view__read(reader->view, addr, reader->strings, size);
	more = min_t(u32, GUEST_KSYM_SIZE - 1, -(addr + size) % GUEST_VIEW_PAGE);
	if (!err && more)
		err = guest_view__read(reader->view, addr + size, reader->strings + size, more);
	size += more;
	if (!err && more < GUEST_KSYM_SIZE - 1)
		guest_view__read(reader->view, addr + size, reader->strings + size,
				 GUEST_KSYM_SIZE - 1 - more);
	return err;
}

static int read_tables(struct reader *reader, const u8 *kallsyms)
{
	const struct layout *l = &reader->layout;
	u64 symtab = word(kallsyms, l->kallsyms_size, l->symtab.offset);
	u64 types = word(kallsyms, l->kallsyms_size, l->typetab.offset);

	reader->nr = half(kallsyms, l->kallsyms_size, l->num_symtab.offset);
	if (!reader->nr)
		return 0;
	if (reader->nr > SYMBOLS_MAX)
		return -EINVAL;
	reader->symtab = calloc(reader->nr, sizeof(*reader->symtab));
	reader->types = calloc(reader->nr, 1);
	if (!reader->symtab || !reader->types)
		return -ENOMEM;
	return guest_view__read(reader->view, symtab, reader->symtab,
				reader->nr * sizeof(*reader->symtab)) ?:
	       guest_view__read(reader->view, types, reader->types, reader->nr) ?:
	       read_strings(reader, word(kallsyms, l->kallsyms_size, l->strtab.offset));
}

static int show_symbols(const struct reader *reader, const struct guest_module *module)
{
	const char *name;
	u32 i;
	int err = 0;

	for (i = 0; !err && i < reader->nr; i++) {
		name = reader->strings + reader->symtab[i].st_name;
		if (guest_ksym__is_type(reader->types[i]) && guest_ksym__is_name(name))
			err = reader->modules->symbol(reader->modules->arg, module,
						      reader->symtab[i].st_value,
						      tolower(reader->types[i]), name);
	}
	return err;
}

static int read_symbols(struct reader *reader, const struct guest_module *module)
{
	const struct layout *l = &reader->layout;
	u64 addr = word(reader->module, l->size, l->kallsyms.offset);
	u8 *kallsyms = malloc(l->kallsyms_size);
	int err = -ENOMEM;

	reader->symtab = NULL;
	reader->types = reader->strings = NULL;
	if (kallsyms)
		err = guest_view__read(reader->view, addr, kallsyms, l->kallsyms_size) ?:
		      read_tables(reader, kallsyms);
	if (!err)
		err = show_symbols(reader, module);
	free(kallsyms);
	free(reader->symtab);
	free(reader->types);
	free(reader->strings);
	return err;
}

static int read_module(struct reader *reader)
{
	const struct layout *l = &reader->layout;
	struct guest_module_orc orc;
	struct guest_module module;
	int err;

	if (half(reader->module, l->size, l->state.offset) == UNFORMED)
		return 0;
	if (!get_module(reader, &module))
		return -EINVAL;
	get_orc(reader, module.start, &orc);
	err = reader->modules->module(reader->modules->arg, &module, &orc);
	return err ?: read_symbols(reader, &module);
}

static int read_list(struct reader *reader)
{
	const struct layout *l = &reader->layout;
	u64 at, head = reader->modules->list;
	unsigned int nr;
	int err;

	reader->module = malloc(l->size);
	if (!reader->module)
		return -ENOMEM;
	err = guest_view__read(reader->view, head, &at, sizeof(at));
	for (nr = 0; !err && at != head; nr++) {
		err = nr == GUEST_MODULES_MAX ? -EINVAL :
		      guest_view__read(reader->view, at - l->list.offset, reader->module,
				       l->size) ?:
		      read_module(reader);
		at = word(reader->module, l->size, l->list.offset);
	}
	free(reader->module);
	return err;
}

int guest_ram_modules__read(struct guest_view *view, const struct guest_ram_modules *modules)
{
	struct reader reader = { .view = view, .modules = modules };

	return read_layout(&reader) ?: read_list(&reader);
}
