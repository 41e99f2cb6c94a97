/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest's memory by the addresses of its kernel.
 *
 * In a child behind the wall (guest/untrusted/child.h), as all that looks at what is read.
 */
#ifndef __PERF_GUEST_VIEW_H
#define __PERF_GUEST_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define GUEST_VIEW_PAGE		4096
#define GUEST_VIEW_TABLES	16

/**
 * struct guest_view - an address space
 * @read:	 reads guest-physical memory: 0 or a negative error
 * @arg:	 for it
 * @root:	 guest-physical address of the top page table; its paging is that of 64-bit code
 * @five_levels: of tables; else four
 * @tables:	 pages of page tables as they were when first read, to be zero at first
 * @next:	 the one that is replaced next
 * @err:	 why guest_view__translate() could not read one
 */
struct guest_view {
	int  (*read)(void *arg, u64 gpa, void *buf, size_t size);
	void *arg;
	u64  root;
	bool five_levels;
	struct guest_view_table {
		bool valid;
		u64  gpa;
		u8   data[GUEST_VIEW_PAGE];
	} tables[GUEST_VIEW_TABLES];
	unsigned int next;
	int	     err;
};

/**
 * guest_view__begin - look at an address space
 * @view: with @read and @arg filled in; forgets what it knew of another one
 */
void guest_view__begin(struct guest_view *view, u64 root, bool five_levels);

/**
 * guest_view__entry - read an entry of a page table
 * @gpa: guest-physical address, aligned to @size
 * @size: 4 or 8
 *
 * Return: 0 or a negative error.
 */
int guest_view__entry(struct guest_view *view, u64 gpa, void *entry, size_t size);

/**
 * guest_view__read - read memory
 * @gva: linear address
 *
 * Return: 0; -EFAULT for what is not mapped, or not there; another negative error.
 */
int guest_view__read(struct guest_view *view, u64 gva, void *buf, size_t size);

#endif /* __PERF_GUEST_VIEW_H */
