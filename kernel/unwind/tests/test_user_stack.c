// SPDX-License-Identifier: GPL-2.0
/* User registers and stacks: from the vCPU, from the kernel's stack, and neither. */
#include <linux/perf_event.h>
#include "../sections.h"
#include "check.h"

#define STACK_END	0xffffc90000014000ULL
#define PT_REGS		(STACK_END - 168)
#define TEXT		0xffffffff81234567ULL
#define USER_IP		0x401000ULL
#define USER_SP		0x7ffc12345ff4ULL	/* not aligned, 12 bytes before a page's end */
#define BYTES		64
#define REGS_WORDS	20
#define MAX		(REGS_WORDS + 2 + BYTES / 8)

static u64 data[2 * MAX];

/* The bits of PERF_SAMPLE_REGS_USER, from asm/perf_regs.h. */
enum { AX, BX, CX, DX, SI, DI, BP, SP, IP, R8 = 16, R9, R10, R11, R12, R13, R14, R15 };

/* Each register has a value of its own: its number and where it comes from. */
#define LIVE		0x1111000000000000ULL
#define SAVED		0x2222000000000000ULL

static const struct {
	unsigned int bit, gpr, pt_reg;
} regs[] = {
	{ AX, 0, 10 }, { CX, 1, 11 }, { DX, 2, 12 }, { BX, 3, 5 }, { BP, 5, 4 },
	{ SI, 6, 13 }, { DI, 7, 14 }, { R8, 8, 9 }, { R9, 9, 8 }, { R10, 10, 7 }, { R11, 11, 6 },
	{ R12, 12, 3 }, { R13, 13, 2 }, { R14, 14, 1 }, { R15, 15, 0 },
};

#define NR_REGS		(sizeof(regs) / sizeof(regs[0]))

static void unwind(struct made_guest *g, u32 bytes, u32 max, struct guest_sections *s)
{
	struct guest_gprs gprs;
	u32 i;

	for (i = 0; i < GUEST_NR_GPRS; i++)
		gprs.reg[i] = LIVE | i;
	made_guest__prepare_walk(g);
	memset(data, 0x5a, sizeof(data));
	*s = (struct guest_sections) { .data = data, .max_user = max, .user_stack = bytes };
	guest_unwind_sections(&g->walk, &g->regs, &gprs, s);
	guest_walk_end(&g->walk);
	check__u64("none about the kernel", s->kernel, 0);
	check__u64("the word behind", data[max], 0x5a5a5a5a5a5a5a5aULL);
}

/* In user mode, with a stack of two pages. */
static struct made_guest *new_guest(void)
{
	struct made_guest *g = made_guest__new(GUEST_PAGING_4LEVEL, GUEST_PAGING_NONE);
	u32 i;

	for (i = 0; i < BYTES; i++)
		*(u8 *)made_guest__virt(g, USER_SP + i) = i + 1;
	g->regs.ip = USER_IP;
	g->regs.sp = USER_SP;
	g->regs.bp = 0;
	return g;
}

/* The same, in a system call: @sp of the kernel. */
static struct made_guest *new_syscall(u64 sp)
{
	const struct made_regs user_mode = {
		.ip = USER_IP, .cs = 0x33, .flags = 0x246, .sp = USER_SP, .ss = 0x2b,
	};
	struct made_guest *g = new_guest();
	u32 i;

	put_regs(g, PT_REGS, &user_mode);
	for (i = 0; i < 15; i++)
		put_word(g, PT_REGS + 8 * i, SAVED | i);
	g->regs.cpl = 0;
	g->regs.ip = TEXT;
	g->regs.sp = sp;
	return g;
}

static u64 reg(unsigned int bit)
{
	u64 below = data[2] & ((1ULL << bit) - 1);

	return data[2] >> bit & 1 ? data[3 + __builtin_popcountll(below)] : ~0ULL;
}

/* Those from word @first of struct pt_regs on are saved. */
static void check_regs(u32 first)
{
	const struct perf_guest_section *section = (const void *)data;
	u32 i;

	check__u64("registers", section->type, PERF_GUEST_SECTION_USER_REGS);
	check__u64("of them, and head", section->size, 8 * REGS_WORDS);
	check__u64("abi", data[1], PERF_SAMPLE_REGS_ABI_64);
	check__u64("how many", __builtin_popcountll(data[2]), NR_REGS + 2);
	check__u64("ip", reg(IP), USER_IP);
	check__u64("sp", reg(SP), USER_SP);
	for (i = 0; i < NR_REGS; i++)
		check__u64("register", reg(regs[i].bit),
			   regs[i].pt_reg >= first ? SAVED | regs[i].pt_reg :
						     LIVE | regs[i].gpr);
}

static void check_stack(u32 words, u32 bytes)
{
	const struct perf_guest_section *section = (const void *)(data + REGS_WORDS);
	const u8 *copy = (const void *)(data + REGS_WORDS + 2);
	u32 i;

	check__u64("stack", section->type, PERF_GUEST_SECTION_USER_STACK);
	check__u64("size", section->size, 16 + bytes);
	check__u64("all of the rest", words, REGS_WORDS + 2 + bytes / 8);
	check__u64("start", data[REGS_WORDS + 1], USER_SP);
	for (i = 0; i < bytes; i++)
		check__u64("byte", copy[i], i + 1);
}

static void running(void)
{
	struct made_guest *g = new_guest();
	struct guest_sections s;

	check__begin("user stack: running");
	unwind(g, BYTES, MAX, &s);
	check_regs(15);
	check_stack(s.user, BYTES);
	check__end();
	made_guest__delete(g);
}

static void in_kernel(void)
{
	static const struct {
		const char *what;
		u64 sp;
		u32 first;
	} cases[] = {
		{ "in a system call", PT_REGS - 0x80, 0 },
		{ "all saved just now", PT_REGS, 0 },
		{ "one not saved yet", PT_REGS + 8, 1 },
		{ "one saved", PT_REGS + 14 * 8, 14 },
		{ "nothing saved yet", PT_REGS + 128, 15 },
	};
	struct guest_sections s;
	struct made_guest *g;
	u32 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check__begin("user stack: %s", cases[i].what);
		g = new_syscall(cases[i].sp);
		unwind(g, BYTES, MAX, &s);
		check_regs(cases[i].first);
		check_stack(s.user, BYTES);
		check__end();
		made_guest__delete(g);
	}
}

/* Beside what is about the kernel. */
static void both(void)
{
	struct made_guest *g = new_syscall(PT_REGS - 0x80);
	const struct guest_gprs gprs = { .reg = { 0 } };
	struct guest_sections s = { .data = data, .max_kernel = 20, .max_user = MAX,
				    .user_stack = BYTES };
	const struct perf_guest_section *section;

	check__begin("user stack: behind the kernel's sections");
	made_guest__prepare_walk(g);
	guest_unwind_sections(&g->walk, &g->regs, &gprs, &s);
	guest_walk_end(&g->walk);
	check__u64("kernel's", s.kernel > 0 && s.kernel <= 20, 1);
	section = (const void *)(data + s.kernel);
	check__u64("type", section->type, PERF_GUEST_SECTION_USER_REGS);
	check__u64("user's", s.user, MAX);
	check__end();
	made_guest__delete(g);
}

/* As much as there is, and as fits. */
static void limits(void)
{
	struct made_guest *g = new_guest();
	struct guest_sections s;
	u32 max;

	check__begin("user stack: bounds");
	for (max = 0; max <= MAX; max++) {
		unwind(g, BYTES, max, &s);
		check__u64("fits", s.user, max > REGS_WORDS + 2 ? max : 0);
	}
	unwind(g, 16, MAX, &s);
	check_stack(s.user, 16);
	unwind(g, 0, MAX, &s);
	check__u64("nothing wanted", s.user, 0);
	/* what is behind the second page is not there */
	unwind(g, 8192, 2 * MAX - 1, &s);
	check__u64("fills all", s.user, 2 * MAX - 1);
	check__end();
	made_guest__delete(g);
}

static void none(void)
{
	static const struct {
		const char *what;
		u64 sp;
		u8 bits;
	} cases[] = {
		{ "not mapped", 0x10000, 64 },
		{ "in the kernel's half", PT_REGS, 64 },
		{ "at the end of all", ~0ULL - 3, 64 },
		{ "32-bit code", USER_SP, 32 },
	};
	struct guest_sections s;
	struct made_guest *g;
	u32 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check__begin("user stack: none, %s", cases[i].what);
		g = new_syscall(PT_REGS - 0x80);
		g->regs.cpl = 3;
		g->regs.sp = cases[i].sp;
		g->regs.bits = cases[i].bits;
		unwind(g, BYTES, MAX, &s);
		check__u64("words", s.user, 0);
		check__end();
		made_guest__delete(g);
	}
}

void test_user_stack(void)
{
	running();
	in_kernel();
	both();
	limits();
	none();
}
