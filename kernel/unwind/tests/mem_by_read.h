/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The other ways to read a guest's memory, for programs that have guest_mem_map() and
 * guest_mem_read(): included once in each.
 */
#ifndef _MEM_BY_READ_H
#define _MEM_BY_READ_H

#include "../guest_unwind.h"

int guest_mem_entry(void *ctx, u64 gpa, void *entry, unsigned int len)
{
	unsigned long handle = guest_mem_map(ctx, gpa >> GUEST_PAGE_SHIFT);

	if (!handle)
		return -1;
	return guest_mem_read(ctx, handle, gpa & (GUEST_PAGE_SIZE - 1), entry, len);
}

unsigned int guest_mem_frames(void *ctx, unsigned long handle, u64 bp,
			      struct guest_frame *frames, unsigned int max)
{
	const u64 last = guest_last_frame(bp);
	unsigned int nr = 0;

	do {
		if (guest_mem_read(ctx, handle, bp & (GUEST_PAGE_SIZE - 1),
				   &frames[nr], sizeof(*frames)))
			break;
		if (!guest_frame_follows(bp, frames[nr].next, last))
			return nr + 1;
		bp = frames[nr].next;
	} while (++nr < max);
	return nr;
}

#endif /* _MEM_BY_READ_H */
