/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a guest's kernel is unwound by: read from the files that were taken along
 * with a recording, or through the guest mount.
 */
#ifndef __PERF_GUEST_TABLES_H
#define __PERF_GUEST_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <linux/types.h>
#include "guest/vm/vm.h"
#include "guest/unwind/orc-load.h"
#include "guest/snapshot/kcore.h"

struct guest_orc;

/**
 * struct guest_tables - of one guest
 * @unwind:	how its kernel can be unwound, as far as its files tell
 * @orc:	tables of its kernel and modules, NULL if there are none
 * @loaded:	how these were made
 * @why:	in words, why @orc is NULL
 * @functions:	addresses of its kernel's and modules' functions, ascending; read by
 *		guest_tables__may_return_to()
 * @text:	code of both, if it was taken along for want of tables; read by the same
 */
struct guest_tables {
	enum guest_unwind unwind;
	struct guest_orc  *orc;
	struct guest_orc_loaded loaded;
	const char	  *why;
	u64		  *functions;
	size_t		  nr_functions, alloc_functions;
	struct guest_text text;
};

/**
 * guest_tables__load - find and read them
 * @tables: filled in; to be freed by guest_tables__exit()
 * @pid:    the VMM's
 *
 * Looks where perf looks for the guest's symbols: --guestvmlinux and --guestkallsyms;
 * what was taken along; the guest mount, of which the files are copied first, under
 * a time limit.
 */
void guest_tables__load(struct guest_tables *tables, pid_t pid);
void guest_tables__exit(struct guest_tables *tables);

/**
 * guest_tables__may_return_to - may @addr be an address that a call returns to?
 *
 * It is in a function, and behind a call instruction where the code is known.
 */
bool guest_tables__may_return_to(const struct guest_tables *tables, u64 addr);

#endif /* __PERF_GUEST_TABLES_H */
