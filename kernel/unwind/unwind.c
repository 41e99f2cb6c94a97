// SPDX-License-Identifier: GPL-2.0
/*
 * Guest-linear memory for one walk: each page is translated once, whether that
 * worked or not, so that a walk costs by the page and not by the word.
 */
#include "guest_unwind.h"

/* Translate @page, which this walk has not seen, and remember what came of it. */
static const struct guest_tlb_entry *tlb_fill(struct guest_walk *walk, u64 page)
{
	struct guest_tlb_entry *entry;
	u64 gpa;

	if (walk->translations >= GUEST_UNWIND_PAGES)
		return NULL;

	entry = &walk->tlb[walk->translations++];
	entry->page = page + 1;
	entry->error = guest_translate(walk, page << GUEST_PAGE_SHIFT, &gpa);
	if (!entry->error && !guest_may_read(walk))
		entry->error = PERF_GUEST_CALLCHAIN_BUDGET;
	if (!entry->error)
		entry->error = guest_mem_map(walk->ctx, gpa >> GUEST_PAGE_SHIFT, &entry->handle);
	return entry;
}

static const struct guest_tlb_entry *tlb_find(struct guest_walk *walk, u64 page)
{
	u32 i;

	for (i = 0; i < walk->translations; i++)
		if (walk->tlb[i].page == page + 1)
			return &walk->tlb[i];
	return tlb_fill(walk, page);
}

/* Have the page of @gva in @walk->last. */
static u32 use_page(struct guest_walk *walk, u64 gva)
{
	const struct guest_tlb_entry *entry;
	u64 page = gva >> GUEST_PAGE_SHIFT;

	if (likely(walk->last.page == page + 1))
		return 0;

	entry = tlb_find(walk, page);
	if (!entry)
		return PERF_GUEST_CALLCHAIN_BUDGET;
	if (entry->error)
		return entry->error;

	walk->last = *entry;
	return 0;
}

/* Read from one page. */
static u32 read_page(struct guest_walk *walk, u64 gva, void *dst, unsigned int len)
{
	u32 error = use_page(walk, gva);

	if (error)
		return error;
	if (!guest_may_read(walk))
		return PERF_GUEST_CALLCHAIN_BUDGET;
	guest_mem_read(walk->ctx, walk->last.handle, gva & (GUEST_PAGE_SIZE - 1), dst, len);
	return 0;
}

static unsigned int left_in_page(u64 gva)
{
	return GUEST_PAGE_SIZE - (gva & (GUEST_PAGE_SIZE - 1));
}

u32 guest_read(struct guest_walk *walk, u64 gva, void *dst, unsigned int len)
{
	unsigned int here = left_in_page(gva);
	u32 error;

	if (likely(here >= len))
		return read_page(walk, gva, dst, len);

	error = read_page(walk, gva, dst, here);
	if (error)
		return error;
	return read_page(walk, gva + here, (u8 *)dst + here, len - here);
}

u32 guest_read_frames(struct guest_walk *walk, struct guest_frames *frames)
{
	struct guest_frame frame;
	u32 error;

	if (unlikely(left_in_page(frames->bp) < sizeof(frame))) {
		error = guest_read(walk, frames->bp, &frame, sizeof(frame));
		if (!error)
			guest_take_frame(frames, frame.next, frame.ret);
		return error;
	}

	error = use_page(walk, frames->bp);
	if (error)
		return error;
	if (!guest_may_read(walk))
		return PERF_GUEST_CALLCHAIN_BUDGET;
	guest_mem_frames(walk->ctx, walk->last.handle, frames);
	return 0;
}

void guest_walk_end(struct guest_walk *walk)
{
	u32 i;

	for (i = 0; i < walk->translations; i++)
		if (!walk->tlb[i].error)
			guest_mem_unmap(walk->ctx, walk->tlb[i].handle);
}
