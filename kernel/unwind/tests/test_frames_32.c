// SPDX-License-Identifier: GPL-2.0
/* guest_unwind() outside of 64-bit mode. */
#include <linux/perf_event.h>

#include "check.h"

#define KERNEL		((u64)PERF_CONTEXT_GUEST_KERNEL)
#define USER		((u64)PERF_CONTEXT_GUEST_USER)
#define M32		PERF_GUEST_CALLCHAIN_MODE_32

#define K(n)		(0xc1000000ULL + (n) * 0x100)
#define U(n)		(0x08049000ULL + (n) * 0x100)
#define TASK_STACK	0xc2340000ULL		/* 8 KiB */
#define TASK_REGS	(TASK_STACK + 0x2000 - 16 - 68)
#define USER_STACK	0xbfff0000ULL
#define ENCODED(va)	((va) & 0x7fffffff)

static void run(struct made_guest *g, const char *name, u32 flags, unsigned int nr,
		const u64 *words)
{
	check__begin("frames, 32-bit: %s", name);
	check__chain(g, flags, nr, words);
	check__end();
}

#define RUN(g, name, flags, ...) do {						\
	const u64 words_[] = { __VA_ARGS__ };					\
	run(g, name, flags, sizeof(words_) / sizeof(words_[0]), words_);	\
} while (0)

static const struct made_regs user_regs = {
	/* entry code keeps notes in the upper half of cs */
	.ip = U(0), .cs = 0x80000073, .flags = 0x246, .sp = USER_STACK, .ss = 0x7b,
	.bp = USER_STACK + 0x20,
};

static void put_user_stack(struct made_guest *g)
{
	put_frame(g, USER_STACK + 0x20, USER_STACK + 0x60, U(1));
	put_frame(g, USER_STACK + 0x60, USER_STACK + 0x100, U(2));
	put_frame(g, USER_STACK + 0x100, 0, U(3));
}

static struct made_guest *user_guest(enum guest_paging_mode mode)
{
	struct made_guest *g = made_guest__new(mode, GUEST_PAGING_NONE);

	g->word = 4;
	g->regs.bits = 32;
	g->regs.ip = U(0);
	g->regs.sp = USER_STACK;
	g->regs.bp = USER_STACK + 0x20;
	put_user_stack(g);
	return g;
}

static struct made_guest *kernel_guest(void)
{
	struct made_guest *g = user_guest(GUEST_PAGING_PAE);

	g->regs.cpl = 0;
	g->regs.ip = K(0);
	g->regs.sp = TASK_STACK + 0x1000;
	g->regs.bp = TASK_STACK + 0x1020;
	put_regs(g, TASK_REGS, &user_regs);
	return g;
}

static void user(void)
{
	static const struct {
		const char *name;
		enum guest_paging_mode mode;
	} modes[] = {
		{ "user", GUEST_PAGING_32 },
		{ "user, PAE", GUEST_PAGING_PAE },
		{ "process in a 64-bit guest", GUEST_PAGING_4LEVEL },
	};
	struct made_guest *g;
	unsigned int i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		g = user_guest(modes[i].mode);
		/* upper halves are not the registers' own */
		g->regs.ip |= 0x100000000;
		g->regs.bp |= 0x5500000000;
		RUN(g, modes[i].name, M32, USER, U(0), U(1), U(2), U(3));
		made_guest__delete(g);
	}

	g = user_guest(GUEST_PAGING_PAE);
	put_frame(g, USER_STACK + 0x60, USER_STACK + 0x102, U(2));
	RUN(g, "misaligned", M32 | PERF_GUEST_CALLCHAIN_MISALIGNED, USER, U(0), U(1), U(2));
	put_frame(g, USER_STACK + 0x60, USER_STACK + 0x20, U(2));
	RUN(g, "loop", M32 | PERF_GUEST_CALLCHAIN_BACKWARD, USER, U(0), U(1), U(2));
	put_frame(g, USER_STACK + 0x60, USER_STACK + 0x100, 0xffffffff);
	RUN(g, "return to -1", M32 | PERF_GUEST_CALLCHAIN_BAD_RETURN, USER, U(0), U(1));
	put_frame(g, USER_STACK + 0x60, 0xfffffff8, U(2));
	RUN(g, "frame at the end of memory", M32 | PERF_GUEST_CALLCHAIN_NONCANONICAL,
	    USER, U(0), U(1), U(2));
	made_guest__delete(g);
}

static void segments(void)
{
	struct made_guest *g = made_guest__new(GUEST_PAGING_PAE, GUEST_PAGING_NONE);
	const u64 cs = 0x10000000, ss = 0xe0000000;

	/* the linear address of the second frame wraps */
	put_frame(g, ss + 0x1020, 0x30002000, 0x401100);
	put_frame(g, 0x10002000, 0, 0x401200);
	g->regs = (struct guest_regs) {
		.ip = 0x401000, .sp = 0x1000, .bp = 0x1020, .bits = 32, .cpl = 3,
		.cs_base = cs, .ss_base = ss,
	};
	RUN(g, "segment bases, frames wrap to below the stack",
	    M32 | PERF_GUEST_CALLCHAIN_BACKWARD, USER, cs + 0x401000, cs + 0x401100);
	put_frame(g, ss + 0x1020, 0x1f002000, 0x401100);
	put_frame(g, 0xff002000, 0, 0x401200);
	RUN(g, "segment bases", M32, USER, cs + 0x401000, cs + 0x401100, cs + 0x401200);
	g->regs.cpl = 0;
	RUN(g, "segment bases in a small kernel", M32, KERNEL, cs + 0x401000, cs + 0x401100,
	    cs + 0x401200);
	made_guest__delete(g);

	g = made_guest__new(GUEST_PAGING_PAE, GUEST_PAGING_NONE);
	g->regs = (struct guest_regs) {
		.ip = 0x401000, .sp = 0x1000, .bp = 0x1020, .bits = 32,
		.cs_base = 0xc0000000, .ss_base = cs,
	};
	put_frame(g, cs + 0x1020, 0x2000, 0x401100);
	put_frame(g, cs + 0x2000, 0, 0x401200);
	RUN(g, "segment bases in a small kernel with high code", M32, KERNEL, 0xc0401000,
	    0xc0401100, 0xc0401200);
	made_guest__delete(g);
}

static void kernel(void)
{
	struct made_guest *g = kernel_guest();
	struct made_regs r = {
		.ip = K(5), .cs = 0x60, .flags = 0x282, .ss = 0x68,
		.sp = TASK_STACK + 0x1144, .bp = TASK_STACK + 0x1200,
	};

	put_frame(g, TASK_STACK + 0x1020, TASK_REGS - 8, K(1));
	put_frame(g, TASK_REGS - 8, USER_STACK + 0x20, K(2));
	RUN(g, "system call, ebp still the user's", M32 | 0, KERNEL, K(0), K(1), K(2), USER,
	    U(0), U(1), U(2), U(3));
	put_frame(g, TASK_REGS - 8, 0, K(2));
	RUN(g, "system call, ebp 0", M32, KERNEL, K(0), K(1), K(2), USER, U(0), U(1), U(2), U(3));
	put_frame(g, TASK_REGS - 8, ENCODED(TASK_REGS), K(2));
	RUN(g, "exception in user code", M32, KERNEL, K(0), K(1), K(2), USER,
	    U(0), U(1), U(2), U(3));

	put_frame(g, TASK_STACK + 0x1020, ENCODED(TASK_STACK + 0x1100), K(1));
	put_regs(g, TASK_STACK + 0x1100, &r);
	put_frame(g, TASK_STACK + 0x1200, TASK_REGS - 8, K(6));
	RUN(g, "interrupt in the kernel", M32, KERNEL, K(0), K(1), K(5), K(6), K(2), USER,
	    U(0), U(1), U(2), U(3));

	put_frame(g, TASK_STACK + 0x1020, 0x12345678, K(1));
	RUN(g, "neither frame nor pt_regs", M32 | PERF_GUEST_CALLCHAIN_NONCANONICAL,
	    KERNEL, K(0), K(1));
	put_frame(g, TASK_STACK + 0x1020, TASK_STACK + 0x1102, K(1));
	RUN(g, "kernel frame misaligned", M32 | PERF_GUEST_CALLCHAIN_MISALIGNED,
	    KERNEL, K(0), K(1));
	put_frame(g, TASK_STACK + 0x1020, TASK_STACK + 0x100000, K(1));
	RUN(g, "kernel frame elsewhere", M32 | PERF_GUEST_CALLCHAIN_BACKWARD,
	    KERNEL, K(0), K(1));
	put_frame(g, TASK_STACK + 0x1020, TASK_REGS - 8, U(1));
	RUN(g, "return from kernel to user", M32 | PERF_GUEST_CALLCHAIN_BAD_RETURN, KERNEL, K(0));

	g->regs.bp = USER_STACK + 0x20;
	g->regs.sp = TASK_STACK + 0x2000 - 16;
	RUN(g, "entry code", M32, KERNEL, K(0), USER, U(1), U(2), U(3));
	g->regs.bp = 0x08060020;
	put_frame(g, 0x08060020, 0, U(1));
	RUN(g, "entry code, low user stack", M32, KERNEL, K(0), USER, U(1));
	made_guest__delete(g);
}

/* The interrupted stack pointer is at the bottom of an IRQ stack. */
static void irq_stack(void)
{
	struct made_guest *g = kernel_guest();
	const u64 irq_stack = 0xc2350000;

	g->regs.sp = irq_stack + 0x1fc0;
	g->regs.bp = irq_stack + 0x1fe0;
	put_frame(g, irq_stack + 0x1fe0, TASK_STACK + 0x1020, K(1));
	put_word(g, irq_stack, TASK_STACK + 0x1010);
	put_frame(g, TASK_STACK + 0x1020, TASK_REGS - 8, K(2));
	put_frame(g, TASK_REGS - 8, 0, K(3));
	RUN(g, "IRQ stack", M32, KERNEL, K(0), K(1), K(2), K(3), USER, U(0), U(1), U(2), U(3));
	put_word(g, irq_stack, 0x57ac6e9d);
	RUN(g, "end of a task's stack", M32 | PERF_GUEST_CALLCHAIN_BACKWARD, KERNEL, K(0), K(1));
	made_guest__delete(g);
}

static void no_paging(void)
{
	struct made_guest *g = made_guest__new(GUEST_PAGING_NONE, GUEST_PAGING_NONE);

	g->regs = (struct guest_regs) {
		.ip = 0xf1234, .sp = 0x6f00, .bp = 0x6f20, .bits = 32,
	};
	put_frame(g, 0x6f20, 0x6f80, 0xf1300);
	put_frame(g, 0x6f80, 0, 0xf1400);
	RUN(g, "firmware without paging", M32, KERNEL, 0xf1234, 0xf1300, 0xf1400);
	put_frame(g, 0x6f80, 0x6f20, 0xf1400);
	RUN(g, "firmware loop", M32 | PERF_GUEST_CALLCHAIN_BACKWARD, KERNEL, 0xf1234, 0xf1300,
	    0xf1400);
	made_guest__delete(g);
}

static void real_mode(void)
{
	struct made_guest *g = made_guest__new(GUEST_PAGING_NONE, GUEST_PAGING_NONE);

	g->regs = (struct guest_regs) {
		.ip = 0xfff0, .sp = 0x100, .bp = 0x120, .bits = 16,
		.cs_base = 0xf0000, .ss_base = 0x9000,
	};
	put_frame(g, 0x9120, 0, 0x1234);
	RUN(g, "16-bit code", PERF_GUEST_CALLCHAIN_MODE_16 | PERF_GUEST_CALLCHAIN_NO_WALK,
	    KERNEL, 0xffff0);
	g->regs.cs_base = 0xffff0000;
	RUN(g, "reset vector", PERF_GUEST_CALLCHAIN_MODE_16 | PERF_GUEST_CALLCHAIN_NO_WALK,
	    KERNEL, 0xfffffff0);
	g->regs.bits = 0;
	RUN(g, "unknown code size", PERF_GUEST_CALLCHAIN_NO_WALK, KERNEL, 0xfffffff0);
	check__begin("frames, 32-bit: no reads where there is no walk");
	check__u64("reads", g->reads, 0);
	check__end();
	made_guest__delete(g);
}

void test_frames_32(void)
{
	user();
	segments();
	kernel();
	irq_stack();
	no_paging();
	real_mode();
}
