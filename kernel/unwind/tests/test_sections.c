// SPDX-License-Identifier: GPL-2.0
/* guest_unwind_sections(): a kernel without frame pointers, and one with. */
#include <linux/perf_event.h>
#include "../sections.h"
#include "check.h"
#include "stack_words_reader.h"

#define STACK_END	0xffffc90000014000ULL
#define PT_REGS		(STACK_END - 168)
#define SP		(PT_REGS - 0x80)
#define TEXT		0xffffffff81234567ULL
#define CALLER		0xffffffff81000123ULL
#define USER_IP		0x401000ULL
#define USER_SP		0x7ffc12345000ULL
#define USER_CALLER	0x402000ULL
#define MAX		512

static const struct made_regs user_mode = {
	.ip = USER_IP, .cs = 0x33, .flags = 0x246, .sp = USER_SP, .ss = 0x2b,
	.bp = USER_SP + 0x20,
};

static u64 data[MAX];

/* A system call's stack with one return address on it, and user frames below. */
static struct made_guest *new_guest(void)
{
	struct made_guest *g = made_guest__new(GUEST_PAGING_4LEVEL, GUEST_PAGING_NONE);

	put_regs(g, PT_REGS, &user_mode);
	put_word(g, SP + 0x10, CALLER);
	put_frame(g, USER_SP + 0x20, 0, USER_CALLER);
	g->regs.cpl = 0;
	g->regs.ip = TEXT;
	g->regs.sp = SP;
	g->regs.bp = 1;
	return g;
}

static const struct guest_gprs zero_gprs;

static u32 unwind(struct made_guest *g, const struct guest_gprs *gprs, u32 max)
{
	struct guest_sections sections = { .data = data, .max_kernel = max };

	made_guest__prepare_walk(g);
	guest_unwind_sections(&g->walk, &g->regs, gprs, &sections);
	guest_walk_end(&g->walk);
	check__u64("pages kept", g->mapped, 0);
	check__u64("none about the user", sections.user, 0);
	return sections.kernel;
}

static void check_ips(struct made_guest *g, u32 nr, const u64 *want)
{
	u32 i, marks = 0;

	check__u64("nr", g->walk.nr, nr);
	for (i = 0; i < nr && i < g->walk.nr; i++) {
		check__u64("ips", g->ips[i], want[i]);
		marks += want[i] >= (u64)-4095;
	}
	check__u64("frames", g->walk.frames, nr - marks);
}

#define CHECK_IPS(g, ...) do {							\
	const u64 words_[] = { __VA_ARGS__ };					\
	check_ips(g, sizeof(words_) / sizeof(words_[0]), words_);		\
} while (0)

/* rbp leads nowhere: the user's frames are there all the same, and what ORC needs. */
static void no_frame_pointers(void)
{
	const struct guest_gprs gprs = { .reg = {
		[GUEST_GPR_DX] = 7, [GUEST_GPR_DI] = SP + 8, [GUEST_GPR_R13] = ~0ULL,
	} };
	struct made_guest *g = new_guest();
	const struct perf_guest_section *section = (const void *)data;
	struct read_stack st = { 0 };
	u64 word = 0;
	u32 nr;

	check__begin("sections: no frame pointers");
	nr = unwind(g, &gprs, MAX);
	CHECK_IPS(g, PERF_CONTEXT_GUEST_KERNEL, TEXT,
		  PERF_CONTEXT_GUEST_USER, USER_IP, USER_CALLER);
	check__u64("registers", section->type, PERF_GUEST_SECTION_REGS);
	check__u64("of them, and head", section->size, 8 * 7);
	check__u64("abi", data[1], PERF_SAMPLE_REGS_ABI_64);
	check__u64("mask", data[2], 1 << 5 | 1 << 7 | 1 << 8 | 1 << 21);
	check__u64("di", data[3], SP + 8);
	check__u64("sp", data[4], SP);
	check__u64("ip", data[5], TEXT);
	check__u64("r13", data[6], ~0ULL);

	section = (const void *)(data + 7);
	check__u64("stack words", section->type, PERF_GUEST_SECTION_STACK_WORDS);
	check__u64("are all of the rest", 7 + section->size / 8, nr);
	check__u64("well-formed", read_stack__get(data + 8, nr - 8, 0, &st), 1);
	check__u64("start", st.start, SP);
	check__u64("kind", read_stack__word(&st, SP + 0x10, &word), PERF_GUEST_STACK_WORD_HIGH);
	check__u64("return address", word, CALLER);
	check__end();
	made_guest__delete(g);
}

/* Frame pointers lead to the user's frames, too: those are there once. */
static void frame_pointers(void)
{
	struct made_guest *g = new_guest();

	check__begin("sections: frame pointers");
	put_frame(g, PT_REGS - 16, 0, CALLER);
	g->regs.bp = PT_REGS - 16;
	check__u64("sections", unwind(g, &zero_gprs, MAX) > 0, 1);
	CHECK_IPS(g, PERF_CONTEXT_GUEST_KERNEL, TEXT, CALLER,
		  PERF_CONTEXT_GUEST_USER, USER_IP, USER_CALLER);
	check__end();
	made_guest__delete(g);
}

/* What rbp leads to looks like the user's frames, and is not. */
static void false_user(void)
{
	struct made_guest *g = new_guest();

	check__begin("sections: false user frames");
	g->regs.sp = PT_REGS;
	g->regs.bp = USER_SP + 0x100;
	put_frame(g, USER_SP + 0x100, 0, 0x666000);
	unwind(g, &zero_gprs, MAX);
	CHECK_IPS(g, PERF_CONTEXT_GUEST_KERNEL, TEXT,
		  PERF_CONTEXT_GUEST_USER, USER_IP, USER_CALLER);
	check__u64("without sections", unwind(g, &zero_gprs, 0), 0);
	CHECK_IPS(g, PERF_CONTEXT_GUEST_KERNEL, TEXT,
		  PERF_CONTEXT_GUEST_USER, USER_IP, USER_CALLER);
	check__end();
	made_guest__delete(g);
}

static void user(void)
{
	struct made_guest *g = new_guest();

	check__begin("sections: none in user mode");
	g->regs.cpl = 3;
	g->regs.ip = USER_IP;
	g->regs.sp = USER_SP;
	g->regs.bp = USER_SP + 0x20;
	check__u64("words", unwind(g, &zero_gprs, MAX), 0);
	CHECK_IPS(g, PERF_CONTEXT_GUEST_USER, USER_IP, USER_CALLER);
	check__end();
	made_guest__delete(g);
}

/* However few frames fit. */
static void limits(void)
{
	struct made_guest *g = new_guest();
	u32 max;

	check__begin("sections: bounds");
	for (max = 1; max <= 4; max++) {
		g->max_frames = max;
		g->max_user = max;
		unwind(g, &zero_gprs, MAX);
		/* one of the kernel, two of the user */
		check__u64("frames", g->walk.frames, max < 2 ? 2 : 3);
		check__u64("said so", !!(g->walk.flags & PERF_GUEST_CALLCHAIN_MAX_STACK), max < 2);
	}
	for (max = 0; max < MAX; max++)
		check__u64("words", unwind(g, &zero_gprs, max) <= max, 1);
	check__end();
	made_guest__delete(g);
}

void test_sections(void)
{
	no_frame_pointers();
	frame_pointers();
	false_user();
	user();
	limits();
}
