/* SPDX-License-Identifier: GPL-2.0 */
/* What the two unwinders of bench-orc have in common. */
#ifndef __BENCH_ORC_H
#define __BENCH_ORC_H

#include <stdbool.h>
#include <linux/types.h>
#include "util/guest/unwind/orc-table.h"
#include "util/guest/unwind/orc-unwind.h"
#include "util/guest/unwind/stack-words.h"

#define MAX_FRAMES	127

/**
 * struct image - the guest's kernel or a module of it
 * @elf:	its file, as the guest has it
 * @debug:	the file with its DWARF, NULL if there is none
 * @start, @end: where the guest has it; for the kernel, from _stext
 * @sections:	where it has a module's sections
 */
struct image {
	char *elf, *debug;
	u64 start, end;
	struct guest_orc_section *sections;
	unsigned int nr_sections;
};

struct dwarf;

/**
 * dwarf__new - have libdw unwind by the images' DWARF
 * @images: to be there as long as this is
 * Return: NULL if no image has any. What else is wrong ends the program.
 */
struct dwarf *dwarf__new(const struct image *images, unsigned int nr);
void dwarf__delete(struct dwarf *dwarf);

/** dwarf__unwind - unwind to at most MAX_FRAMES @ips. Return: how many. */
u32 dwarf__unwind(struct dwarf *dwarf, const struct guest_orc_regs *regs,
		  const struct guest_stack *stack, u64 *ips);

#endif /* __BENCH_ORC_H */
