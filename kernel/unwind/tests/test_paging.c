// SPDX-License-Identifier: GPL-2.0
/* guest_translate(): each format, page size, and kind of bad entry. */
#include <stdio.h>

#include "check.h"

#define UNMAPPED	PERF_GUEST_CALLCHAIN_UNMAPPED
#define BAD_PTE		PERF_GUEST_CALLCHAIN_BAD_PTE
#define UNREADABLE	PERF_GUEST_CALLCHAIN_UNREADABLE
#define NONCANONICAL	PERF_GUEST_CALLCHAIN_NONCANONICAL

#define KERNEL_VA	0xffffffff81234567ULL
#define KERNEL_VA_5	0xff11223344556678ULL

/*
 * @va is mapped to @pa by an entry of @level; then bits of the entry of
 * @at are set and cleared; @want is the reason, 0 for a translation to @gpa.
 */
struct paging_case {
	const char *name;
	enum guest_paging_mode mode;
	int level;
	u64 va, pa;
	int at;
	u64 set, clear;
	u32 want;
	u64 gpa;
};

#define P32	GUEST_PAGING_32
#define PAE	GUEST_PAGING_PAE
#define L4	GUEST_PAGING_4LEVEL
#define L5	GUEST_PAGING_5LEVEL
#define E4	GUEST_PAGING_EPT4
#define E5	GUEST_PAGING_EPT5
#define NX	(1ULL << 63)
#define BIT_(n)	(1ULL << (n))

static const struct paging_case cases[] = {
	/* the page sizes of each format */
	{ "32-bit 4K", P32, 1, 0xc0123456, 0x7654000, 0, 0, 0, 0, 0x7654456 },
	{ "32-bit 4M", P32, 2, 0xc0123456, 0x7400000, 0, 0, 0, 0, 0x7523456 },
	{ "32-bit 4M above 4G (PSE-36)", P32, 2, 0xc0123456, 0xab07400000, 0, 0, 0, 0, 0xab07523456 },
	{ "32-bit last page", P32, 1, 0xffffffff, 0x7654000, 0, 0, 0, 0, 0x7654fff },
	{ "PAE 4K", PAE, 1, 0xc0123456, 0x987654000, 0, 0, 0, 0, 0x987654456 },
	{ "PAE 2M", PAE, 2, 0xc0323456, 0x987600000, 0, 0, 0, 0, 0x987723456 },
	{ "PAE last page", PAE, 1, 0xffffffff, 0x987654000, 0, 0, 0, 0, 0x987654fff },
	{ "4-level 4K", L4, 1, KERNEL_VA, 0x987654000, 0, 0, 0, 0, 0x987654567 },
	{ "4-level 4K user", L4, 1, 0x7fff12345678, 0x987654000, 0, 0, 0, 0, 0x987654678 },
	{ "4-level 2M", L4, 2, KERNEL_VA, 0x987600000, 0, 0, 0, 0, 0x987634567 },
	{ "4-level 1G", L4, 3, KERNEL_VA, 0x980000000, 0, 0, 0, 0, 0x981234567 },
	{ "4-level highest physical page", L4, 1, KERNEL_VA, 0xfffffff000, 0, 0, 0, 0, 0xfffffff567 },
	{ "5-level 4K", L5, 1, KERNEL_VA_5, 0x987654000, 0, 0, 0, 0, 0x987654678 },
	{ "5-level 4K user", L5, 1, 0xff112233445566, 0x987654000, 0, 0, 0, 0, 0x987654566 },
	{ "5-level 2M", L5, 2, KERNEL_VA_5, 0x987600000, 0, 0, 0, 0, 0x987756678 },
	{ "5-level 1G", L5, 3, KERNEL_VA_5, 0x980000000, 0, 0, 0, 0, 0x984556678 },
	{ "EPT 4K", E4, 1, 0x812345678, 0x987654000, 0, 0, 0, 0, 0x987654678 },
	{ "EPT 2M", E4, 2, 0x812345678, 0x987600000, 0, 0, 0, 0, 0x987745678 },
	{ "EPT 1G", E4, 3, 0x812345678, 0x980000000, 0, 0, 0, 0, 0x992345678 },
	{ "EPT 5-level 4K", E5, 1, 0x1122334455667, 0x987654000, 0, 0, 0, 0, 0x987654667 },
	{ "EPT bit 47", E4, 1, 0x812345678abc, 0x987654000, 0, 0, 0, 0, 0x987654abc },

	/* bits that do not matter */
	{ "4-level read-only supervisor no-execute", L4, 1, KERNEL_VA, 0x5000, 1, NX, 6, 0, 0x5567 },
	{ "4-level accessed clear, software bits", L4, 1, KERNEL_VA, 0x5000, 2, 0x7ff0000000000e00, 0x60, 0, 0x5567 },
	{ "4-level PAT of a 4K page", L4, 1, KERNEL_VA, 0x5000, 1, 0x80, 0, 0, 0x5567 },
	{ "4-level PAT of a 2M page", L4, 2, KERNEL_VA, 0x400000, 2, 0x1000, 0, 0, 0x434567 },
	{ "4-level PAT of a 1G page", L4, 3, KERNEL_VA, 0x40000000, 3, 0x1000, 0, 0, 0x41234567 },
	{ "PAE no-execute", PAE, 1, 0xc0123456, 0x5000, 1, NX, 0, 0, 0x5456 },
	{ "PAE PDPTE accessed, as QEMU has it", PAE, 1, 0xc0123456, 0x5000, 3, 0x20, 0, 0, 0x5456 },
	{ "32-bit PAT of a 4M page", P32, 2, 0xc0123456, 0x7400000, 2, 0x1000, 0, 0, 0x7523456 },
	{ "EPT read-only", E4, 1, 0x345678, 0x5000, 1, 0, 6, 0, 0x5678 },
	{ "EPT execute-only", E4, 1, 0x345678, 0x5000, 1, 0, 3, 0, 0x5678 },
	{ "EPT accessed and dirty", E4, 1, 0x345678, 0x5000, 1, 0x300, 0, 0, 0x5678 },

	/* not present, at each level */
	{ "32-bit PDE absent", P32, 1, 0xc0123456, 0x5000, 2, 0, 1, UNMAPPED, 0 },
	{ "32-bit PTE absent", P32, 1, 0xc0123456, 0x5000, 1, 0, 1, UNMAPPED, 0 },
	{ "PAE PDPTE absent", PAE, 1, 0xc0123456, 0x5000, 3, 0, 1, UNMAPPED, 0 },
	{ "PAE PDE absent", PAE, 1, 0xc0123456, 0x5000, 2, 0, 1, UNMAPPED, 0 },
	{ "PAE PTE absent", PAE, 1, 0xc0123456, 0x5000, 1, 0, 1, UNMAPPED, 0 },
	{ "4-level PML4E absent", L4, 1, KERNEL_VA, 0x5000, 4, 0, 1, UNMAPPED, 0 },
	{ "4-level PDPTE absent", L4, 1, KERNEL_VA, 0x5000, 3, 0, 1, UNMAPPED, 0 },
	{ "4-level PDE absent", L4, 1, KERNEL_VA, 0x5000, 2, 0, 1, UNMAPPED, 0 },
	{ "4-level PTE absent", L4, 1, KERNEL_VA, 0x5000, 1, 0, 1, UNMAPPED, 0 },
	{ "4-level absent with reserved bits", L4, 1, KERNEL_VA, 0x5000, 1, BIT_(45), 1, UNMAPPED, 0 },
	{ "5-level PML5E absent", L5, 1, KERNEL_VA_5, 0x5000, 5, 0, 1, UNMAPPED, 0 },
	{ "5-level PTE absent", L5, 1, KERNEL_VA_5, 0x5000, 1, 0, 1, UNMAPPED, 0 },
	{ "EPT PML4E absent", E4, 1, 0x345678, 0x5000, 4, 0, 7, UNMAPPED, 0 },
	{ "EPT PTE absent", E4, 1, 0x345678, 0x5000, 1, 0, 7, UNMAPPED, 0 },

	/* reserved bits, at each level */
	{ "32-bit 4M bit 21", P32, 2, 0xc0123456, 0x7400000, 2, BIT_(21), 0, BAD_PTE, 0 },
	{ "PAE PDPTE bit 1", PAE, 1, 0xc0123456, 0x5000, 3, 2, 0, BAD_PTE, 0 },
	{ "PAE PDPTE bit 6", PAE, 1, 0xc0123456, 0x5000, 3, 0x40, 0, BAD_PTE, 0 },
	{ "PAE PDPTE no-execute", PAE, 1, 0xc0123456, 0x5000, 3, NX, 0, BAD_PTE, 0 },
	{ "PAE PDPTE bit 52", PAE, 1, 0xc0123456, 0x5000, 3, BIT_(52), 0, BAD_PTE, 0 },
	{ "PAE PDE bit 62", PAE, 1, 0xc0123456, 0x5000, 2, BIT_(62), 0, BAD_PTE, 0 },
	{ "PAE PTE bit 52", PAE, 1, 0xc0123456, 0x5000, 1, BIT_(52), 0, BAD_PTE, 0 },
	{ "PAE 2M bit 13", PAE, 2, 0xc0323456, 0x7400000, 2, BIT_(13), 0, BAD_PTE, 0 },
	{ "4-level PML4E PS", L4, 1, KERNEL_VA, 0x5000, 4, 0x80, 0, BAD_PTE, 0 },
	{ "4-level 2M bit 13", L4, 2, KERNEL_VA, 0x400000, 2, BIT_(13), 0, BAD_PTE, 0 },
	{ "4-level 2M bit 20", L4, 2, KERNEL_VA, 0x400000, 2, BIT_(20), 0, BAD_PTE, 0 },
	{ "4-level 1G bit 13", L4, 3, KERNEL_VA, 0x40000000, 3, BIT_(13), 0, BAD_PTE, 0 },
	{ "4-level 1G bit 29", L4, 3, KERNEL_VA, 0x40000000, 3, BIT_(29), 0, BAD_PTE, 0 },
	{ "5-level PML5E PS", L5, 1, KERNEL_VA_5, 0x5000, 5, 0x80, 0, BAD_PTE, 0 },
	{ "5-level PML4E PS", L5, 1, KERNEL_VA_5, 0x5000, 4, 0x80, 0, BAD_PTE, 0 },
	{ "EPT PML4E bit 3", E4, 1, 0x345678, 0x5000, 4, 8, 0, BAD_PTE, 0 },
	{ "EPT PML4E bit 7", E4, 1, 0x345678, 0x5000, 4, 0x80, 0, BAD_PTE, 0 },
	{ "EPT PDPTE bit 6", E4, 1, 0x345678, 0x5000, 3, 0x40, 0, BAD_PTE, 0 },
	{ "EPT 2M bit 12", E4, 2, 0x345678, 0x400000, 2, BIT_(12), 0, BAD_PTE, 0 },
	{ "EPT write without read", E4, 1, 0x345678, 0x5000, 1, 0, 1, BAD_PTE, 0 },
	{ "EPT memory type 7", E4, 1, 0x345678, 0x5000, 1, 0x38, 0, BAD_PTE, 0 },
	{ "EPT memory type 2", E4, 1, 0x345678, 0x5000, 1, 0x10, 0x28, BAD_PTE, 0 },

	/* addresses wider than most CPUs have */
	{ "4-level PTE bit 51", L4, 1, KERNEL_VA, 0x5000, 1, BIT_(51), 0, 0, BIT_(51) | 0x5567 },
	{ "4-level 2M bit 46", L4, 2, KERNEL_VA, 0x400000, 2, BIT_(46), 0, 0, BIT_(46) | 0x434567 },
	{ "PAE PTE bit 40", PAE, 1, 0xc0123456, 0x5000, 1, BIT_(40), 0, 0, BIT_(40) | 0x5456 },
	{ "EPT PTE bit 40", E4, 1, 0x345678, 0x5000, 1, BIT_(40), 0, 0, BIT_(40) | 0x5678 },
	{ "4-level PML4E bit 40", L4, 1, KERNEL_VA, 0x5000, 4, BIT_(40), 0, UNREADABLE, 0 },
	{ "4-level PDPTE bit 51", L4, 1, KERNEL_VA, 0x5000, 3, BIT_(51), 0, UNREADABLE, 0 },
	{ "4-level PDE bit 44", L4, 1, KERNEL_VA, 0x5000, 2, BIT_(44), 0, UNREADABLE, 0 },

	/* tables where no memory is */
	{ "32-bit table without memory", P32, 1, 0xc0123456, 0x5000, 2, 0x40000000, 0, UNREADABLE, 0 },
	{ "PAE table without memory", PAE, 1, 0xc0123456, 0x5000, 3, BIT_(39), 0, UNREADABLE, 0 },
	{ "4-level table without memory", L4, 1, KERNEL_VA, 0x5000, 3, BIT_(39), 0, UNREADABLE, 0 },
	{ "EPT table without memory", E4, 1, 0x345678, 0x5000, 2, BIT_(39), 0, UNREADABLE, 0 },
};

static u32 translate(struct made_guest *g, u64 va, u64 *gpa)
{
	made_guest__prepare_walk(g);
	*gpa = 0;
	return guest_translate(&g->walk, va, gpa);
}

static void change(void *entry, enum guest_paging_mode mode, u64 set, u64 clear)
{
	u64 e = 0;
	size_t size = mode == GUEST_PAGING_32 ? 4 : 8;

	memcpy(&e, entry, size);
	e = (e & ~clear) | set;
	memcpy(entry, &e, size);
}

static void run_case(const struct paging_case *c)
{
	struct made_guest *g = made_guest__new(c->mode, GUEST_PAGING_NONE);
	u64 gpa;
	u32 error;

	check__begin("paging: %s", c->name);
	made_space__map(g, &g->space, c->va & ~0xfffULL, c->pa, c->level);
	if (c->at)
		change(made_space__entry(g, &g->space, c->va, c->at), c->mode,
		       c->set, c->clear);
	error = translate(g, c->va, &gpa);
	check__u64("reason", error, c->want);
	if (!c->want)
		check__u64("address", gpa, c->gpa);
	check__end();
	made_guest__delete(g);
}

/* Addresses the format does not have. */
static void noncanonical(void)
{
	static const struct {
		enum guest_paging_mode mode;
		u64 va;
		u32 want;
	} addrs[] = {
		{ GUEST_PAGING_NONE, 0x123456789, NONCANONICAL },
		{ GUEST_PAGING_NONE, 0xfffffff0, 0 },
		{ P32, BIT_(32), NONCANONICAL },
		{ PAE, BIT_(32), NONCANONICAL },
		{ L4, BIT_(47) - 1, UNMAPPED },
		{ L4, BIT_(47), NONCANONICAL },
		{ L4, -BIT_(47) - 1, NONCANONICAL },
		{ L4, -BIT_(47), UNMAPPED },
		{ L4, 0xc0c001e00000000, NONCANONICAL },
		{ L5, BIT_(47), UNMAPPED },
		{ L5, BIT_(56) - 1, UNMAPPED },
		{ L5, BIT_(56), NONCANONICAL },
		{ L5, -BIT_(56) - 1, NONCANONICAL },
		{ L5, -BIT_(56), UNMAPPED },
		{ E4, BIT_(48), NONCANONICAL },
	};
	struct made_guest *g;
	unsigned int i;
	u64 gpa;

	check__begin("paging: canonical addresses");
	for (i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++) {
		g = made_guest__new(addrs[i].mode, GUEST_PAGING_NONE);
		made_guest__phys(g, g->space.paging.root);
		check__u64("reason", translate(g, addrs[i].va, &gpa), addrs[i].want);
		made_guest__delete(g);
	}
	check__end();
}

static void pse(void)
{
	struct made_guest *g = made_guest__new(P32, GUEST_PAGING_NONE);
	u64 gpa;

	check__begin("paging: 32-bit PS without CR4.PSE is a table");
	made_space__map(g, &g->space, 0xc0123000, 0x5000, 1);
	change(made_space__entry(g, &g->space, 0xc0123000, 2), P32, 0x80, 0);
	g->space.paging.pse = false;
	check__u64("reason", translate(g, 0xc0123456, &gpa), 0);
	check__u64("address", gpa, 0x5456);
	check__end();
	made_guest__delete(g);
}

/* What is left of CR3 to tell processes apart. */
static void address_space(void)
{
	static const struct {
		enum guest_paging_mode mode;
		u64 cr3, want;
	} roots[] = {
		{ GUEST_PAGING_NONE, 0x12345000, 0 },
		{ P32, 0x12345fff, 0x12345000 },
		{ PAE, 0x12345fff, 0x12345fe0 },
		{ PAE, 0x12345020, 0x12345020 },
		{ PAE, 0x12345018, 0x12345000 },
		{ L4, 0x812345678, 0x812345000 },		/* PCID */
		{ L4, 0x812344e78, 0x812344000 },		/* another process than that */
		{ L4, 0x8000000812344678, 0x812344000 },	/* no flush */
		{ L4, 0x6000000812344678, 0x812344000 },	/* LAM */
		{ L4, 0xfffffffffe678, 0xfffffffffe000 },
		{ L5, 0x812347678, 0x812347000 },
		{ L5, 0x812346678, 0x812346000 },
	};
	unsigned int i;

	check__begin("paging: address spaces");
	for (i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
		check__u64("root", guest_address_space(&(struct guest_paging) {
			.mode = roots[i].mode, .root = roots[i].cr3 }), roots[i].want);
	check__end();
}

/* Flag bits of CR3 and EPTP are no part of the address. */
static void root_flags(void)
{
	static const struct {
		enum guest_paging_mode mode;
		u64 flags;
	} roots[] = {
		{ P32, 0xfff }, { PAE, 0x1f }, { L4, 0x8000000000000fff },
		{ L4, BIT_(61) | BIT_(62) }, { L5, 0xfff }, { E4, 0x5e },
	};
	struct made_guest *g;
	unsigned int i;
	u64 gpa;

	check__begin("paging: flags in the root");
	for (i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		g = made_guest__new(roots[i].mode, GUEST_PAGING_NONE);
		made_space__map(g, &g->space, 0x5000, 0x7000, 1);
		g->space.paging.root |= roots[i].flags;
		check__u64("reason", translate(g, 0x5123, &gpa), 0);
		check__u64("address", gpa, 0x7123);
		made_guest__delete(g);
	}
	check__end();

	check__begin("paging: PAE root inside a page");
	g = made_guest__new(PAE, GUEST_PAGING_NONE);
	g->space.paging.root = 0x100fe0;
	made_space__map(g, &g->space, 0xc0005000, 0x7000, 1);
	check__u64("reason", translate(g, 0xc0005123, &gpa), 0);
	check__u64("address", gpa, 0x7123);
	check__end();
	made_guest__delete(g);
}

static void unreadable_table(void)
{
	struct made_guest *g = made_guest__new(L4, GUEST_PAGING_NONE);
	u64 gpa;

	check__begin("paging: table that cannot be read now");
	made_space__map(g, &g->space, 0x5000, 0x7000, 1);
	g->refuse_gfn = 0x102;
	check__u64("reason", translate(g, 0x5123, &gpa), UNREADABLE);
	check__end();

	check__begin("paging: table that is a device's");
	g->refuse_why = PERF_GUEST_CALLCHAIN_DEVICE;
	check__u64("reason", translate(g, 0x5123, &gpa), PERF_GUEST_CALLCHAIN_DEVICE);
	check__end();
	made_guest__delete(g);
}

/* Every pair of formats: all of the upper space's tables go through the lower. */
static void nested_pair(enum guest_paging_mode mode, enum guest_paging_mode below,
			const char *name)
{
	struct made_guest *g = made_guest__new(mode, below);
	u64 gpa, va = mode == L4 || mode == L5 ? KERNEL_VA : 0x81234567;

	check__begin("paging: nested %s", name);
	if (mode == GUEST_PAGING_NONE)
		made_space__map(g, &g->under, 0x81234000, 0x7055000, 1);
	else
		made_space__map(g, &g->space, va & ~0xfffULL, 0x55000, 1);
	if (mode != GUEST_PAGING_NONE)
		made_space__real(g, &g->space, 0x55000);
	check__u64("reason", translate(g, va, &gpa), 0);
	check__u64("address", gpa, 0x7055567);
	check__end();
	made_guest__delete(g);
}

static void nested_errors(void)
{
	struct made_guest *g = made_guest__new(L4, E4);
	u64 gpa;

	check__begin("paging: nested, page not in EPT");
	made_space__map(g, &g->space, 0x5000, 0x7000, 1);
	check__u64("reason", translate(g, 0x5000, &gpa), UNMAPPED);
	check__end();

	check__begin("paging: nested, table not in EPT");
	made_space__real(g, &g->space, 0x7000);
	check__u64("before", translate(g, 0x5000, &gpa), 0);
	change(made_space__entry(g, &g->under, 0x102000, 1), E4, 0, 7);
	check__u64("reason", translate(g, 0x5000, &gpa), UNMAPPED);
	check__end();

	check__begin("paging: nested, bad EPT entry");
	change(made_space__entry(g, &g->under, 0x102000, 1), E4, 2, 0);
	check__u64("reason", translate(g, 0x5000, &gpa), BAD_PTE);
	check__end();
	made_guest__delete(g);

	check__begin("paging: nested, address wider than the space below");
	g = made_guest__new(L4, L4);
	made_space__map(g, &g->space, 0x5000, BIT_(48), 1);
	made_space__map(g, &g->under, 0, 0x9000, 1);
	check__u64("reason", translate(g, 0x5000, &gpa), UNMAPPED);
	check__end();
	made_guest__delete(g);

	check__begin("paging: nested, bit 47 of a guest-physical address");
	g = made_guest__new(L4, L4);
	made_space__map(g, &g->space, 0x5000, BIT_(47), 1);
	made_space__map(g, &g->under, BIT_(47), 0x9000, 1);
	check__u64("reason", translate(g, 0x5123, &gpa), 0);
	check__u64("address", gpa, 0x9123);
	check__end();
	made_guest__delete(g);

	check__begin("paging: nested goes no deeper than two");
	g = made_guest__new(L4, E4);
	made_space__map(g, &g->space, 0x5000, 0x7000, 1);
	made_space__real(g, &g->space, 0x7000);
	g->under.paging.nested = &g->under.paging;
	check__u64("reason", translate(g, 0x5123, &gpa), 0);
	check__u64("reads", g->reads, 4 * 5 + 4);
	check__end();
	made_guest__delete(g);
}

static void large_over_small(void)
{
	struct made_guest *g = made_guest__new(L4, E4);
	u64 gpa;

	check__begin("paging: nested, 2M page over 4K pages and under one of 1G");
	made_space__map(g, &g->space, 0x40000000, 0x600000, 2);
	made_space__real(g, &g->space, 0x601000);
	made_space__map(g, &g->space, 0x80000000, 0xc0000000, 1);
	made_space__map(g, &g->under, 0xc0000000, 0x40000000, 3);
	check__u64("reason", translate(g, 0x40001123, &gpa), 0);
	check__u64("address", gpa, 0x7601123);
	check__u64("reason", translate(g, 0x40002123, &gpa), UNMAPPED);
	check__u64("reason", translate(g, 0x80000123, &gpa), 0);
	check__u64("address", gpa, 0x40000123);
	check__end();
	made_guest__delete(g);
}

void test_paging(void)
{
	static const char * const names[] = {
		"no paging", "32-bit", "PAE", "4-level", "5-level", "EPT", "5-level EPT",
	};
	enum guest_paging_mode mode, below;
	char name[64];
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run_case(&cases[i]);
	noncanonical();
	pse();
	address_space();
	root_flags();
	unreadable_table();
	for (mode = GUEST_PAGING_NONE; mode <= GUEST_PAGING_5LEVEL; mode++) {
		for (below = GUEST_PAGING_32; below <= GUEST_PAGING_EPT5; below++) {
			snprintf(name, sizeof(name), "%s over %s", names[mode], names[below]);
			nested_pair(mode, below, name);
		}
	}
	nested_errors();
	large_over_small();
}
