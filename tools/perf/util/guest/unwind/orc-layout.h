/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a kernel's ORC entries are laid out: the bits of struct orc_entry, and which registers and
 * types its numbers stand for (arch/x86/include/asm/orc_types.h of that kernel).
 *
 * Kernels have a hash of both since 6.4, of which some are known here. Of others, the kernel's
 * BTF has the bits. Its registers are macros, of which BTF knows nothing, and were numbered
 * anew between 6.12 and 7.3: they are learnt from its code (guest/unwind/orc-learn.h).
 */
#ifndef __PERF_GUEST_ORC_LAYOUT_H
#define __PERF_GUEST_ORC_LAYOUT_H

#include <stdbool.h>
#include <linux/types.h>
#include "guest/unwind/orc-table.h"

struct guest_elf;

#define GUEST_ORC_REG_NUMBERS	16
#define GUEST_ORC_TYPE_NUMBERS	8
#define GUEST_ORC_HASH_SIZE	20

/* No kernel of this layout has that number; nobody knows what it stands for. */
enum { GUEST_ORC_NONE = 0xfe, GUEST_ORC_UNKNOWN = 0xff };

/** struct guest_orc_bits - @nr of them, from @at on, in an entry; none if @nr is 0 */
struct guest_orc_bits {
	u8 at, nr;
};

/**
 * struct guest_orc_layout - it
 * @size:   bytes of an entry
 * @signal: not in all layouts
 * @end:    in old layouts only, which have no types for entries without a stack pointer
 * @regs, @types: by number, enum guest_orc_reg and enum guest_orc_type
 * @hash:   what .orc_header says, if @has_hash
 */
struct guest_orc_layout {
	u8		      size;
	struct guest_orc_bits sp_offset, bp_offset, sp_reg, bp_reg, type, signal, end;
	u8		      regs[GUEST_ORC_REG_NUMBERS], types[GUEST_ORC_TYPE_NUMBERS];
	bool		      has_hash;
	u8		      hash[GUEST_ORC_HASH_SIZE];
};

/**
 * guest_orc_layout__find - find out how a kernel's entries are laid out
 * @elf:    the kernel's file, with .orc_unwind
 * @layout: filled in
 *
 * Return: false if that cannot be told.
 */
bool guest_orc_layout__find(struct guest_orc_layout *layout, const struct guest_elf *elf);

/** guest_orc_layout__is_of - is it, by all that a module's file says, that module's, too? */
bool guest_orc_layout__is_of(const struct guest_orc_layout *layout, const struct guest_elf *module);

/**
 * guest_orc_layout__get - get the number that some bits of an entry are
 * @data: the entry, of @layout->size bytes
 */
u32 guest_orc_layout__get(const struct guest_orc_layout *layout, const u8 *data,
			  struct guest_orc_bits bits);

/** guest_orc_layout__offset - the same for an offset, which has a sign */
s16 guest_orc_layout__offset(const struct guest_orc_layout *layout, const u8 *data,
			     struct guest_orc_bits bits);

/**
 * guest_orc_layout__entry - read an entry
 *
 * Of one that has a register nobody knows comes one that no stack can be unwound by.
 *
 * Return: false for what no kernel has.
 */
bool guest_orc_layout__entry(const struct guest_orc_layout *layout, const u8 *data,
			     struct guest_orc_entry *entry);

#endif /* __PERF_GUEST_ORC_LAYOUT_H */
