/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guests made up for the unwinder's tests: sparse memory, page tables in every
 * format, stacks. What is put into a page is put there by the test's own record
 * of where the page is, never through the walker under test.
 */
#ifndef _MADE_GUEST_H
#define _MADE_GUEST_H

#include "../guest_unwind.h"

#define MADE_PAGES	160
#define MADE_VPAGES	64
#define MADE_WORDS	600

/* An address space and where its next table goes. */
struct made_space {
	struct guest_paging paging;
	struct made_space *under;	/* = paging.nested */
	u64 next_table;
};

/* One page of guest memory: where the guest has it, where we have it. */
struct made_page {
	u64 where;
	u8 *mem;
};

struct made_guest {
	struct made_space space, under;
	u8 *mem;			/* all pages, read-only during a walk */
	struct made_page phys[MADE_PAGES];	/* by guest frame number */
	unsigned int pages;
	struct made_page virt[MADE_VPAGES];	/* by linear page number */
	unsigned int vpages;
	u64 next_phys;
	unsigned int word;		/* bytes a put_word() writes */

	u64 refuse_gfn;			/* this frame is there but cannot be read ... */
	u32 refuse_why;			/* ... as its page would fault, or is a device's */
	unsigned int reads;
	unsigned int mapped;		/* pages the walk has not given back */

	struct guest_regs regs;
	u32 max, max_frames, max_user, max_reads;
	struct guest_walk walk;
	u64 ips[MADE_WORDS];
};

/**
 * made_guest__new() - a guest without memory
 * @mode:   of its tables
 * @nested: tables below those, GUEST_PAGING_NONE for none
 *
 * Starts out in 64-bit user mode, 32-bit where @mode has no 64-bit code.
 */
struct made_guest *made_guest__new(enum guest_paging_mode mode,
				   enum guest_paging_mode nested);
void made_guest__delete(struct made_guest *g);

/* Our view of a guest-physical address; the page is made when first asked for. */
void *made_guest__phys(struct made_guest *g, u64 gpa);

/* The table entry of @level (1: maps 4 KiB) for @va, with the tables above. */
void *made_space__entry(struct made_guest *g, struct made_space *s, u64 va, int level);

/* Map @va to @pa in an entry of @level. */
void made_space__map(struct made_guest *g, struct made_space *s, u64 va, u64 pa, int level);

/* Where @pa, an address @s's tables hold, is in the guest's real memory. */
u64 made_space__real(struct made_guest *g, struct made_space *s, u64 pa);

/* Our view of a linear address; mapped to fresh memory when first asked for. */
void *made_guest__virt(struct made_guest *g, u64 va);

/* Write a word (g->word bytes) at a linear address. */
void put_word(struct made_guest *g, u64 va, u64 value);
void put_frame(struct made_guest *g, u64 bp, u64 next, u64 ret);
void put_code(struct made_guest *g, u64 va, const void *code, unsigned int len);

struct made_regs {
	u64 ip, cs, flags, sp, ss, bp;
};

/* A struct pt_regs, as the kernel (g->word) has it. */
void put_regs(struct made_guest *g, u64 va, const struct made_regs *r);

/* Walk, with all memory read-only, to the end of the walk. */
void made_guest__unwind(struct made_guest *g);

/* Get ready for guest_read() and guest_translate(); guest_walk_end() is left to do. */
void made_guest__prepare_walk(struct made_guest *g);

/* Save @g, ready to walk, as an input of the fuzzer. */
void made_guest__save_seed(struct made_guest *g, const char *dir, const char *name);

#endif /* _MADE_GUEST_H */
