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

unsigned int guest_mem_frames(void *ctx, unsigned long handle, u64 bp,
			      struct guest_frame *frames, unsigned int max)
{
	const u64 last = guest_last_frame(bp);
	unsigned int nr = 0;

	for (;; bp = frames[nr - 1].next) {
		guest_mem_read(ctx, handle, bp & (GUEST_PAGE_SIZE - 1),
			       &frames[nr], sizeof(*frames));
		if (++nr == max || !guest_frame_follows(bp, frames[nr - 1].next, last))
			return nr;
	}
}

#endif /* _MEM_BY_READ_H */
