// SPDX-License-Identifier: GPL-2.0
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <linux/kernel.h>
#include "tests/guest/made-btf.h"
#include "tests/guest/made-modules.h"
#include "util/guest/unwind/orc-table.h"

#define MODULES		3
#define UNFORMED	3

static void add_member(struct made_btf *btf, const char *name, u32 type, u32 offset)
{
	made_btf__member(btf, name, type, offset * 8);
}

static void add_array(struct made_btf *btf, u32 type, u32 nr)
{
	made_btf__type(btf, "", BTF_KIND_ARRAY, 0, 0);
	made_btf__word(btf, type);
	made_btf__word(btf, 1);
	made_btf__word(btf, nr);
}

/* Types by their numbers */
enum { INT = 1, CHAR56, MEMORY, MEMORIES, KALLSYMS, POINTER, INSIDE, ARCH };

/* What is in front of a module's other members, without a name: */
static void add_inside(struct made_btf *btf)
{
	made_btf__type(btf, "", BTF_KIND_STRUCT, 2, 88);
	add_member(btf, "list", POINTER, MADE_LIST);
	add_member(btf, "name", CHAR56, MADE_NAME);
}

static void add_arch(struct made_btf *btf)
{
	made_btf__type(btf, "mod_arch_specific", BTF_KIND_STRUCT, 3, 24);
	add_member(btf, "num_orcs", INT, 0);
	add_member(btf, "orc_unwind_ip", POINTER, 8);
	add_member(btf, "orc_unwind", POINTER, 16);
}

static void add_module(struct made_btf *btf, bool old)
{
	/* one of that name that is none is not to be taken */
	made_btf__type(btf, "module", BTF_KIND_FWD, 0, 0);
	made_btf__type(btf, "module", BTF_KIND_STRUCT, old ? 6 : 5, 512);
	add_member(btf, "state", INT, MADE_STATE);
	add_member(btf, "", INSIDE, 0);
	if (old) {
		add_member(btf, "core_layout", MEMORY, MADE_MEM);
		add_member(btf, "init_layout", MEMORY, MADE_MEM + 16);
	} else {
		add_member(btf, "mem", MEMORIES, MADE_MEM);
	}
	add_member(btf, "kallsyms", POINTER, MADE_KALLSYMS_POINTER);
	add_member(btf, "arch", ARCH, MADE_ARCH);
}

static void make_btf(struct made_memory *memory, bool old)
{
	struct made_btf btf;

	made_btf__begin(&btf);
	made_btf__type(&btf, "int", BTF_KIND_INT, 0, 4);
	made_btf__word(&btf, 32);
	add_array(&btf, INT, 56);
	made_btf__type(&btf, old ? "module_layout" : "module_memory", BTF_KIND_STRUCT, 3, 16);
	add_member(&btf, "base", POINTER, 0);
	add_member(&btf, "size", INT, 8);
	add_member(&btf, old ? "text_size" : "mtn", INT, 12);
	add_array(&btf, MEMORY, 7);
	made_btf__type(&btf, "mod_kallsyms", BTF_KIND_STRUCT, 4, 32);
	add_member(&btf, "symtab", POINTER, 0);
	add_member(&btf, "num_symtab", INT, 8);
	add_member(&btf, "strtab", POINTER, 16);
	add_member(&btf, "typetab", POINTER, 24);
	made_btf__type(&btf, "", BTF_KIND_PTR, 0, INT);
	add_inside(&btf);
	add_arch(&btf);
	add_module(&btf, old);
	made_btf__finish(&btf, made_memory__at(memory, MADE_BTF));
}

static void put(struct made_memory *memory, u64 gva, u64 value, size_t size)
{
	memcpy(made_memory__at(memory, gva), &value, size);
}

static void make_kallsyms(struct made_memory *memory, unsigned int i, const char *name)
{
	const u64 at = MADE_MODULE(i);
	Elf64_Sym symtab[] = {
		{ .st_name = 0 },
		{ .st_name = 1, .st_value = MADE_MODULE_CODE(i) + 0x10 },
	};

	put(memory, at + MADE_KALLSYMS, at + MADE_SYMTAB, 8);
	put(memory, at + MADE_KALLSYMS + 8, ARRAY_SIZE(symtab), 4);
	put(memory, at + MADE_KALLSYMS + 16, at + MADE_STRINGS, 8);
	put(memory, at + MADE_KALLSYMS + 24, at + MADE_TYPES, 8);
	memcpy(made_memory__at(memory, at + MADE_SYMTAB), symtab, sizeof(symtab));
	memcpy(made_memory__at(memory, at + MADE_TYPES), "?T", 2);
	sprintf(made_memory__at(memory, at + MADE_STRINGS + 1), "%s_init", name);
}

static void make_module(struct made_memory *memory, unsigned int i, const char *name, u32 size)
{
	const u64 at = MADE_MODULE(i);
	u64 next = i + 1 < MODULES ? MADE_MODULE(i + 1) + MADE_LIST : MADE_MODULES;

	put(memory, at + MADE_LIST, next, 8);
	strcpy(made_memory__at(memory, at + MADE_NAME), name);
	put(memory, at + MADE_MEM, MADE_MODULE_CODE(i), 8);
	put(memory, at + MADE_MEM + 8, size - 0x1000, 4);
	put(memory, at + MADE_MEM + 12, MADE_TEXT_SIZE_OLD, 4);
	put(memory, at + MADE_MEM + 16 + 8, 0x1000, 4);
	put(memory, at + MADE_KALLSYMS_POINTER, at + MADE_KALLSYMS, 8);
	make_kallsyms(memory, i, name);
}

/* sp-8, sp-24, none; the last one's code was in .init.text, and is now somebody else's */
static void make_orc(struct made_memory *memory, unsigned int i, bool old)
{
	const u64 at = MADE_MODULE(i), code = MADE_MODULE_CODE(i);
	const u64 ips[] = { code, code + 0x40, code + 0x80, code + 0x8000 };
	const u64 flags = GUEST_ORC_REG_SP | (old ? 0 : GUEST_ORC_CALL << 8);
	const u64 entries[] = { 8 | flags << 32, 24 | flags << 32, 0, 8 | flags << 32 };
	unsigned int j;

	put(memory, at + MADE_ARCH, ARRAY_SIZE(ips), 4);
	put(memory, at + MADE_ARCH + 8, at + MADE_ORC_IP, 8);
	put(memory, at + MADE_ARCH + 16, at + MADE_ORC, 8);
	for (j = 0; j < ARRAY_SIZE(ips); j++) {
		put(memory, at + MADE_ORC_IP + j * 4, ips[j] - (at + MADE_ORC_IP + j * 4), 4);
		put(memory, at + MADE_ORC + j * 6, entries[j], 6);
	}
	memset(made_memory__at(memory, code), 0xcc, 0x80);
}

void made_memory__modules(struct made_memory *memory, bool old)
{
	make_btf(memory, old);
	put(memory, MADE_MODULES, MADE_MODULE(0) + MADE_LIST, 8);
	make_module(memory, 0, "first", 0x3000);
	make_orc(memory, 0, old);
	make_module(memory, 1, "unformed", 0x3000);
	put(memory, MADE_MODULE(1) + MADE_STATE, UNFORMED, 4);
	make_module(memory, 2, "second_one", 0x5000);
	*made_memory__entry(memory, MADE_MODULE(MODULES)) = 0;
}
