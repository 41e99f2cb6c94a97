// SPDX-License-Identifier: GPL-2.0
/*
 * Stack words under libFuzzer: whatever is on the stacks, the collection ends,
 * stays in its buffer, and what a reader makes of it is what is on the stacks.
 *
 * Addresses are made from the input so that it can find stacks that lead to each
 * other: pages are a few neighbours, pointers lead into them.
 */
#include <stdlib.h>

#include "../sections.h"
#include "../stack_words.h"
#include "mem_by_read.h"
#include "stack_words_reader.h"

#define BASE		0xffffc90000010000ULL
#define PAGES		64
/* A page is read once as a whole, and probed, its top read, and translated. */
#define MAX_READS	(GUEST_UNWIND_PAGES * (GUEST_PAGE_SIZE / GUEST_READ_MAX + 6))

struct fuzz_head {
	u32 sp;
	u16 max;
	u8 refuse, pad;
};

struct fuzz_word {
	u8 page, kind;
	u16 index;
	u32 value;
};

/* Page tables, the top one first; page N of the stacks is in frame N. */
#define TABLES		4
#define FIRST_TABLE	PAGES

struct guest {
	bool present[PAGES];
	u64 words[PAGES + TABLES][512];
	u8 refuse;
	unsigned int reads;
	unsigned int mapped;
};

static struct guest guest;

/* Stacks that words were read of. */
static unsigned long stacks;

static void ensure(bool ok)
{
	if (!ok)
		abort();
}

u32 guest_mem_map(void *ctx, u64 gfn, unsigned long *handle)
{
	struct guest *g = ctx;

	*handle = gfn + 1;
	if (gfn >= FIRST_TABLE + TABLES || (gfn < FIRST_TABLE && !g->present[gfn]))
		return PERF_GUEST_CALLCHAIN_UNREADABLE;
	if (*handle == g->refuse)
		return PERF_GUEST_CALLCHAIN_DEVICE;
	g->mapped++;
	return 0;
}

void guest_mem_unmap(void *ctx, unsigned long handle)
{
	struct guest *g = ctx;

	ensure(handle >= 1 && handle <= PAGES + TABLES && handle != g->refuse);
	ensure(g->mapped--);
}

void guest_mem_read(void *ctx, unsigned long handle, unsigned int offset,
		    void *dst, unsigned int len)
{
	struct guest *g = ctx;

	ensure(handle >= 1 && handle <= PAGES + TABLES && handle != g->refuse);
	ensure(len >= 1 && len <= GUEST_READ_MAX && offset + len <= GUEST_PAGE_SIZE);
	ensure(++g->reads <= MAX_READS);
	memcpy(dst, (u8 *)g->words[handle - 1] + offset, len);
}

static u64 word_value(const struct fuzz_word *w)
{
	switch (w->kind & 7) {
	case 0:
		return w->value;
	case 1:
		return 0xffffffff00000000ULL | w->value;
	case 2:
		return BASE + w->value % (PAGES * GUEST_PAGE_SIZE);
	case 3:
		return BASE + (w->value & ~7U) % (PAGES * GUEST_PAGE_SIZE);
	case 4:
		return w->value & 1 ? 0x33 : 0x10;
	case 5:
		return 0x202 | (w->value & 0xff);
	case 6:
		return w->value & 1 ? 0x2b : 0x18;
	default:
		return (u64)w->value << 16 | w->index;
	}
}

/* Entries that lead to all pages of the stacks, there or not. */
static void fill_tables(struct guest *g)
{
	unsigned int level, i;

	for (level = 0; level < TABLES - 1; level++)
		g->words[FIRST_TABLE + level][BASE >> (39 - 9 * level) & 511] =
			(u64)(FIRST_TABLE + level + 1) << GUEST_PAGE_SHIFT | 7;
	for (i = 0; i < PAGES; i++)
		if (g->present[i])
			g->words[FIRST_TABLE + TABLES - 1][(BASE >> 12 & 511) + i] =
				(u64)i << GUEST_PAGE_SHIFT | 7;
}

static void fill(struct guest *g, const u8 *data, size_t size)
{
	struct fuzz_word w;

	memset(g, 0, sizeof(*g));
	for (; size >= sizeof(w); data += sizeof(w), size -= sizeof(w)) {
		memcpy(&w, data, sizeof(w));
		g->present[w.page % PAGES] = true;
		g->words[w.page % PAGES][w.index % 512] = word_value(&w);
	}
	fill_tables(g);
}

static void check_stack(const struct guest *g, const struct read_stack *st, bool whole)
{
	u64 i, at, got, want, pos = 0;
	u32 how;

	ensure(st->covered <= 0x8000 / 8);
	for (i = 0; i < st->covered; i++) {
		at = st->start + 8 * i - BASE;
		ensure(at < PAGES * GUEST_PAGE_SIZE);
		want = g->words[at / GUEST_PAGE_SIZE][at % GUEST_PAGE_SIZE / 8];
		how = read_stack__next(st, i, &pos, &got);
		if (how)
			ensure(got == want);
		else if (whole)
			ensure(!(want >= 0xffffffff80000000ULL && want < 0xffffffffff000000ULL) &&
			       !(want >= st->start && want - st->start <= 8 * st->covered));
	}
	ensure(pos == st->nr_values);
}

/* The same, with frames around them: everything within its bounds, sections whole. */
static void check_sections(struct guest_walk *walk, const struct guest_regs *regs, u32 max)
{
	const struct guest_gprs gprs = { .reg = { [GUEST_GPR_DX] = regs->sp } };
	const struct perf_guest_section *section;
	struct guest_sections sections;
	u32 at, nr, frames = max % 64, max_user = max / 3;
	u64 *out = malloc(max * sizeof(u64));
	u64 *ips = malloc(frames * sizeof(u64));

	*walk = (struct guest_walk) {
		.ctx = walk->ctx, .paging = walk->paging,
		.ips = ips, .max = frames, .max_frames = 30, .max_user = 30,
		.reads = ~0U,
	};
	sections = (struct guest_sections) {
		.data = out, .max_kernel = max - max_user, .max_user = max_user, .user_stack = 4096,
	};
	guest_unwind_sections(walk, regs, &gprs, &sections);
	guest_walk_end(walk);
	ensure(!guest.mapped);
	ensure(sections.kernel <= max - max_user && sections.user <= max_user);
	nr = sections.kernel + sections.user;
	ensure(walk->nr <= frames && walk->frames <= 60 && walk->frames <= walk->nr);
	for (at = 0; at < nr; at += section->size / sizeof(u64)) {
		section = (const void *)(out + at);
		ensure(section->size && section->size <= (nr - at) * sizeof(u64));
	}
	free(ips);
	free(out);
}

/* A fuzzer whose walks end before they begin finds nothing, and says so. */
static void ensure_stacks(void)
{
	ensure(stacks);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return atexit(ensure_stacks);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	const u64 partial = PERF_GUEST_STACK_WORDS_CUT | PERF_GUEST_STACK_WORDS_UNREADABLE;
	const struct guest_paging paging = {
		.mode = GUEST_PAGING_4LEVEL, .root = (u64)FIRST_TABLE << GUEST_PAGE_SHIFT,
	};
	struct guest_walk walk = { .ctx = &guest, .paging = &paging, .reads = ~0U };
	struct guest_regs regs = { .bits = 64, .lma = true };
	struct guest_user user;
	struct read_stack st;
	struct fuzz_head h;
	u32 i, nr, max;
	u64 *out;

	if (size < sizeof(h))
		return 0;
	memcpy(&h, data, sizeof(h));
	fill(&guest, data + sizeof(h), size - sizeof(h));
	guest.refuse = h.refuse;
	regs.sp = BASE + (h.sp & ~7U) % (PAGES * GUEST_PAGE_SIZE);
	max = h.max & 1 ? 20000 : h.max % 1024;
	/* exactly as large as it says, so that a write behind it is seen */
	out = malloc(max * sizeof(u64));

	nr = guest_stack_words(&walk, &regs, out, max, &user);
	guest_walk_end(&walk);
	ensure(nr <= max && (nr || !max));
	ensure(!user.regs.bits || (user.regs.cpl == 3 && user.regs.ip < 1ULL << 56));
	for (i = 0; nr && i < (out[0] & PERF_GUEST_STACK_WORDS_NR); i++) {
		ensure(read_stack__get(out, nr, i, &st));
		check_stack(&guest, &st, !(out[0] & partial));
		stacks += st.covered > 0;
	}
	free(out);
	check_sections(&walk, &regs, max);
	return 0;
}
