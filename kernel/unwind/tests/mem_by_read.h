/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The other ways to read a guest's memory, for programs that have guest_mem_map() and
 * guest_mem_read(): included once in each.
 */
#ifndef _MEM_BY_READ_H
#define _MEM_BY_READ_H

#include "../guest_unwind.h"

u32 guest_mem_entry(void *ctx, u64 gpa, void *entry, unsigned int len)
{
	unsigned long handle;
	u32 error = guest_mem_map(ctx, gpa >> GUEST_PAGE_SHIFT, &handle);

	if (error)
		return error;
	guest_mem_read(ctx, handle, gpa & (GUEST_PAGE_SIZE - 1), entry, len);
	guest_mem_unmap(ctx, handle);
	return 0;
}

struct page_by_read {
	void *ctx;
	unsigned long handle;
};

static inline u64 load_by_read(const void *from, u64 word)
{
	const struct page_by_read *page = from;
	u64 value;

	guest_mem_read(page->ctx, page->handle, word * sizeof(value), &value, sizeof(value));
	return value;
}

void guest_mem_frames(void *ctx, unsigned long handle, struct guest_frames *frames)
{
	const struct page_by_read page = { .ctx = ctx, .handle = handle };

	guest_follow_frames(frames, load_by_read, &page);
}

#endif /* _MEM_BY_READ_H */
