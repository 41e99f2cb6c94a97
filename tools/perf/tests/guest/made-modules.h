/* SPDX-License-Identifier: GPL-2.0 */
/* Modules in a guest's memory made by a test, and the BTF that says how they are laid out. */
#ifndef __PERF_TESTS_MADE_MODULES_H
#define __PERF_TESTS_MADE_MODULES_H

#include <stdbool.h>
#include "tests/guest/made-memory.h"

/* Where they are in the image: behind what made_memory__kernel() puts there. */
#define MADE_BTF	(MADE_IMAGE + 0x20000)
#define MADE_BTF_END	(MADE_IMAGE + 0x21000)
#define MADE_MODULES	(MADE_IMAGE + 0x28000)
/* a page for each: struct module, struct mod_kallsyms and its tables */
#define MADE_MODULE(i)	(MADE_IMAGE + 0x30000 + (i) * 0x1000)
#define MADE_MODULE_CODE(i) (MADE_IMAGE + 0x40000 + (i) * 0x10000)
#define MADE_KALLSYMS	0x400
#define MADE_SYMTAB	0x480
#define MADE_TYPES	0x700
#define MADE_ORC_IP	0x800
#define MADE_ORC	0x900
#define MADE_STRINGS	0xfe0

/* In struct module */
#define MADE_STATE	0
#define MADE_LIST	8
#define MADE_NAME	24
#define MADE_MEM	96
#define MADE_KALLSYMS_POINTER 256
#define MADE_ARCH	280

/* Bytes of code as struct module_layout has them; later all of the first part is code. */
#define MADE_TEXT_SIZE_OLD 0x1000

/**
 * made_memory__modules - have two modules, "first" and "second_one", and one that is unformed
 * @old: as before 6.4, with struct module_layout
 *
 * Each has the symbols NAME_init, at 0x10 of its code, and one without a name. "first" is of
 * 0x3000 bytes, "second_one" of 0x5000. Behind its strings there is no memory. "first" has ORC
 * tables: 8 bytes of stack at its begin, 24 at 0x40, none at 0x80, where its code ends; and an
 * entry for what is no code of its.
 */
void made_memory__modules(struct made_memory *memory, bool old);

#endif /* __PERF_TESTS_MADE_MODULES_H */
