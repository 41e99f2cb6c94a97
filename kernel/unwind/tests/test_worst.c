// SPDX-License-Identifier: GPL-2.0
/* What a guest can make of a walk at worst: its reads are counted, and end it. */
#include <linux/perf_event.h>
#include <stdio.h>
#include "../sections.h"
#include "check.h"

/* What kvm.ko allows (virt/kvm/guest_callchain.c), and more than any walk takes. */
#define READS			1024
#define READS_PREEMPTED		192
#define UNLIMITED		100000

/*
 * No two pages have a lowest-level table in common, so each takes five entries, each of these
 * and the page itself five of the tables beneath, the page a look-up, and what it is for a
 * read.
 */
#define APART			0x200000ULL
#define READS_A_PAGE		(5 * (5 + 1) + 5 + 1 + 1)

#define USER_IP			0x401000ULL
#define USER_SP			0x7ffc12345020ULL
#define USER_CODE(n)		(0x402000ULL + (n))
#define STACK_END		0xffffc90000014000ULL
#define STACK_SIZE		0x4000ULL
#define PT_REGS			(STACK_END - 168)
#define TEXT			0xffffffff81234567ULL
#define MAX_WORDS		2048

/* User frames one a page, tables of five levels behind tables of five. */
static struct made_guest *worst_guest(void)
{
	struct made_guest *g = made_guest__new(GUEST_PAGING_5LEVEL, GUEST_PAGING_EPT5);
	u64 bp = USER_SP;
	u32 i;

	put_word(g, USER_IP, 0);
	for (i = 0; i < GUEST_UNWIND_PAGES; i++, bp += APART)
		put_frame(g, bp, bp + APART, USER_CODE(i));
	g->regs.ip = USER_IP;
	g->regs.sp = USER_SP;
	g->regs.bp = USER_SP;
	return g;
}

static void check_reads(struct made_guest *g, u32 max, u32 want, u32 frames)
{
	g->max_reads = max;
	made_guest__unwind(g);
	check__u64("reads", max - g->walk.reads, want);
	check__u64("frames", g->walk.frames, frames);
	check__u64("flags", g->walk.flags,
		   PERF_GUEST_CALLCHAIN_MODE_64 | PERF_GUEST_CALLCHAIN_BUDGET);
}

static void frames_one_a_page(void)
{
	struct made_guest *g = worst_guest();

	/* a page of code, and frames on the rest; what is sampled is a frame, too */
	check__begin("worst: frames one a page, behind five levels of five");
	check_reads(g, UNLIMITED, GUEST_UNWIND_PAGES * READS_A_PAGE, GUEST_UNWIND_PAGES);
	printf("# worst: %u reads if there were no bound, %u with it\n",
	       GUEST_UNWIND_PAGES * READS_A_PAGE, READS);
	check__end();

	check__begin("worst: as many reads as are allowed");
	check_reads(g, READS, READS, READS / READS_A_PAGE);
	check_reads(g, READS_PREEMPTED, READS_PREEMPTED, READS_PREEMPTED / READS_A_PAGE);
	check__end();
	made_guest__delete(g);
}

/* The same below a system call, whose stack is full: all that can be asked for. */
static struct made_guest *full_guest(void)
{
	struct made_guest *g = worst_guest();
	const struct made_regs user_mode = {
		.ip = USER_IP, .cs = 0x33, .flags = 0x246, .sp = USER_SP, .ss = 0x2b,
		.bp = USER_SP,
	};
	u64 at;

	for (at = STACK_END - STACK_SIZE; at < PT_REGS; at += 8)
		put_word(g, at, TEXT + at % 4096);
	put_regs(g, PT_REGS, &user_mode);
	for (at = USER_SP + 16; at < USER_SP + PERF_GUEST_USER_STACK_MAX; at += 8)
		put_word(g, at, at);
	g->regs.cpl = 0;
	g->regs.ip = TEXT;
	g->regs.sp = STACK_END - STACK_SIZE;
	g->regs.bp = 1;
	return g;
}

static void everything(void)
{
	static const u32 limits[] = { UNLIMITED, READS, READS_PREEMPTED };
	static const struct guest_gprs gprs;
	struct made_guest *g = full_guest();
	static u64 data[MAX_WORDS];
	u32 i;

	check__begin("worst: full stacks as well");
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct guest_sections sections = {
			.data = data, .max_kernel = 512, .max_user = MAX_WORDS - 512,
			.user_stack = PERF_GUEST_USER_STACK_MAX,
		};

		g->max_reads = limits[i];
		made_guest__prepare_walk(g);
		guest_unwind_sections(&g->walk, &g->regs, &gprs, &sections);
		guest_walk_end(&g->walk);
		check__u64("cut", !!(g->walk.flags & PERF_GUEST_CALLCHAIN_BUDGET), 1);
		check__u64("all used", !g->walk.reads, limits[i] != UNLIMITED);
		check__u64("pages kept", g->mapped, 0);
	}
	check__end();
	made_guest__delete(g);
}

void test_worst(void)
{
	frames_one_a_page();
	everything();
}
