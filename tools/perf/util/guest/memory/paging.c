// SPDX-License-Identifier: GPL-2.0
/*
 * Walk page tables: virt/kvm/unwind/x86_paging.c, which is pure code, for perf.
 */
#include <errno.h>
#include "unwind/x86_paging.c"
#include "guest/memory/paging.h"
#include "guest/memory/view.h"

/* More than five levels take. */
#define READS_MAX	16

u32 guest_mem_entry(void *ctx, u64 gpa, void *entry, unsigned int len)
{
	struct guest_view *view = ctx;

	view->err = guest_view__entry(view, gpa, entry, len);
	return view->err ? PERF_GUEST_CALLCHAIN_UNREADABLE : 0;
}

int guest_view__translate(struct guest_view *view, u64 gva, u64 *gpa)
{
	struct guest_paging paging = {
		.mode = view->five_levels ? GUEST_PAGING_5LEVEL : GUEST_PAGING_4LEVEL,
		.root = view->root,
	};
	struct guest_walk walk = { .ctx = view, .paging = &paging, .reads = READS_MAX };

	view->err = 0;
	return guest_translate(&walk, gva, gpa) ? view->err ?: -EFAULT : 0;
}
