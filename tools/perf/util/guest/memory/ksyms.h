/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A kernel's symbols, out of the tables in its memory that /proc/kallsyms is made of
 * (kernel/kallsyms.c, scripts/kallsyms.c).
 *
 * Names are strings of tokens, of which there are 256. A symbol's address is, by kernel:
 *
 *	before 4.6	itself (kallsyms_addresses), as is with some configurations later
 *	4.6 to 6.14	an offset to kallsyms_relative_base; with percpu symbols at absolute
 *			addresses, these are not negative, and the others are, counted from -1
 *	6.15 to 6.19	an offset to it, without a sign
 *	since 7.0	an offset to the place where the offset is
 *
 * and a name of 128 characters and more has a length in two bytes since 6.1. Which of it is
 * so, nothing says; but one symbol's address is known, and with the wrong way it is another.
 */
#ifndef __PERF_GUEST_KSYMS_H
#define __PERF_GUEST_KSYMS_H

#include <stdbool.h>
#include <linux/types.h>

struct guest_view;

/** GUEST_KSYMS_MAX - symbols at most; a distribution's kernel has a quarter of a million */
#define GUEST_KSYMS_MAX		(4U << 20)

/** GUEST_KSYM_SIZE - bytes of a name at most, with its NUL, as KSYM_NAME_LEN */
#define GUEST_KSYM_SIZE		512

/** guest_ksym__is_type - is it a type as nm has them? '?' is of a section that it does not know */
bool guest_ksym__is_type(char type);

/** guest_ksym__is_name - may it be a symbol's name in a line of kallsyms? */
bool guest_ksym__is_name(const char *name);

/**
 * struct guest_ksyms - where the tables are: addresses of what is called kallsyms_...
 * @stext: the address that the symbol _stext has
 *
 * Either @addresses is not 0, or @offsets, with @relative_base or without.
 */
struct guest_ksyms {
	u64 names, num_syms, token_table, token_index;
	u64 offsets, relative_base, addresses;
	u64 stext;
};

/**
 * guest_ksyms__read - read all symbols
 * @view:   the kernel's address space
 * @symbol: is called with each of them, in their order: its address, its type as nm(1) has it,
 *	    its name, printable and without spaces. Returns 0 to go on.
 *
 * Symbols with other names than that are left out.
 *
 * Return: 0; -EINVAL if that is not what the tables are, before any symbol or in the midst of
 * them; what @symbol returned; another negative error.
 */
int guest_ksyms__read(struct guest_view *view, const struct guest_ksyms *ksyms,
		      int (*symbol)(void *arg, u64 addr, char type, const char *name), void *arg);

#endif /* __PERF_GUEST_KSYMS_H */
