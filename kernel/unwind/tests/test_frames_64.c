// SPDX-License-Identifier: GPL-2.0
/* guest_unwind() in 64-bit guests: where chains go, and each reason to end one. */
#include <linux/perf_event.h>
#include <stdio.h>

#include "check.h"

#define KERNEL		((u64)PERF_CONTEXT_GUEST_KERNEL)
#define USER		((u64)PERF_CONTEXT_GUEST_USER)
#define M64		PERF_GUEST_CALLCHAIN_MODE_64

#define K(n)		(0xffffffff81000000ULL + (n) * 0x100)	/* kernel text */
#define U(n)		(0x0000000000401000ULL + (n) * 0x100)	/* user text */
#define TASK_STACK	0xffffc90000010000ULL	/* 16 KiB, its top at + 0x4000 */
#define TASK_REGS	(TASK_STACK + 0x4000 - 168)
#define IRQ_STACK	0xffffc90000200000ULL
#define NMI_STACK	0xfffffe0000010000ULL
#define USER_STACK	0x00007ffc12340000ULL

static struct made_guest *user_guest(void)
{
	struct made_guest *g = made_guest__new(GUEST_PAGING_4LEVEL, GUEST_PAGING_NONE);

	g->regs.ip = U(0);
	g->regs.sp = USER_STACK;
	g->regs.bp = USER_STACK + 0x20;
	return g;
}

/* Three frames of user code, from USER_STACK + 0x20. */
static void put_user_stack(struct made_guest *g)
{
	put_frame(g, USER_STACK + 0x20, USER_STACK + 0x60, U(1));
	put_frame(g, USER_STACK + 0x60, USER_STACK + 0x100, U(2));
	put_frame(g, USER_STACK + 0x100, 0, U(3));
}

static struct made_guest *kernel_guest(void)
{
	struct made_guest *g = user_guest();

	g->regs.cpl = 0;
	g->regs.ip = K(0);
	g->regs.sp = TASK_STACK + 0x3000;
	g->regs.bp = TASK_STACK + 0x3020;
	return g;
}

static const struct made_regs user_regs = {
	.ip = U(0), .cs = 0x33, .flags = 0x246, .sp = USER_STACK, .ss = 0x2b,
	.bp = USER_STACK + 0x20,
};

/* Two frames of a system call and what it was made from. */
static struct made_guest *syscall_guest(void)
{
	struct made_guest *g = kernel_guest();

	put_frame(g, TASK_STACK + 0x3020, TASK_REGS - 16, K(1));
	put_frame(g, TASK_REGS - 16, 0, K(2));
	put_regs(g, TASK_REGS, &user_regs);
	put_user_stack(g);
	return g;
}

#define SYSCALL_CHAIN	KERNEL, K(0), K(1), K(2), USER, U(0), U(1), U(2), U(3)

static void run(struct made_guest *g, const char *name, u32 flags, unsigned int nr,
		const u64 *words)
{
	check__begin("frames: %s", name);
	check__chain(g, M64 | flags, nr, words);
	check__end();
}

#define RUN(g, name, flags, ...) do {						\
	const u64 words_[] = { __VA_ARGS__ };					\
	run(g, name, flags, sizeof(words_) / sizeof(words_[0]), words_);	\
} while (0)

static void user_chains(void)
{
	struct made_guest *g = user_guest();

	put_user_stack(g);
	RUN(g, "user", 0, USER, U(0), U(1), U(2), U(3));
	put_frame(g, USER_STACK + 0x100, 1, 0);
	RUN(g, "user, ended by a return address of 0", 0, USER, U(0), U(1), U(2));
	g->regs.bp = 0;
	RUN(g, "user, no frame pointer", 0, USER, U(0));
	made_guest__delete(g);
}

static void user_reasons(void)
{
	static const struct {
		const char *name;
		u64 next, ret;
		u32 reason;
		bool third;
	} cases[] = {
		{ "misaligned", USER_STACK + 0x64, U(2), PERF_GUEST_CALLCHAIN_MISALIGNED, true },
		{ "odd", USER_STACK + 0x61, U(2), PERF_GUEST_CALLCHAIN_MISALIGNED, true },
		{ "not canonical", 0xc0c001e00000000, U(2), PERF_GUEST_CALLCHAIN_NONCANONICAL, true },
		{ "in the kernel half", TASK_STACK, U(2), PERF_GUEST_CALLCHAIN_NONCANONICAL, true },
		{ "in the null page", 0x10, U(2), PERF_GUEST_CALLCHAIN_NONCANONICAL, true },
		{ "itself", USER_STACK + 0x60, U(2), PERF_GUEST_CALLCHAIN_BACKWARD, true },
		{ "back to the first", USER_STACK + 0x20, U(2), PERF_GUEST_CALLCHAIN_BACKWARD, true },
		{ "overlapping", USER_STACK + 0x68, U(2), PERF_GUEST_CALLCHAIN_BACKWARD, true },
		{ "not mapped", USER_STACK + 0x100000, U(2), PERF_GUEST_CALLCHAIN_UNMAPPED, true },
		{ "in other tables that are bad", 0x7fff00000000, U(2), PERF_GUEST_CALLCHAIN_BAD_PTE, true },
		{ "without memory", 0x7ffe00000000, U(2), PERF_GUEST_CALLCHAIN_UNREADABLE, true },
		{ "return address in the kernel half", 0, K(2), PERF_GUEST_CALLCHAIN_BAD_RETURN, false },
		{ "return address not canonical", 0, 0x4141414141414141, PERF_GUEST_CALLCHAIN_BAD_RETURN, false },
		{ "return address beyond the user half", 0, 0x800000000000, PERF_GUEST_CALLCHAIN_BAD_RETURN, false },
		{ "return address in the null page", 0, 0xfff, PERF_GUEST_CALLCHAIN_BAD_RETURN, false },
	};
	struct made_guest *g = user_guest();
	char name[64];
	unsigned int i;
	u64 e;

	put_user_stack(g);
	made_space__map(g, &g->space, 0x7ffe00000000, 0x12345000, 1);
	made_space__map(g, &g->space, 0x7fff00000000, 0x12345000, 1);
	/* a page of 1 GiB that is not aligned to that */
	e = 0x2087;
	memcpy(made_space__entry(g, &g->space, 0x7fff00000000, 3), &e, sizeof(e));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_frame(g, USER_STACK + 0x60, cases[i].next, cases[i].ret);
		snprintf(name, sizeof(name), "%s", cases[i].name);
		if (cases[i].third)
			RUN(g, name, cases[i].reason, USER, U(0), U(1), U(2));
		else
			RUN(g, name, cases[i].reason, USER, U(0), U(1));
	}
	made_guest__delete(g);
}

static void first_frame(void)
{
	struct made_guest *g = user_guest();

	put_user_stack(g);
	g->regs.sp = USER_STACK + 0x28;
	RUN(g, "frame below the stack pointer", PERF_GUEST_CALLCHAIN_BACKWARD, USER, U(0));
	g->regs.sp = USER_STACK + 0x20;
	RUN(g, "frame at the stack pointer", 0, USER, U(0), U(1), U(2), U(3));
	g->regs.bp = 0xc0c001e00000000;
	RUN(g, "first frame pointer is no address", PERF_GUEST_CALLCHAIN_NONCANONICAL, USER, U(0));
	g->regs.bp = 1;
	RUN(g, "first frame pointer is 1", PERF_GUEST_CALLCHAIN_MISALIGNED, USER, U(0));
	made_guest__delete(g);
}

static void limits(void)
{
	struct made_guest *g = user_guest();
	const u32 max_stack = PERF_GUEST_CALLCHAIN_MAX_STACK;

	put_user_stack(g);
	g->max_user = 0;
	g->max_frames = 4;
	RUN(g, "as many frames as wanted", 0, USER, U(0), U(1), U(2), U(3));
	g->max_frames = 3;
	RUN(g, "more frames than wanted", max_stack, USER, U(0), U(1), U(2));
	g->max_frames = 1;
	RUN(g, "one frame wanted", max_stack, USER, U(0));
	g->max_frames = 127;
	g->max = 5;
	RUN(g, "buffer just large enough", 0, USER, U(0), U(1), U(2), U(3));
	g->max = 4;
	RUN(g, "buffer one too small", max_stack, USER, U(0), U(1), U(2));
	g->max = 2;
	RUN(g, "buffer of two", max_stack, USER, U(0));
	for (g->max = 0; g->max < 2; g->max++) {
		check__begin("frames: buffer of %u", g->max);
		check__chain(g, M64 | max_stack, 0, NULL);
		check__end();
	}
	g->max = 100;
	g->max_frames = 0;
	check__begin("frames: none wanted");
	check__chain(g, M64, 0, NULL);
	check__end();
	made_guest__delete(g);

	g = syscall_guest();
	g->max = 5;
	RUN(g, "no user mark without room for a frame", max_stack, KERNEL, K(0), K(1), K(2));
	g->max = 6;
	RUN(g, "user mark with room for one frame", max_stack, KERNEL, K(0), K(1), K(2), USER, U(0));
	made_guest__delete(g);
}

/* Who may not see the kernel's frames is not to go short of the user's. */
static void budgets(void)
{
	struct made_guest *g = syscall_guest();

	g->max_frames = 3;
	g->max_user = 2;
	RUN(g, "kernel's and user's budget", PERF_GUEST_CALLCHAIN_MAX_STACK,
	    KERNEL, K(0), K(1), K(2), USER, U(0), U(1));
	check__u64("kernel's cut", g->walk.kernel_cut, false);
	g->max_frames = 2;
	g->max_user = 127;
	RUN(g, "more kernel frames than wanted", 0, KERNEL, K(0), K(1), USER, U(0), U(1), U(2), U(3));
	check__u64("kernel's cut", g->walk.kernel_cut, true);
	g->max_frames = 0;
	RUN(g, "user frames only", 0, USER, U(0), U(1), U(2), U(3));
	check__u64("kernel's cut", g->walk.kernel_cut, false);
	g->max_frames = 127;
	g->max_user = 0;
	RUN(g, "frames of both", 0, KERNEL, K(0), K(1), K(2), USER, U(0), U(1), U(2), U(3));
	g->max_frames = 5;
	RUN(g, "frames of both, and fewer", PERF_GUEST_CALLCHAIN_MAX_STACK,
	    KERNEL, K(0), K(1), K(2), USER, U(0), U(1));
	g->max_frames = 3;
	RUN(g, "no more than the kernel's", PERF_GUEST_CALLCHAIN_MAX_STACK,
	    KERNEL, K(0), K(1), K(2));
	g->max_frames = 2;
	RUN(g, "fewer than the kernel's", PERF_GUEST_CALLCHAIN_MAX_STACK, KERNEL, K(0), K(1));
	made_guest__delete(g);
}

/* The user's frames are behind so many of the kernel that the walk gives up. */
static void far_user(void)
{
	struct made_guest *g = kernel_guest();
	u64 bp = TASK_STACK + 0x1008;
	unsigned int i;

	g->regs.sp = TASK_STACK + 0x1000;
	g->regs.bp = bp;
	for (i = 0; i < GUEST_UNWIND_SKIP - 2; i++, bp += 16)
		put_frame(g, bp, i < GUEST_UNWIND_SKIP - 3 ? bp + 16 : TASK_REGS - 16, K(1));
	put_frame(g, TASK_REGS - 16, 0, K(2));
	put_regs(g, TASK_REGS, &user_regs);
	put_user_stack(g);
	g->max_frames = 0;
	RUN(g, "as many kernel frames as are skipped", 0, USER, U(0), U(1), U(2), U(3));
	g->regs.bp = TASK_STACK + 0xff8;
	g->regs.sp = TASK_STACK + 0xff0;
	put_frame(g, TASK_STACK + 0xff8, TASK_STACK + 0x1008, K(3));
	check__begin("frames: one more");
	check__chain(g, M64 | PERF_GUEST_CALLCHAIN_MAX_STACK, 0, NULL);
	check__end();
	made_guest__delete(g);
}

/* A stack of 127 frames over four pages. */
static void deep(void)
{
	struct made_guest *g = user_guest();
	u64 want[128] = { USER, U(0) };
	unsigned int i;

	for (i = 0; i < 126; i++) {
		put_frame(g, USER_STACK + 0x78 + i * 0x80,
			  USER_STACK + 0x78 + (i + 1) * 0x80, U(i + 1));
		want[i + 2] = U(i + 1);
	}
	put_frame(g, USER_STACK + 0x78 + 126 * 0x80, 0, 0);
	g->regs.bp = USER_STACK + 0x78;
	run(g, "127 frames", 0, 128, want);

	check__begin("frames: cost of 127 frames on four pages");
	made_guest__unwind(g);
	/* the code's page too, which is not even in the top table */
	check__u64("translations", g->walk.translations, 5);
	/* each frame's two words once, and one lowest-level table for all pages */
	check__u64("reads", g->reads, 2 * 127 + 4 + 3 + 1);
	check__end();
	made_guest__delete(g);
}

static void across_pages(void)
{
	struct made_guest *g = user_guest();

	put_frame(g, USER_STACK + 0xff8, USER_STACK + 0x1ff8, U(1));
	put_frame(g, USER_STACK + 0x1ff8, USER_STACK + 0x2100, U(2));
	put_frame(g, USER_STACK + 0x2100, 0, U(3));
	g->regs.bp = USER_STACK + 0xff8;
	RUN(g, "frames across two pages", 0, USER, U(0), U(1), U(2), U(3));
	check__begin("frames: one translation a page");
	check__u64("translations", g->walk.translations, 4);
	check__end();
	made_guest__delete(g);
}

static void budget(void)
{
	struct made_guest *g = user_guest();
	u64 want[GUEST_UNWIND_PAGES + 2] = { USER, U(0) };
	unsigned int i;

	for (i = 0; i < GUEST_UNWIND_PAGES; i++) {
		put_frame(g, USER_STACK + 0x20 + i * 0x1000,
			  USER_STACK + 0x20 + (i + 1) * 0x1000, U(i));
		want[i + 2] = U(i);
	}
	/* the code's page takes one */
	run(g, "stack over too many pages", PERF_GUEST_CALLCHAIN_BUDGET,
	    GUEST_UNWIND_PAGES + 1, want);
	made_guest__delete(g);
}

static void system_calls(void)
{
	struct made_guest *g = syscall_guest();
	struct made_regs r = user_regs;

	RUN(g, "system call", 0, SYSCALL_CHAIN);

	r.cs = 0;
	r.ip = 0;
	put_regs(g, TASK_REGS, &r);
	RUN(g, "kernel thread", 0, KERNEL, K(0), K(1), K(2));
	r = user_regs;
	r.ip = K(7);
	put_regs(g, TASK_REGS, &r);
	RUN(g, "user with an address of the kernel", 0, KERNEL, K(0), K(1), K(2));
	r = user_regs;
	r.flags = 0x1234567890;
	put_regs(g, TASK_REGS, &r);
	RUN(g, "user with impossible flags", 0, KERNEL, K(0), K(1), K(2));
	r = user_regs;
	r.ss = 0x18;
	put_regs(g, TASK_REGS, &r);
	RUN(g, "user with a kernel stack segment", 0, KERNEL, K(0), K(1), K(2));
	made_guest__delete(g);

	/* nothing above the root but the end of the stack */
	g = kernel_guest();
	put_frame(g, TASK_STACK + 0x3020, TASK_STACK + 0x3ff0, K(1));
	put_frame(g, TASK_STACK + 0x3ff0, 0, K(2));
	RUN(g, "idle task", 0, KERNEL, K(0), K(1), K(2));
	made_guest__delete(g);
}

static void kernel_reasons(void)
{
	struct made_guest *g = syscall_guest();
	const u64 bp = TASK_STACK + 0x3020;

	put_frame(g, bp, TASK_REGS - 16, U(1));
	RUN(g, "return from kernel to user", PERF_GUEST_CALLCHAIN_BAD_RETURN, KERNEL, K(0));
	put_frame(g, bp, TASK_REGS - 16, 0xffff888000123450);
	RUN(g, "return to kernel data", PERF_GUEST_CALLCHAIN_BAD_RETURN, KERNEL, K(0));
	put_frame(g, bp, TASK_REGS - 16, 0);
	RUN(g, "return to 0 in the kernel", PERF_GUEST_CALLCHAIN_BAD_RETURN, KERNEL, K(0));
	put_frame(g, bp, bp, K(1));
	RUN(g, "kernel loop", PERF_GUEST_CALLCHAIN_BACKWARD, KERNEL, K(0), K(1));
	put_frame(g, bp, TASK_STACK + 0x3000, K(1));
	RUN(g, "kernel stack downward", PERF_GUEST_CALLCHAIN_BACKWARD, KERNEL, K(0), K(1));
	put_frame(g, bp, USER_STACK + 0x20, K(1));
	RUN(g, "kernel frame points to user", PERF_GUEST_CALLCHAIN_NONCANONICAL, KERNEL, K(0), K(1));
	put_frame(g, bp, bp + 0x44, K(1));
	RUN(g, "kernel frame misaligned", PERF_GUEST_CALLCHAIN_MISALIGNED, KERNEL, K(0), K(1));
	put_frame(g, bp, 0x12345678, K(1));
	RUN(g, "kernel frame points low", PERF_GUEST_CALLCHAIN_NONCANONICAL, KERNEL, K(0), K(1));
	put_frame(g, bp, 0xfffffffffffffff8, K(1));
	RUN(g, "kernel frame is an error pointer", PERF_GUEST_CALLCHAIN_NONCANONICAL,
	    KERNEL, K(0), K(1));

	/* where entry code would be, but frames come before */
	put_frame(g, bp, TASK_STACK + 0x3f00, K(1));
	put_frame(g, TASK_STACK + 0x3f00, USER_STACK + 0x20, K(2));
	RUN(g, "kernel frame near the root points to user", PERF_GUEST_CALLCHAIN_NONCANONICAL,
	    KERNEL, K(0), K(1), K(2));
	g->regs.sp = TASK_STACK + 0x4000;
	RUN(g, "frame below an empty kernel stack", PERF_GUEST_CALLCHAIN_BACKWARD,
	    KERNEL, K(0));
	made_guest__delete(g);

	/* code elsewhere in the kernel half: not Linux, so anywhere there goes */
	g = kernel_guest();
	g->regs.ip = 0xfffff80312345678;
	put_frame(g, bp, 0, 0xfffff8061234567a);
	RUN(g, "other kernel", 0, KERNEL, 0xfffff80312345678, 0xfffff8061234567a);
	made_guest__delete(g);
}

static void interrupts(void)
{
	struct made_guest *g = kernel_guest();
	const u64 irq_regs = TASK_STACK + 0x3100;
	struct made_regs r = {
		.ip = K(5), .cs = 0x10, .flags = 0x282, .ss = 0x18,
		.sp = irq_regs + 168, .bp = TASK_STACK + 0x3200,
	};

	put_user_stack(g);
	put_frame(g, TASK_STACK + 0x3020, TASK_REGS | 1, K(1));
	put_regs(g, TASK_REGS, &user_regs);
	RUN(g, "exception in user code", 0, KERNEL, K(0), K(1), USER, U(0), U(1), U(2), U(3));

	g->regs.bp = TASK_REGS | 1;
	RUN(g, "entry code after marking pt_regs", 0, KERNEL, K(0), USER, U(0), U(1), U(2), U(3));

	g->regs.bp = TASK_STACK + 0x3020;
	put_frame(g, TASK_STACK + 0x3020, irq_regs | 1, K(1));
	put_regs(g, irq_regs, &r);
	put_frame(g, TASK_STACK + 0x3200, TASK_REGS - 16, K(6));
	put_frame(g, TASK_REGS - 16, 0, K(7));
	RUN(g, "interrupt in a system call", 0, KERNEL, K(0), K(1), K(5), K(6), K(7),
	    USER, U(0), U(1), U(2), U(3));

	g->max_frames = 2;
	g->max_user = 0;
	RUN(g, "enough frames before pt_regs", PERF_GUEST_CALLCHAIN_MAX_STACK, KERNEL,
	    K(0), K(1));
	g->max_frames = 127;
	g->max_user = 127;

	r.bp = TASK_STACK + 0x3100;
	put_regs(g, irq_regs, &r);
	RUN(g, "interrupted frame below its pt_regs", PERF_GUEST_CALLCHAIN_BACKWARD,
	    KERNEL, K(0), K(1), K(5));
	r.bp = irq_regs | 1;
	put_regs(g, irq_regs, &r);
	RUN(g, "pt_regs that point to themselves", PERF_GUEST_CALLCHAIN_BACKWARD,
	    KERNEL, K(0), K(1), K(5));
	r.ip = U(5);
	put_regs(g, irq_regs, &r);
	RUN(g, "kernel pt_regs with a user address", PERF_GUEST_CALLCHAIN_MISALIGNED,
	    KERNEL, K(0), K(1));
	r.ip = K(5);
	r.cs = 0x33;
	put_regs(g, irq_regs, &r);
	RUN(g, "user pt_regs with a kernel address", PERF_GUEST_CALLCHAIN_MISALIGNED,
	    KERNEL, K(0), K(1));
	put_frame(g, TASK_STACK + 0x3020, (TASK_STACK + 0x8000) | 1, K(1));
	RUN(g, "pt_regs not mapped", PERF_GUEST_CALLCHAIN_UNMAPPED, KERNEL, K(0), K(1));
	put_frame(g, TASK_STACK + 0x3020, (irq_regs + 4) | 1, K(1));
	put_regs(g, irq_regs + 4, &user_regs);
	RUN(g, "pt_regs misaligned", PERF_GUEST_CALLCHAIN_MISALIGNED, KERNEL, K(0), K(1));
	made_guest__delete(g);
}

static void birth(void)
{
	struct made_guest *g = kernel_guest();
	struct made_regs zero = { 0 };

	put_frame(g, TASK_STACK + 0x3020, TASK_REGS | 1, K(1));
	put_regs(g, TASK_REGS, &zero);
	RUN(g, "birth of a kernel thread", 0, KERNEL, K(0), K(1));
	made_guest__delete(g);
}

/* What the kernel leaves at the top of an IRQ stack that it has gone to from @sp. */
static void put_link(struct made_guest *g, u64 sp)
{
	put_word(g, IRQ_STACK + 0x4000 - 8, sp);
	put_word(g, IRQ_STACK + 0x4000 - 16, K(20));
}

static void stacks(void)
{
	struct made_guest *g = syscall_guest();
	const u64 irq_regs = TASK_STACK + 0x2f00;
	struct made_regs r = {
		.ip = K(10), .cs = 0x10, .flags = 0x282, .ss = 0,
		.sp = TASK_STACK + 0x3000, .bp = TASK_STACK + 0x3020,
	};

	/* NMI on its stack, in an interrupt on its stack, in the system call */
	g->regs.sp = NMI_STACK + 0x800;
	g->regs.bp = NMI_STACK + 0x900;
	put_frame(g, NMI_STACK + 0x900, (NMI_STACK + 0xf00) | 1, K(11));
	r.sp = IRQ_STACK + 0x3e00;
	r.bp = IRQ_STACK + 0x3e40;
	r.ip = K(12);
	put_regs(g, NMI_STACK + 0xf00, &r);
	put_frame(g, IRQ_STACK + 0x3e40, TASK_STACK + 0x2e00, K(13));
	put_link(g, TASK_STACK + 0x2dc0);
	put_frame(g, TASK_STACK + 0x2e00, irq_regs | 1, K(14));
	r.sp = TASK_STACK + 0x3000;
	r.bp = TASK_STACK + 0x3020;
	r.ip = K(0);
	put_regs(g, irq_regs, &r);
	g->regs.ip = K(10);
	RUN(g, "NMI in an interrupt in a system call", 0, KERNEL, K(10), K(11), K(12),
	    K(13), K(14), K(0), K(1), K(2), USER, U(0), U(1), U(2), U(3));

	put_frame(g, IRQ_STACK + 0x3e40, NMI_STACK + 0x900, K(13));
	RUN(g, "the interrupted stack is another one", PERF_GUEST_CALLCHAIN_BACKWARD, KERNEL,
	    K(10), K(11), K(12), K(13));
	put_link(g, NMI_STACK + 0x8c0);
	RUN(g, "loop over two stacks", PERF_GUEST_CALLCHAIN_BACKWARD, KERNEL, K(10), K(11),
	    K(12), K(13), K(11), K(12), K(13), K(11));
	made_guest__delete(g);
}

/*
 * A kernel without frame pointers has anything in rbp: the base of a device's registers,
 * a buffer. What looks like frames there is none.
 */
static void no_stack(void)
{
	const u64 elsewhere = 0xffffc90000500100;
	struct made_guest *g = syscall_guest();
	struct made_regs zero = { 0 };

	put_frame(g, elsewhere, elsewhere + 0x40, K(15));
	put_frame(g, elsewhere + 0x40, 0, K(16));
	put_regs(g, elsewhere + 0x100, &zero);
	g->regs.bp = elsewhere;
	RUN(g, "first frame pointer to elsewhere in the kernel", PERF_GUEST_CALLCHAIN_BACKWARD,
	    KERNEL, K(0));
	g->regs.bp = TASK_STACK + 0x3020;
	put_frame(g, TASK_STACK + 0x3020, elsewhere, K(1));
	RUN(g, "frame pointer to elsewhere in the kernel", PERF_GUEST_CALLCHAIN_BACKWARD,
	    KERNEL, K(0), K(1));
	put_frame(g, TASK_STACK + 0x3020, (elsewhere + 0x100) | 1, K(1));
	RUN(g, "pt_regs of zeros elsewhere in the kernel", PERF_GUEST_CALLCHAIN_BACKWARD,
	    KERNEL, K(0), K(1));

	g->regs.sp = IRQ_STACK + 0x3e00;
	g->regs.bp = IRQ_STACK + 0x3e40;
	put_frame(g, IRQ_STACK + 0x3e40, TASK_STACK + 0x3020, K(13));
	put_frame(g, TASK_STACK + 0x3020, TASK_REGS - 16, K(1));
	put_link(g, TASK_STACK + 0x3008);
	RUN(g, "IRQ stack", 0, KERNEL, K(0), K(13), K(1), K(2), USER, U(0), U(1), U(2), U(3));
	put_link(g, TASK_STACK + 0x3028);
	RUN(g, "IRQ stack, frame below the interrupted stack pointer",
	    PERF_GUEST_CALLCHAIN_BACKWARD, KERNEL, K(0), K(13));
	put_link(g, TASK_STACK + 0x3008);
	put_word(g, IRQ_STACK + 0x4000 - 16, elsewhere);
	RUN(g, "IRQ stack, no call at its top", PERF_GUEST_CALLCHAIN_BACKWARD, KERNEL, K(0), K(13));
	put_link(g, U(0));
	RUN(g, "IRQ stack, no stack pointer at its top", PERF_GUEST_CALLCHAIN_BACKWARD,
	    KERNEL, K(0), K(13));
	made_guest__delete(g);
}

/* IRQ stacks begin on any page, and those of KASAN kernels are twice as large. */
static void unaligned(void)
{
	const u64 border = TASK_STACK + 0x4000;
	struct made_guest *g = kernel_guest();

	put_frame(g, TASK_STACK + 0x3020, border + 0x100, K(1));
	put_frame(g, border + 0x100, 0, K(2));
	RUN(g, "stack across 16 KiB", 0, KERNEL, K(0), K(1), K(2));
	put_frame(g, TASK_STACK + 0x3020, border + 0x1100, K(1));
	put_frame(g, border + 0x1100, 0, K(2));
	RUN(g, "stack across 16 KiB, pages further", 0, KERNEL, K(0), K(1), K(2));
	put_frame(g, TASK_STACK + 0x3020, border + 0x7100, K(1));
	put_frame(g, border + 0x7100, 0, K(2));
	RUN(g, "farther than a stack reaches", PERF_GUEST_CALLCHAIN_BACKWARD, KERNEL, K(0), K(1));
	made_guest__delete(g);

	g = kernel_guest();
	put_frame(g, TASK_STACK + 0x3020, border + 0x1100, K(1));
	put_frame(g, border + 0x1100, 0, K(2));
	RUN(g, "another stack behind a page that is not mapped", PERF_GUEST_CALLCHAIN_BACKWARD,
	    KERNEL, K(0), K(1));
	made_guest__delete(g);
}

static void entry_code(void)
{
	struct made_guest *g = kernel_guest();
	struct made_regs r = {
		.ip = K(9), .cs = 0x10, .flags = 0x46, .ss = 0x18,
		.sp = TASK_STACK + 0x4000 - 8, .bp = USER_STACK + 0x20,
	};

	put_user_stack(g);
	g->regs.bp = USER_STACK + 0x20;
	g->regs.sp = USER_STACK;
	RUN(g, "entry code on the user's stack", 0, KERNEL, K(0), USER, U(1), U(2), U(3));
	g->regs.sp = TASK_STACK + 0x4000;
	RUN(g, "entry code on an empty kernel stack", 0, KERNEL, K(0), USER, U(1), U(2), U(3));
	g->regs.sp = TASK_REGS;
	put_regs(g, TASK_REGS, &user_regs);
	RUN(g, "entry code with pt_regs stored", 0, KERNEL, K(0), USER, U(0), U(1), U(2), U(3));
	g->regs.sp = TASK_STACK + 0x4000 - 40;
	RUN(g, "entry code with what the CPU has stored", 0, KERNEL, K(0), USER, U(0), U(1), U(2),
	    U(3));
	g->regs.sp = TASK_STACK + 0x4000 - 24;
	RUN(g, "entry code with half of that", 0, KERNEL, K(0), USER, U(1), U(2), U(3));
	put_word(g, TASK_STACK + 0x3ff8, USER_STACK);
	g->regs.sp = TASK_STACK + 0x4000 - 16;
	RUN(g, "exit code with the user's stack pointer", 0, KERNEL, K(0), USER, U(1), U(2), U(3));
	put_regs(g, TASK_REGS, &user_regs);
	g->regs.sp = TASK_STACK + 0x3500;
	RUN(g, "user address in rbp deep in the kernel", PERF_GUEST_CALLCHAIN_NONCANONICAL,
	    KERNEL, K(0));
	g->regs.sp = TASK_REGS;
	g->regs.bp = USER_STACK + 0x61;
	RUN(g, "entry code, user's frame pointer is none", PERF_GUEST_CALLCHAIN_MISALIGNED,
	    KERNEL, K(0), USER, U(0));
	g->regs.bp = USER_STACK + 0x100000;
	RUN(g, "entry code, user stack not mapped", PERF_GUEST_CALLCHAIN_UNMAPPED, KERNEL, K(0),
	    USER, U(0));
	g->regs.sp = TASK_STACK + 0x4000;
	g->regs.bp = USER_STACK + 0x61;
	RUN(g, "entry code, no mark for a user chain of nothing",
	    PERF_GUEST_CALLCHAIN_MISALIGNED, KERNEL, K(0));

	g->regs.sp = NMI_STACK + 0x800;
	g->regs.bp = (NMI_STACK + 0xf00) | 1;
	put_regs(g, NMI_STACK + 0xf00, &r);
	RUN(g, "NMI in entry code", 0, KERNEL, K(0), K(9), USER, U(1), U(2), U(3));
	g->regs.bp = NMI_STACK + 0x900;
	put_frame(g, NMI_STACK + 0x900, (NMI_STACK + 0xf00) | 1, K(1));
	RUN(g, "NMI in entry code, deeper", 0, KERNEL, K(0), K(1), K(9), USER, U(1), U(2), U(3));
	made_guest__delete(g);

	/* FRED leaves two words free */
	g = kernel_guest();
	put_user_stack(g);
	put_regs(g, TASK_REGS - 16, &user_regs);
	g->regs.bp = USER_STACK + 0x20;
	g->regs.sp = TASK_REGS - 16;
	RUN(g, "entry code, two words free above", 0, KERNEL, K(0), USER, U(0), U(1), U(2), U(3));
	made_guest__delete(g);
}

/* A kernel without frame pointers may have a user's address in rbp, anywhere on its stack. */
static void no_entry_code(void)
{
	const u32 reason = PERF_GUEST_CALLCHAIN_NONCANONICAL;
	struct made_guest *g = kernel_guest();

	put_user_stack(g);
	g->regs.bp = USER_STACK + 0x20;
	put_word(g, TASK_STACK + 0x2ff8, 0x1234);
	g->regs.sp = TASK_STACK + 0x3000;
	RUN(g, "user address in rbp at a page's end", reason, KERNEL, K(0));
	g->regs.sp = TASK_STACK + 0x3000 - 8;
	RUN(g, "user address in rbp, near a page's end", reason, KERNEL, K(0));
	g->regs.sp = TASK_STACK + 0x3000 - 168;
	RUN(g, "user address in rbp, farther from a page's end", reason, KERNEL, K(0));
	put_word(g, TASK_STACK + 0x3ff8, 0x1234);
	g->regs.sp = TASK_STACK + 0x4000 - 8;
	RUN(g, "user address in rbp at the top, no stack segment", reason, KERNEL, K(0));
	g->regs.sp = TASK_STACK + 0x4000 - 168;
	RUN(g, "user address in rbp at the top, no user's registers", reason, KERNEL, K(0));
	made_guest__delete(g);
}

/* Firmware, unikernels, small hypervisors: ring 0 in the lower half, and nothing else. */
static void lower_half(void)
{
	struct made_guest *g = user_guest();
	const u64 stack = 0x7f0e000;

	g->regs = (struct guest_regs) {
		.ip = U(0), .sp = stack, .bp = stack + 0x20, .bits = 64, .lma = true,
	};
	put_frame(g, stack + 0x20, stack + 0x60, U(1));
	put_frame(g, stack + 0x60, stack + 0x80, U(2));
	put_frame(g, stack + 0x80, 0, 0);
	RUN(g, "kernel in the lower half", 0, KERNEL, U(0), U(1), U(2));
	put_frame(g, stack + 0x80, 0, U(3));
	RUN(g, "kernel in the lower half, ended by a frame pointer of 0", 0,
	    KERNEL, U(0), U(1), U(2), U(3));
	put_frame(g, stack + 0x60, stack + 0x20, U(2));
	RUN(g, "loop in the lower half", PERF_GUEST_CALLCHAIN_BACKWARD, KERNEL, U(0), U(1), U(2));
	put_frame(g, stack + 0x60, TASK_STACK + 0x3020, U(2));
	put_frame(g, TASK_STACK + 0x3020, 0, U(3));
	RUN(g, "from the lower half to the upper", PERF_GUEST_CALLCHAIN_NONCANONICAL,
	    KERNEL, U(0), U(1), U(2));
	put_frame(g, stack + 0x60, stack + 0x80, 0x8000000000000);
	RUN(g, "return to nowhere in the lower half", PERF_GUEST_CALLCHAIN_BAD_RETURN,
	    KERNEL, U(0), U(1));
	g->regs.bp = 0x12345671;
	RUN(g, "no frame pointer in the lower half", PERF_GUEST_CALLCHAIN_MISALIGNED,
	    KERNEL, U(0));
	made_guest__delete(g);
}

static void compat(void)
{
	struct made_guest *g = kernel_guest();
	struct made_regs r = {
		.ip = 0x8049000, .cs = 0x23, .flags = 0x246, .sp = 0xffe01000, .ss = 0x2b,
		/* what the upper half has is not ebp's */
		.bp = 0xdead0000ffe01010,
	};

	put_frame(g, TASK_STACK + 0x3020, TASK_REGS - 16, K(1));
	put_frame(g, TASK_REGS - 16, 0, K(2));
	put_regs(g, TASK_REGS, &r);
	g->word = 4;
	put_frame(g, 0xffe01010, 0xffe01014, 0x8049100);
	RUN(g, "32-bit process, frames overlap", PERF_GUEST_CALLCHAIN_BACKWARD, KERNEL, K(0),
	    K(1), K(2), USER, 0x8049000, 0x8049100);
	put_frame(g, 0xffe01010, 0xffe01024, 0x8049100);
	put_frame(g, 0xffe01024, 0xffe01034, 0xf7001234);
	put_frame(g, 0xffe01034, 0, 0x8049300);
	RUN(g, "system call of a 32-bit process", 0, KERNEL, K(0), K(1), K(2), USER,
	    0x8049000, 0x8049100, 0xf7001234, 0x8049300);

	/* a code segment from the LDT: its base is not in pt_regs */
	g->word = 8;
	r.cs = 0x0f;
	put_regs(g, TASK_REGS, &r);
	RUN(g, "user code with segments of its own", 0, KERNEL, K(0), K(1), K(2));
	made_guest__delete(g);
}

static void five_level(void)
{
	struct made_guest *g = made_guest__new(GUEST_PAGING_5LEVEL, GUEST_PAGING_NONE);
	const u64 stack = 0xff000000000000, kstack = 0xff00000000010000;

	g->regs.ip = U(0);
	g->regs.sp = stack;
	g->regs.bp = stack + 0x20;
	put_frame(g, stack + 0x20, stack + 0x40, 0xf0000000001234);
	put_frame(g, stack + 0x40, 0, 0x100000000000000);
	RUN(g, "5-level user", PERF_GUEST_CALLCHAIN_BAD_RETURN, USER, U(0), 0xf0000000001234);

	g->regs.cpl = 0;
	g->regs.ip = K(0);
	g->regs.sp = kstack;
	g->regs.bp = kstack + 0x20;
	put_frame(g, kstack + 0x20, 0, K(1));
	RUN(g, "5-level kernel", 0, KERNEL, K(0), K(1));
	made_guest__delete(g);
}

/* The same chain where the guest is one of a guest. */
static void nested(void)
{
	static const struct {
		const char *name;
		enum guest_paging_mode below;
	} cases[] = {
		{ "nested, 4-level EPT", GUEST_PAGING_EPT4 },
		{ "nested, 5-level EPT", GUEST_PAGING_EPT5 },
		{ "nested, NPT", GUEST_PAGING_4LEVEL },
		{ "nested, 5-level NPT", GUEST_PAGING_5LEVEL },
	};
	struct made_guest *g;
	unsigned int i;
	u64 *entry;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		g = made_guest__new(GUEST_PAGING_4LEVEL, cases[i].below);
		g->regs = (struct guest_regs) {
			.ip = K(0), .sp = TASK_STACK + 0x3000, .bp = TASK_STACK + 0x3020,
			.bits = 64, .lma = true,
		};
		put_frame(g, TASK_STACK + 0x3020, TASK_REGS - 16, K(1));
		put_frame(g, TASK_REGS - 16, 0, K(2));
		put_regs(g, TASK_REGS, &user_regs);
		put_user_stack(g);
		RUN(g, cases[i].name, 0, SYSCALL_CHAIN);

		/* the user's stack is the last page made */
		entry = made_space__entry(g, &g->under, g->next_phys - 3 * GUEST_PAGE_SIZE, 1);
		*entry = 0;
		RUN(g, "nested, stack not in the tables below", PERF_GUEST_CALLCHAIN_UNMAPPED,
		    KERNEL, K(0), K(1), K(2), USER, U(0));
		made_guest__delete(g);
	}
}

static void refused(void)
{
	struct made_guest *g = syscall_guest();

	g->refuse_gfn = 0x300;
	RUN(g, "stack that cannot be read now", PERF_GUEST_CALLCHAIN_UNREADABLE, KERNEL, K(0));
	g->refuse_why = PERF_GUEST_CALLCHAIN_DEVICE;
	RUN(g, "stack that is a device's", PERF_GUEST_CALLCHAIN_DEVICE, KERNEL, K(0));
	made_guest__delete(g);
}

/* A guest can be anywhere, at what means something else in a chain, too. */
static void forged_mark(void)
{
	struct made_guest *g = syscall_guest();

	g->regs.ip = USER;
	RUN(g, "address that is a context mark", 0, KERNEL, (u64)PERF_CONTEXT_MAX - 1, K(1), K(2),
	    USER, U(0), U(1), U(2), U(3));
	g->regs.ip = ~0ULL;
	RUN(g, "last address", 0, KERNEL, (u64)PERF_CONTEXT_MAX - 1, K(1), K(2),
	    USER, U(0), U(1), U(2), U(3));
	g->regs.ip = (u64)PERF_CONTEXT_MAX - 1;
	RUN(g, "last address below the marks", 0, KERNEL, (u64)PERF_CONTEXT_MAX - 1, K(1), K(2),
	    USER, U(0), U(1), U(2), U(3));
	made_guest__delete(g);
}

void test_frames_64(void)
{
	user_chains();
	user_reasons();
	first_frame();
	limits();
	budgets();
	far_user();
	deep();
	across_pages();
	budget();
	system_calls();
	kernel_reasons();
	interrupts();
	birth();
	stacks();
	no_stack();
	unaligned();
	entry_code();
	no_entry_code();
	lower_half();
	compat();
	five_level();
	nested();
	refused();
	forged_mark();
}
