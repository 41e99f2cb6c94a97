// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "mem_by_read.h"
#include "fuzz_input.h"
#include "made_guest.h"

/* Distance between a nested guest's idea of physical and the real thing. */
#define NESTED_OFFSET	0x7000000ULL

static struct made_page *find(struct made_page *pages, unsigned int nr, u64 where)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (pages[i].where == where)
			return &pages[i];
	return NULL;
}

u32 guest_mem_map(void *ctx, u64 gfn, unsigned long *handle)
{
	struct made_guest *g = ctx;
	struct made_page *page = find(g->phys, g->pages, gfn);

	if (gfn == g->refuse_gfn)
		return g->refuse_why;
	if (!page)
		return PERF_GUEST_CALLCHAIN_UNREADABLE;
	g->mapped++;
	*handle = (unsigned long)page->mem;
	return 0;
}

void guest_mem_unmap(void *ctx, unsigned long handle)
{
	struct made_guest *g = ctx;

	assert(handle >= (unsigned long)g->mem && g->mapped);
	g->mapped--;
}

void guest_mem_read(void *ctx, unsigned long handle, unsigned int offset,
		    void *dst, unsigned int len)
{
	struct made_guest *g = ctx;

	assert(len >= 1 && len <= GUEST_READ_MAX && offset + len <= GUEST_PAGE_SIZE);
	g->reads++;
	memcpy(dst, (u8 *)handle + offset, len);
}

static bool is_long(enum guest_paging_mode mode)
{
	return mode == GUEST_PAGING_4LEVEL || mode == GUEST_PAGING_5LEVEL;
}

static void protect(struct made_guest *g, int prot)
{
	if (mprotect(g->mem, MADE_PAGES * GUEST_PAGE_SIZE, prot))
		abort();
}

struct made_guest *made_guest__new(enum guest_paging_mode mode,
				   enum guest_paging_mode nested)
{
	struct made_guest *g = calloc(1, sizeof(*g));

	g->mem = mmap(NULL, MADE_PAGES * GUEST_PAGE_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert(g->mem != MAP_FAILED);

	g->space.paging = (struct guest_paging) {
		.mode = mode, .pse = true, .root = 0x100000,
	};
	g->space.next_table = 0x101000;
	g->under.paging = (struct guest_paging) {
		.mode = nested, .pse = true, .root = 0x200000,
	};
	g->under.next_table = 0x201000;
	if (nested != GUEST_PAGING_NONE) {
		g->space.paging.nested = &g->under.paging;
		g->space.under = &g->under;
	}
	g->next_phys = 0x300000;
	g->refuse_gfn = ~0ULL;
	g->refuse_why = PERF_GUEST_CALLCHAIN_UNREADABLE;
	g->word = is_long(mode) ? 8 : 4;
	g->regs.bits = is_long(mode) ? 64 : 32;
	g->regs.lma = is_long(mode);
	g->regs.cpl = 3;
	g->max = MADE_WORDS;
	g->max_frames = 127;
	g->max_user = 127;
	g->max_reads = ~0U;
	return g;
}

void made_guest__delete(struct made_guest *g)
{
	munmap(g->mem, MADE_PAGES * GUEST_PAGE_SIZE);
	free(g);
}

void *made_guest__phys(struct made_guest *g, u64 gpa)
{
	struct made_page *page = find(g->phys, g->pages, gpa / GUEST_PAGE_SIZE);

	if (!page) {
		assert(g->pages < MADE_PAGES);
		page = &g->phys[g->pages];
		page->where = gpa / GUEST_PAGE_SIZE;
		page->mem = g->mem + g->pages++ * GUEST_PAGE_SIZE;
	}
	return page->mem + gpa % GUEST_PAGE_SIZE;
}

static int top_level(const struct made_space *s)
{
	switch (s->paging.mode) {
	case GUEST_PAGING_32:
		return 2;
	case GUEST_PAGING_PAE:
		return 3;
	case GUEST_PAGING_5LEVEL:
	case GUEST_PAGING_EPT5:
		return 5;
	default:
		return 4;
	}
}

static bool is_ept(const struct made_space *s)
{
	return s->paging.mode == GUEST_PAGING_EPT4 || s->paging.mode == GUEST_PAGING_EPT5;
}

static u64 get_entry(const struct made_space *s, const void *entry)
{
	u64 e = 0;

	memcpy(&e, entry, s->paging.mode == GUEST_PAGING_32 ? 4 : 8);
	return e;
}

static void set_entry(const struct made_space *s, void *entry, u64 e)
{
	memcpy(entry, &e, s->paging.mode == GUEST_PAGING_32 ? 4 : 8);
}

u64 made_space__real(struct made_guest *g, struct made_space *s, u64 pa)
{
	u64 page = pa & ~(u64)(GUEST_PAGE_SIZE - 1);
	void *entry;

	if (!s->under)
		return pa;
	entry = made_space__entry(g, s->under, page, 1);
	if (!get_entry(s->under, entry))
		made_space__map(g, s->under, page, page + NESTED_OFFSET, 1);
	return pa + NESTED_OFFSET;
}

/* An entry that points to the table at @pa. */
static u64 table_entry(const struct made_space *s, u64 pa, int level)
{
	return pa | (s->paging.mode == GUEST_PAGING_PAE && level == 3 ? 1 : 7);
}

void *made_space__entry(struct made_guest *g, struct made_space *s, u64 va, int level)
{
	unsigned int size = s->paging.mode == GUEST_PAGING_32 ? 4 : 8;
	unsigned int bits = size == 4 ? 10 : 9;
	u64 table = s->paging.root;
	u64 index, e;
	void *entry;
	int l;

	for (l = top_level(s); ; l--) {
		index = va >> (12 + bits * (l - 1)) & ((1 << bits) - 1);
		entry = made_guest__phys(g, made_space__real(g, s, table + index * size));
		if (l == level)
			return entry;
		e = get_entry(s, entry);
		if (!e) {
			e = table_entry(s, s->next_table, l);
			s->next_table += GUEST_PAGE_SIZE;
			set_entry(s, entry, e);
		}
		table = e & 0xffffffffff000ULL;
	}
}

void made_space__map(struct made_guest *g, struct made_space *s, u64 va, u64 pa, int level)
{
	void *entry = made_space__entry(g, s, va, level);
	u64 e = pa | 7;

	/* PSE-36 */
	if (s->paging.mode == GUEST_PAGING_32 && pa >> 32)
		e = (u32)e | (pa >> 32) << 13;
	if (is_ept(s))
		e |= 6 << 3;
	if (level > 1)
		e |= 0x80;
	set_entry(s, entry, e);
}

void *made_guest__virt(struct made_guest *g, u64 va)
{
	struct made_page *page = find(g->virt, g->vpages, va / GUEST_PAGE_SIZE);
	u64 pa;

	if (!page) {
		assert(g->vpages < MADE_VPAGES);
		page = &g->virt[g->vpages++];
		page->where = va / GUEST_PAGE_SIZE;
		pa = g->next_phys;
		/* neighbours in linear memory are none in physical memory */
		g->next_phys += 3 * GUEST_PAGE_SIZE;
		if (g->space.paging.mode == GUEST_PAGING_NONE)
			pa = va & ~(u64)(GUEST_PAGE_SIZE - 1);
		else
			made_space__map(g, &g->space, va & ~(u64)(GUEST_PAGE_SIZE - 1), pa, 1);
		page->mem = made_guest__phys(g, made_space__real(g, &g->space, pa));
	}
	return page->mem + va % GUEST_PAGE_SIZE;
}

void put_code(struct made_guest *g, u64 va, const void *code, unsigned int len)
{
	const u8 *from = code;

	while (len--)
		*(u8 *)made_guest__virt(g, va++) = *from++;
}

void put_word(struct made_guest *g, u64 va, u64 value)
{
	put_code(g, va, &value, g->word);
}

void put_frame(struct made_guest *g, u64 bp, u64 next, u64 ret)
{
	put_word(g, bp, next);
	put_word(g, bp + g->word, ret);
}

void put_regs(struct made_guest *g, u64 va, const struct made_regs *r)
{
	unsigned int bp = g->word == 8 ? 32 : 20;
	unsigned int ip = g->word == 8 ? 128 : 48;

	put_word(g, va + bp, r->bp);
	put_word(g, va + ip, r->ip);
	put_word(g, va + ip + g->word, r->cs);
	put_word(g, va + ip + 2 * g->word, r->flags);
	put_word(g, va + ip + 3 * g->word, r->sp);
	put_word(g, va + ip + 4 * g->word, r->ss);
}

void made_guest__prepare_walk(struct made_guest *g)
{
	/* garbage: the walk must not depend on what it has not filled */
	memset(&g->walk, 0xa5, sizeof(g->walk));
	guest_walk_begin(&g->walk);
	memset(g->ips, 0xa5, sizeof(g->ips));
	g->walk.ctx = g;
	g->walk.paging = &g->space.paging;
	g->walk.ips = g->ips;
	g->walk.max = g->max;
	g->walk.max_frames = g->max_frames;
	g->walk.max_user = g->max_user;
	g->walk.reads = g->max_reads;
	g->reads = 0;
	g->mapped = 0;
}

void made_guest__unwind(struct made_guest *g)
{
	made_guest__prepare_walk(g);
	protect(g, PROT_READ);
	guest_unwind(&g->walk, &g->regs);
	guest_walk_end(&g->walk);
	protect(g, PROT_READ | PROT_WRITE);
	assert(!g->mapped);
}

static void save_page(FILE *f, const struct made_page *page)
{
	struct fuzz_word w;
	unsigned int i;

	for (i = 0; i < GUEST_PAGE_SIZE; i += 8) {
		w.gpa = page->where * GUEST_PAGE_SIZE + i;
		memcpy(&w.value, page->mem + i, 8);
		if (w.value)
			fwrite(&w, sizeof(w), 1, f);
	}
}

void made_guest__save_seed(struct made_guest *g, const char *dir, const char *name)
{
	struct fuzz_header h = {
		.mode = g->space.paging.mode, .pse = g->space.paging.pse,
		.nested = !!g->space.under,
		.nested_mode = g->under.paging.mode,
		.bits = g->regs.bits, .lma = g->regs.lma, .cpl = g->regs.cpl,
		.max = g->max < 0xff ? g->max : 0xff,
		.max_frames = g->max_frames < 0xff ? g->max_frames : 0xff,
		.max_user = g->max_user < 0xff ? g->max_user : 0xff,
		.root = g->space.paging.root, .nested_root = g->under.paging.root,
		.ip = g->regs.ip, .sp = g->regs.sp, .bp = g->regs.bp,
		.cs_base = g->regs.cs_base, .ss_base = g->regs.ss_base,
	};
	char path[512];
	unsigned int i;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f) {
		perror(path);
		exit(1);
	}
	fwrite(&h, sizeof(h), 1, f);
	for (i = 0; i < g->pages; i++)
		save_page(f, &g->phys[i]);
	fclose(f);
}
