// SPDX-License-Identifier: GPL-2.0
/*
 * The unwinder under libFuzzer: whatever a guest's memory and registers are, the
 * walk ends, stays in its bounds and leaves a chain that is well-formed.
 */
#include <linux/perf_event.h>
#include <stdlib.h>

#include "mem_by_read.h"
#include "fuzz_input.h"

#define PAGES		64
#define SLOTS		256	/* of the table of pages, a power of two */

/*
 * Entries a translation may read: five, and five of the nested tables for each
 * and for the page itself.
 */
#define TABLE_READS	(5 * 6 + 5)

/*
 * Reads a frame may need, in two pages each: pt_regs tried twice and read once,
 * and a plain frame. The start adds code and a return address.
 */
#define FRAME_READS	(2 * (3 * 4 + 1))

/* Those to leave a stack: four pages of it, and its top; there are four times. */
#define SWITCH_READS	(4 * (4 + 2))

/* Those to know entry code by: the user's registers in three places, and a word. */
#define ENTRY_READS	(2 * (3 + 1))

#define MAX_READS(frames)							\
	(GUEST_UNWIND_PAGES * TABLE_READS + ((frames) + 2) * FRAME_READS +	\
	 SWITCH_READS + ENTRY_READS)

#define KNOWN_FLAGS								\
	(PERF_GUEST_CALLCHAIN_MODE | (PERF_GUEST_CALLCHAIN_SHORT))

struct page {
	u64 gfn;
	u8 mem[GUEST_PAGE_SIZE];
};

struct guest {
	struct page pages[PAGES];
	u8 slots[SLOTS];		/* index into pages + 1 */
	unsigned int nr;
	unsigned int refuse;
	unsigned int reads, max_reads;
	unsigned int mapped;
};

static struct guest guest;

static void ensure(bool ok)
{
	if (!ok)
		abort();
}

/* The slot of @gfn, or the free one where it goes. */
static u8 *slot(struct guest *g, u64 gfn)
{
	unsigned int i = (gfn * 0x9e3779b97f4a7c15ULL) >> 56;

	while (g->slots[i] && g->pages[g->slots[i] - 1].gfn != gfn)
		i = (i + 1) % SLOTS;
	return &g->slots[i];
}

/* A page's handle is its number + 1. */
u32 guest_mem_map(void *ctx, u64 gfn, unsigned long *handle)
{
	struct guest *g = ctx;

	*handle = *slot(ctx, gfn);
	if (!*handle)
		return PERF_GUEST_CALLCHAIN_UNREADABLE;
	if (*handle == g->refuse)
		return PERF_GUEST_CALLCHAIN_DEVICE;
	g->mapped++;
	return 0;
}

void guest_mem_unmap(void *ctx, unsigned long handle)
{
	struct guest *g = ctx;

	ensure(handle >= 1 && handle <= g->nr && handle != g->refuse);
	ensure(g->mapped--);
}

void guest_mem_read(void *ctx, unsigned long handle, unsigned int offset,
		    void *dst, unsigned int len)
{
	struct guest *g = ctx;

	ensure(handle >= 1 && handle <= g->nr && handle != g->refuse);
	ensure(len >= 1 && len <= 40 && offset + len <= GUEST_PAGE_SIZE);
	ensure(++g->reads <= g->max_reads);
	memcpy(dst, g->pages[handle - 1].mem + offset, len);
}

static void fill_memory(struct guest *g, const u8 *data, size_t size)
{
	struct fuzz_word w;
	struct page *page;
	u8 *s;

	memset(g->slots, 0, sizeof(g->slots));
	g->nr = 0;
	for (; size >= sizeof(w); data += sizeof(w), size -= sizeof(w)) {
		memcpy(&w, data, sizeof(w));
		s = slot(g, w.gpa >> GUEST_PAGE_SHIFT);
		if (!*s) {
			if (g->nr == PAGES)
				continue;
			page = &g->pages[g->nr];
			page->gfn = w.gpa >> GUEST_PAGE_SHIFT;
			memset(page->mem, 0, sizeof(page->mem));
			*s = ++g->nr;
		}
		memcpy(g->pages[*s - 1].mem + (w.gpa & 0xff8), &w.value, sizeof(w.value));
	}
}

static bool is_mark(u64 ip)
{
	return ip == (u64)PERF_CONTEXT_GUEST_KERNEL || ip == (u64)PERF_CONTEXT_GUEST_USER;
}

/* A mark in front, at most one more, and frames of the right half behind each. */
static void check_chain(const struct guest_walk *walk, const struct guest_regs *regs)
{
	u64 user_end = walk->paging->mode == GUEST_PAGING_5LEVEL ? 1ULL << 56 : 1ULL << 47;
	bool user = regs->cpl == 3;
	/* firmware and small kernels have one half for all */
	bool low = user || (regs->bits == 64 && regs->ip < -user_end);
	u32 i, marks = 0;
	u64 ip;

	for (i = 0; i < walk->nr; i++) {
		ip = walk->ips[i];
		/* a sampled ip is what it is, but never looks like a mark */
		if (i == 1) {
			ensure(ip < (u64)PERF_CONTEXT_MAX);
			continue;
		}
		if (!is_mark(ip)) {
			ensure(i != 0 && ip >= 0x1000);
			if (regs->bits == 64)
				ensure(low ? ip < user_end : ip >= -user_end);
			else
				ensure(ip < 1ULL << 32);
			continue;
		}
		ensure(i == 0 || (ip == (u64)PERF_CONTEXT_GUEST_USER && !low));
		ensure(i + 1 < walk->nr);
		user = ip == (u64)PERF_CONTEXT_GUEST_USER;
		low |= user;
		ensure(i != 0 || user == (regs->cpl == 3) || !walk->max_frames);
		marks++;
	}
	ensure(walk->nr == walk->frames + marks);
}

static void check_tlb(const struct guest_walk *walk)
{
	u32 i, j;

	ensure(walk->translations <= GUEST_UNWIND_PAGES);
	for (i = 0; i < walk->translations; i++)
		for (j = 0; j < i; j++)
			ensure(walk->tlb[i].page != walk->tlb[j].page);
}

static void walk_guest(const struct fuzz_header *h)
{
	const struct guest_paging nested = {
		.mode = h->nested_mode % (GUEST_PAGING_EPT5 + 1), .pse = h->pse & 2,
		.root = h->nested_root,
	};
	const struct guest_paging paging = {
		.mode = h->mode % (GUEST_PAGING_EPT5 + 1), .pse = h->pse & 1,
		.root = h->root,
		.nested = h->nested & 1 ? &nested : NULL,
	};
	const struct guest_regs regs = {
		.ip = h->ip, .sp = h->sp, .bp = h->bp,
		.cs_base = h->cs_base, .ss_base = h->ss_base,
		.bits = h->bits, .lma = h->lma & 1, .cpl = h->cpl & 3,
	};
	/* exactly as large as it says, so that a write behind it is seen */
	struct guest_walk walk = {
		.ctx = &guest, .paging = &paging,
		.ips = malloc(h->max * sizeof(u64)), .max = h->max,
		.max_frames = h->max_frames, .max_user = h->max_user,
		.reads = ~0U,
	};

	guest.refuse = h->refuse;
	guest.reads = 0;
	guest.max_reads = MAX_READS(walk.max + GUEST_UNWIND_SKIP);

	guest_unwind(&walk, &regs);
	guest_walk_end(&walk);

	ensure(!guest.mapped);
	ensure(walk.nr <= walk.max && walk.frames <= walk.max_frames + walk.max_user);
	ensure(!(walk.flags & ~KNOWN_FLAGS));
	check_chain(&walk, &regs);
	check_tlb(&walk);
	free(walk.ips);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct fuzz_header h;

	if (size < sizeof(h))
		return 0;
	memcpy(&h, data, sizeof(h));
	fill_memory(&guest, data + sizeof(h), size - sizeof(h));
	walk_guest(&h);
	return 0;
}
