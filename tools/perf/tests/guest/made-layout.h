/* SPDX-License-Identifier: GPL-2.0 */
/* A kernel of which nobody knows the layout of ORC entries: its BTF and its code tell. */
#ifndef __PERF_TESTS_MADE_LAYOUT_H
#define __PERF_TESTS_MADE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include "util/guest/unwind/orc-layout.h"

/* Entries of a block of code, and how often there is that block */
#define MADE_BLOCK_ENTRIES	11
#define MADE_BLOCKS		4

/**
 * struct made_layout_kernel - what it is like
 * @layout:   how its entries are
 * @btf:      there is BTF
 * @names:    with an enum of the registers' and types' names
 * @no_code:  its code tells nothing
 * @lies:     in so many blocks, the first ones, entries based on rbp have another number
 */
struct made_layout_kernel {
	struct guest_orc_layout layout;
	bool	     btf, names, no_code;
	unsigned int lies;
};

/* The entries of a block, as they are to be read. */
extern const struct guest_orc_entry made_block[MADE_BLOCK_ENTRIES];

/* A layout unlike any that there is. */
extern const struct guest_orc_layout made_layout;

/* To be freed by the caller. */
void *made_layout_kernel(const struct made_layout_kernel *kernel, size_t *size);

#endif /* __PERF_TESTS_MADE_LAYOUT_H */
