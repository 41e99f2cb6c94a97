// SPDX-License-Identifier: GPL-2.0
/* guest_stack_words(): what is sent of which stacks, and what is not. */
#include "../stack_words.h"
#include "check.h"
#include "stack_words_reader.h"

#define STACK		0xffffc90000010000ULL	/* 16 KiB aligned */
#define STACK_END	(STACK + 0x4000)
#define IRQ_STACK	0xffffc900000d1000ULL	/* vmap()ed: any page */
#define IRQ_END		(IRQ_STACK + 0x4000)
#define NMI_END		0xfffffe0000013000ULL
#define TEXT		0xffffffff81234567ULL
#define MODULE		0xffffffffc0345678ULL
#define HEAP		0xffff888012345678ULL
#define USER_IP		0x55d41234abcdULL
#define USER_SP		0x7ffc12345678ULL
#define MAX		2048

#define NONE		PERF_GUEST_STACK_WORD_NONE
#define HIGH		PERF_GUEST_STACK_WORD_HIGH
#define LOW		PERF_GUEST_STACK_WORD_LOW
#define FULL		PERF_GUEST_STACK_WORD_FULL

struct collected {
	u64 data[MAX + 1];
	u32 nr;
	struct guest_user user;
};

static struct collected c;

static const struct made_regs user_mode = {
	.ip = USER_IP, .cs = 0x33, .flags = 0x246, .sp = USER_SP, .ss = 0x2b, .bp = 0x1234,
};

static const struct made_regs kernel_mode = {
	.ip = TEXT + 1, .cs = 0x10, .flags = 0x86, .ss = 0x18,
};

/* A guest in its kernel; the pages of [@sp, @end) are there. */
static struct made_guest *new_guest(u64 sp, u64 end)
{
	struct made_guest *g = made_guest__new(GUEST_PAGING_4LEVEL, GUEST_PAGING_NONE);
	u64 page;

	for (page = sp & ~0xfffULL; page < end; page += GUEST_PAGE_SIZE)
		put_word(g, page, 0);
	g->regs.cpl = 0;
	g->regs.ip = TEXT;
	g->regs.sp = sp;
	g->regs.bp = 0xbbbb;
	return g;
}

static void collect_max(struct made_guest *g, u32 max)
{
	memset(&c, 0xa5, sizeof(c));
	made_guest__prepare_walk(g);
	c.nr = guest_stack_words(&g->walk, &g->regs, c.data, max, &c.user);
	guest_walk_end(&g->walk);
	check__u64("fits", c.nr <= max, 1);
	check__u64("the word behind", c.data[c.nr], 0xa5a5a5a5a5a5a5a5ULL);
}

static void collect(struct made_guest *g)
{
	collect_max(g, MAX);
}

static void check_head(u32 stacks, u64 flags)
{
	check__u64("stacks", c.data[0] & PERF_GUEST_STACK_WORDS_NR, stacks);
	check__u64("flags", c.data[0] & ~PERF_GUEST_STACK_WORDS_NR, flags);
}

static struct read_stack check_stack(u32 index, u64 start, u64 end)
{
	struct read_stack st = { 0 };

	check__u64("well-formed", read_stack__get(c.data, c.nr, index, &st), 1);
	check__u64("start", st.start, start);
	check__u64("words", st.covered, (end - start) / 8);
	return st;
}

static void check_word(const struct read_stack *st, u64 addr, u32 how, u64 value)
{
	u64 got = value;

	check__u64("kind of word", read_stack__word(st, addr, &got), how);
	check__u64("word", got, value);
}

static void kinds(void)
{
	static const struct {
		u64 value;
		u32 how;
	} words[] = {
		{ TEXT, HIGH }, { MODULE, HIGH }, { 0xffffffff80000000, HIGH },
		{ 0xfffffffffeffffff, HIGH }, { 0xffffffff7fffffff, NONE },
		{ 0xffffffffff000000, NONE }, { (u64)-12, NONE }, { ~0ULL, NONE },
		{ HEAP, NONE }, { 0, NONE }, { 1, NONE }, { USER_IP, NONE },
		{ STACK_END - 0x800, LOW }, { STACK_END - 0x7ff, LOW }, { STACK_END, LOW },
		{ STACK_END + 1, NONE }, { STACK_END - 0x801, NONE }, { STACK, NONE },
	};
	struct made_guest *g = new_guest(STACK_END - 0x800, STACK_END);
	struct read_stack st;
	unsigned int i, nr = sizeof(words) / sizeof(words[0]);

	check__begin("stack words: which ones");
	for (i = 0; i < nr; i++)
		put_word(g, g->regs.sp + 8 * i, words[i].value);
	put_word(g, g->regs.sp - 8, TEXT);
	collect(g);
	check_head(1, 0);
	st = check_stack(0, STACK_END - 0x800, STACK_END);
	for (i = 0; i < nr; i++)
		check_word(&st, g->regs.sp + 8 * i, words[i].how, words[i].value);
	check__u64("values", st.nr_values, 7);
	check__u64("size", c.nr, 1 + 2 + 8 + 4);
	check__u64("translations", g->walk.translations, 2);
	check__u64("no user", c.user.regs.bits, 0);
	check__end();
	made_guest__delete(g);
}

/* @padding below the top, as with FRED. */
static void system_call(unsigned int padding)
{
	struct made_guest *g = new_guest(STACK_END - 0x400, STACK_END);
	const u64 regs = STACK_END - padding - 168;
	struct read_stack st;
	unsigned int i;

	check__begin("stack words: system call, %u bytes above pt_regs", padding);
	for (i = 0; i < 15; i++)
		put_word(g, regs + 8 * i, i & 1 ? HEAP + i : i);
	put_word(g, regs + 120, (u64)-1);
	put_regs(g, regs, &user_mode);
	put_word(g, regs - 8, TEXT);
	collect(g);
	check_head(1, 0);
	st = check_stack(0, STACK_END - 0x400, STACK_END);
	check_word(&st, regs - 8, HIGH, TEXT);
	for (i = 0; i < 15; i++)
		if (i != 4)
			check_word(&st, regs + 8 * i, i & 1 ? FULL : LOW, i & 1 ? HEAP + i : i);
	check_word(&st, regs + 32, LOW, 0x1234);
	check_word(&st, regs + 120, HIGH, (u64)-1);
	check_word(&st, regs + 128, FULL, USER_IP);
	check_word(&st, regs + 136, LOW, 0x33);
	check_word(&st, regs + 144, LOW, 0x246);
	check_word(&st, regs + 152, FULL, USER_SP);
	check_word(&st, regs + 160, LOW, 0x2b);
	check__u64("bits", c.user.regs.bits, 64);
	check__u64("level", c.user.regs.cpl, 3);
	check__u64("ip", c.user.regs.ip, USER_IP);
	check__u64("sp", c.user.regs.sp, USER_SP);
	check__u64("bp", c.user.regs.bp, 0x1234);
	check__end();
	made_guest__delete(g);
}

static void compat(void)
{
	struct made_guest *g = new_guest(STACK_END - 0x400, STACK_END);
	struct made_regs r = user_mode;

	check__begin("stack words: system call of a 32-bit process");
	r.cs = 0x23;
	put_regs(g, STACK_END - 168, &r);
	collect(g);
	check__u64("bits", c.user.regs.bits, 32);
	check__end();
	made_guest__delete(g);
}

/* In the entry code: the CPU's part of pt_regs is there, rbp not yet. */
static void entry_code(void)
{
	struct made_guest *g = new_guest(STACK_END - 48, STACK_END);

	check__begin("stack words: entry code");
	put_regs(g, STACK_END - 168, &user_mode);
	collect(g);
	check_head(1, 0);
	check__u64("bits", c.user.regs.bits, 64);
	check__u64("bp", c.user.regs.bp, 0xbbbb);
	check__end();

	check__begin("stack words: entry code, not all pushed");
	g->regs.sp = STACK_END - 32;
	collect(g);
	check_head(1, 0);
	check__u64("bits", c.user.regs.bits, 0);
	check__end();

	check__begin("stack words: empty stack");
	g->regs.sp = STACK_END;
	collect(g);
	check_head(1, 0);
	check_stack(0, STACK_END, STACK_END);
	check__end();
	made_guest__delete(g);
}

/* What looks like user mode's registers, but for one thing. */
static void no_user_regs(void)
{
	static const struct {
		const char *what;
		unsigned int word;
		u64 value;
	} cases[] = {
		{ "cs", 1, 0x10 }, { "flags without bit 1", 2, 0x244 },
		{ "flags with bit 15", 2, 0x8246 }, { "ip", 0, TEXT }, { "sp", 3, HEAP },
		{ "ss", 4, 0x28 },
	};
	struct made_guest *g = new_guest(STACK_END - 0x400, STACK_END);
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check__begin("stack words: no pt_regs by %s", cases[i].what);
		put_regs(g, STACK_END - 168, &user_mode);
		put_word(g, STACK_END - 40 + 8 * cases[i].word, cases[i].value);
		collect(g);
		check__u64("bits", c.user.regs.bits, 0);
		check_stack(0, STACK_END - 0x400, STACK_END);
		check__end();
	}
	made_guest__delete(g);
}

/* Without CONFIG_VMAP_STACK other memory follows the stack. */
static void not_vmapped(void)
{
	struct made_guest *g = new_guest(STACK_END - 0x400, STACK_END + 0x5000);

	check__begin("stack words: kernel thread, no guard page");
	collect(g);
	check_head(1, 0);
	check_stack(0, STACK_END - 0x400, STACK_END);
	check__end();

	check__begin("stack words: system call, no guard page");
	put_regs(g, STACK_END - 168, &user_mode);
	collect(g);
	check_stack(0, STACK_END - 0x400, STACK_END);
	check__u64("bits", c.user.regs.bits, 64);
	check__end();

	check__begin("stack words: no end to be found");
	put_word(g, STACK_END - 8, 1);
	put_word(g, STACK_END + 0x3ff8, 1);
	collect(g);
	check_head(1, 0);
	check_stack(0, STACK_END - 0x400, STACK_END + 0x5000);
	check__end();
	made_guest__delete(g);
}

static void too_long(void)
{
	struct made_guest *g = new_guest(STACK + 0x10, STACK + 0xa000);
	u64 end;

	check__begin("stack words: 32 KiB at most");
	for (end = STACK_END; end <= STACK + 0x8000; end += 0x4000)
		put_word(g, end - 8, 1);
	collect(g);
	check_stack(0, STACK + 0x10, STACK + 0x8000);
	check__end();
	made_guest__delete(g);
}

/* Task in a system call, interrupted on to the IRQ stack; NMI on top of that. */
static struct made_guest *new_nested(u64 sp)
{
	struct made_guest *g = new_guest(STACK_END - 0x300, STACK_END);
	struct made_regs r = kernel_mode;
	u64 page;

	for (page = IRQ_STACK; page < IRQ_END; page += GUEST_PAGE_SIZE)
		put_word(g, page, 0);
	put_regs(g, STACK_END - 168, &user_mode);
	/* the interrupt's registers are on the task's stack */
	r.sp = STACK_END - 0x200;
	put_regs(g, STACK_END - 0x2c0, &r);
	put_word(g, IRQ_END - 8, STACK_END - 0x300);
	put_word(g, IRQ_END - 16, TEXT + 2);
	put_word(g, IRQ_END - 64, STACK_END - 0x280);
	/* right below where the stack would end if it were aligned */
	put_word(g, IRQ_END - 0x1000 - 16, HEAP);
	put_word(g, IRQ_END - 0x1000 - 8, HEAP & ~7ULL);

	r.sp = IRQ_END - 0x1800;
	put_regs(g, NMI_END - 168, &r);
	g->regs.sp = sp;
	return g;
}

static void irq_stack(void)
{
	struct made_guest *g = new_nested(IRQ_END - 0x1800);
	struct read_stack st;

	check__begin("stack words: IRQ stack");
	collect(g);
	check_head(2, 0);
	st = check_stack(0, IRQ_END - 0x1800, IRQ_END);
	check_word(&st, IRQ_END - 8, FULL, STACK_END - 0x300);
	check_word(&st, IRQ_END - 16, HIGH, TEXT + 2);
	check_word(&st, IRQ_END - 64, FULL, STACK_END - 0x280);
	check_word(&st, IRQ_END - 0x1000 - 8, NONE, 0);
	st = check_stack(1, STACK_END - 0x300, STACK_END);
	check_word(&st, STACK_END - 0x2c0 + 128, HIGH, TEXT + 1);
	check_word(&st, STACK_END - 0x2c0 + 152, LOW, STACK_END - 0x200);
	check_word(&st, STACK_END - 40, FULL, USER_IP);
	check__u64("bits", c.user.regs.bits, 64);
	check__end();
	made_guest__delete(g);
}

static void nmi_stack(void)
{
	struct made_guest *g = new_nested(NMI_END - 0x100);
	struct read_stack st;

	check__begin("stack words: NMI on IRQ stack");
	collect(g);
	check_head(3, 0);
	st = check_stack(0, NMI_END - 0x100, NMI_END);
	check_word(&st, NMI_END - 16, FULL, IRQ_END - 0x1800);
	check_stack(1, IRQ_END - 0x1800, IRQ_END);
	check_stack(2, STACK_END - 0x300, STACK_END);
	check__u64("ip", c.user.regs.ip, USER_IP);
	check__end();
	made_guest__delete(g);
}

/* CPU 0's idle task has its stack in the kernel's image. */
static void idle_task(void)
{
	const u64 end = 0xffffffff82604000ULL;
	struct made_guest *g = new_guest(IRQ_END - 0x200, IRQ_END);
	struct read_stack st;

	check__begin("stack words: IRQ stack on the first idle task's");
	put_word(g, IRQ_END - 8, end - 0x100);
	put_word(g, IRQ_END - 16, TEXT);
	put_word(g, end - 0x100, end - 0x80);
	put_word(g, end - 0x80, TEXT);
	put_word(g, end, TEXT);
	collect(g);
	check_head(2, 0);
	check_stack(0, IRQ_END - 0x200, IRQ_END);
	st = check_stack(1, end - 0x100, end);
	check_word(&st, end - 0x80, HIGH, TEXT);
	check_word(&st, end - 0x100, HIGH, end - 0x80);
	check__end();
	made_guest__delete(g);
}

/* Stacks that lead to each other, in a circle or without an end. */
static void hostile_links(void)
{
	struct made_guest *g = new_guest(IRQ_END - 0x200, IRQ_END);
	unsigned int i;
	u64 end;

	check__begin("stack words: IRQ stack that leads to itself");
	put_word(g, IRQ_END - 8, IRQ_END - 0x100);
	put_word(g, IRQ_END - 16, TEXT);
	collect(g);
	check_head(1, 0);
	check__end();

	check__begin("stack words: more stacks than there can be");
	for (i = 0; i < 6; i++) {
		end = IRQ_END + i * 0x10000;
		put_word(g, end - 8, end + 0x10000 - 0x100);
		put_word(g, end - 16, TEXT);
	}
	collect(g);
	check_head(4, PERF_GUEST_STACK_WORDS_MORE);
	check_stack(3, IRQ_END + 0x30000 - 0x100, IRQ_END + 0x30000);
	check__end();
	made_guest__delete(g);
}

static void unreadable(void)
{
	struct made_guest *g = new_nested(IRQ_END - 0x1800);
	u64 gpa;

	check__begin("stack words: page that cannot be read now");
	made_guest__prepare_walk(g);
	check__u64("translate", guest_translate(&g->walk, STACK_END - 8, &gpa), 0);
	g->refuse_gfn = gpa / GUEST_PAGE_SIZE;
	collect(g);
	check_head(2, PERF_GUEST_STACK_WORDS_UNREADABLE);
	check_stack(1, STACK_END - 0x300, STACK_END - 0x300);
	check__end();

	check__begin("stack words: page that is a device's");
	g->refuse_why = PERF_GUEST_CALLCHAIN_DEVICE;
	collect(g);
	check_head(2, PERF_GUEST_STACK_WORDS_UNREADABLE);
	check_stack(1, STACK_END - 0x300, STACK_END - 0x300);
	check__end();

	check__begin("stack words: stack that is not there");
	g->refuse_gfn = ~0ULL;
	put_word(g, IRQ_END - 8, 0xffffc90000500100ULL);
	collect(g);
	check_head(2, 0);
	check_stack(0, IRQ_END - 0x1800, IRQ_END);
	check_stack(1, 0xffffc90000500100ULL, 0xffffc90000500100ULL);
	check__end();
	made_guest__delete(g);
}

static void not_for_these(void)
{
	struct made_guest *g = new_guest(STACK_END - 0x100, STACK_END);

	check__begin("stack words: none of user mode, other modes and stacks");
	collect(g);
	check__u64("kernel", c.nr > 1, 1);
	g->regs.cpl = 3;
	collect(g);
	check__u64("user mode", c.nr, 0);
	g->regs.cpl = 0;
	g->regs.bits = 32;
	collect(g);
	check__u64("32 bits", c.nr, 0);
	g->regs.bits = 64;
	g->regs.sp = USER_SP & ~7ULL;
	collect(g);
	check__u64("user stack", c.nr, 0);
	g->regs.sp = STACK_END - 0x101;
	collect(g);
	check__u64("misaligned", c.nr, 0);
	g->regs.sp = (u64)-8;
	collect(g);
	check__u64("last word", c.nr, 0);
	g->regs.sp = STACK_END - 0x100;
	collect_max(g, 0);
	check__u64("no room", c.nr, 0);
	check__end();
	made_guest__delete(g);
}

/* However little fits: what is there is right, and what is missing announced. */
static void cut(void)
{
	struct made_guest *g = new_nested(NMI_END - 0x100);
	static struct collected whole;
	struct read_stack st, full;
	u64 addr, got, want;
	u32 max, i, nr, how;

	check__begin("stack words: cut anywhere");
	collect(g);
	whole = c;
	for (max = 1; max <= whole.nr; max++) {
		collect_max(g, max);
		check__u64("cut", !!(c.data[0] & PERF_GUEST_STACK_WORDS_CUT), max < whole.nr);
		nr = c.data[0] & PERF_GUEST_STACK_WORDS_NR;
		for (i = 0; i < nr; i++) {
			check__u64("stack", read_stack__get(c.data, c.nr, i, &st), 1);
			read_stack__get(whole.data, whole.nr, i, &full);
			for (addr = st.start; addr < st.start + 8 * st.covered; addr += 8) {
				how = read_stack__word(&st, addr, &got);
				if (!how)
					continue;
				check__u64("kind", read_stack__word(&full, addr, &want), how);
				check__u64("word", got, want);
			}
		}
		if (max == whole.nr)
			check__u64("all", memcmp(c.data, whole.data, 8 * max), 0);
	}
	check__end();
	made_guest__delete(g);
}

void test_stack_words(void)
{
	kinds();
	system_call(0);
	system_call(16);
	compat();
	entry_code();
	no_user_regs();
	not_vmapped();
	too_long();
	irq_stack();
	nmi_stack();
	idle_task();
	hostile_links();
	unreadable();
	not_for_these();
	cut();
}
