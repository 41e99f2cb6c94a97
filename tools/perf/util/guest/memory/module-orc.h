/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ORC tables of a guest's module as they are in its memory, as a file like the module's
 * own, for guest/unwind/orc-table.h: what the guest has relocated is given its relocations back.
 */
#ifndef __PERF_GUEST_MEMORY_MODULE_ORC_H
#define __PERF_GUEST_MEMORY_MODULE_ORC_H

#include <stdio.h>
#include <linux/types.h>
#include "guest/memory/elf-out.h"

struct guest_view;

/**
 * struct guest_module_orc - where they are (struct mod_arch_specific)
 * @text:	 the module's code, with all its sections of code but those of __init
 * @ip, @entries: of @nr entries; @nr is 0 for a module without tables
 */
struct guest_module_orc {
	struct guest_range text;
	u64		   ip, entries;
	u32		   nr;
};

/**
 * guest_module_orc__size - bytes of the file, or somewhat more
 *
 * Return: 0 for what are no tables.
 */
u64 guest_module_orc__size(const struct guest_module_orc *orc);

/**
 * guest_module_orc__write - write it
 * @file: empty
 * @orc:  of which guest_module_orc__size() is not 0
 *
 * The file has one section of code, ".text", which is in the guest at @orc->text.start.
 *
 * Return: 0 or a negative error; -EFAULT and -EINVAL for a module that is going.
 */
int guest_module_orc__write(FILE *file, struct guest_view *view,
			    const struct guest_module_orc *orc);

#endif /* __PERF_GUEST_MEMORY_MODULE_ORC_H */
