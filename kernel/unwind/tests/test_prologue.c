// SPDX-License-Identifier: GPL-2.0
/* guest_unwind() where the frame pointer is the caller's still, or again. */
#include <linux/perf_event.h>

#include "check.h"

#define USER		((u64)PERF_CONTEXT_GUEST_USER)
#define KERNEL		((u64)PERF_CONTEXT_GUEST_KERNEL)
#define STACK		0x7ffc12340000ULL
#define KSTACK		0xffffc90000010000ULL
#define IP		0x401230ULL
#define CALLER		0x401500ULL
#define CALLERS_CALLER	0x401600ULL
#define NOT_CODE	0x4141414141414141ULL

/* Where the caller is, in words above the stack pointer; none: not added. */
enum caller { NONE = -1, AT_SP, ABOVE };

static const struct {
	const char *name;
	unsigned int word;
	const char *code;
	unsigned int len;
	unsigned int ip_offset;
	enum caller caller;
} cases[] = {
	{ "push %rbp; mov", 8, "\x55\x48\x89\xe5", 4, 4, AT_SP },
	{ "push %rbp; mov, other encoding", 8, "\x55\x48\x8b\xec", 4, 4, AT_SP },
	{ "push %rbp; xor %eax,%eax; mov", 8, "\x55\x31\xc0\x48\x89\xe5", 6, 4, AT_SP },
	{ "push %rbp at the begin of a function", 8, "\x55\x90\x90", 3, 0, AT_SP },
	{ "push %rbp among other pushes", 8, "\x55\x53\x48\x83\xec\x08", 6, 4, NONE },
	{ "endbr64; push %rbp", 8, "\xf3\x0f\x1e\xfa\x55\x90", 6, 4, AT_SP },
	{ "sealed endbr64; push %rbp", 8, "\x66\x0f\x1f\x00\x55\x90", 6, 4, AT_SP },
	{ "sealed endbr64, since 6.16; push %rbp", 8, "\x0f\x1f\x40\xd6\x55\x90", 6, 4, AT_SP },
	{ "endbr64; nop; push %rbp", 8, "\xf3\x0f\x1e\xfa\x0f\x1f\x44\x00\x00\x55", 10, 4, AT_SP },
	{ "nop; push %rbp", 8, "\x0f\x1f\x44\x00\x00\x55\x90", 7, 4, AT_SP },
	{ "call __fentry__; push %rbp", 8, "\xe8\x11\x22\x33\x44\x55\x90", 7, 4, AT_SP },
	{ "endbr64; call __fentry__; push %rbp", 8, "\xf3\x0f\x1e\xfa\xe8\x11\x22\x33\x44\x55", 10, 4, AT_SP },
	{ "call of something else", 8, "\xe8\x11\x22\x33\x44\x90\x55\x48\x89\xe5", 10, 4, NONE },
	{ "mov %rsp,%rbp", 8, "\x48\x89\xe5\x90", 4, 4, ABOVE },
	{ "mov %rsp,%rbp, other encoding", 8, "\x48\x8b\xec\x90", 4, 4, ABOVE },
	{ "ret", 8, "\xc3\x90", 2, 4, AT_SP },
	{ "ret $8", 8, "\xc2\x08\x00", 3, 4, AT_SP },
	{ "body", 8, "\x48\x8b\x45\xf8", 4, 4, NONE },
	{ "leave", 8, "\xc9\xc3", 2, 4, NONE },
	{ "mov %esp,%ebp in 64-bit code", 8, "\x89\xe5\x90", 3, 4, NONE },
	{ "32-bit push %ebp; mov", 4, "\x55\x89\xe5", 3, 4, AT_SP },
	{ "32-bit endbr32; push %ebp", 4, "\xf3\x0f\x1e\xfb\x55\x90", 6, 4, AT_SP },
	{ "32-bit mov %esp,%ebp", 4, "\x89\xe5\x90", 3, 4, ABOVE },
	{ "32-bit mov %esp,%ebp, other encoding", 4, "\x8b\xec\x90", 3, 4, ABOVE },
	{ "32-bit ret", 4, "\xc3\x90", 2, 4, AT_SP },
};

static struct made_guest *new_guest(unsigned int word, u64 stack)
{
	struct made_guest *g = made_guest__new(word == 8 ? GUEST_PAGING_4LEVEL :
					       GUEST_PAGING_PAE, GUEST_PAGING_NONE);

	g->regs.sp = stack + 0x100;
	g->regs.bp = stack + 0x140;
	put_frame(g, stack + 0x140, 0, CALLERS_CALLER);
	return g;
}

static void run_case(unsigned int i)
{
	u64 stack = cases[i].word == 8 ? STACK : (u32)STACK;
	struct made_guest *g = new_guest(cases[i].word, stack);
	u32 mode = cases[i].word == 8 ? PERF_GUEST_CALLCHAIN_MODE_64 :
				       PERF_GUEST_CALLCHAIN_MODE_32;

	g->regs.ip = IP + cases[i].ip_offset;
	put_code(g, g->regs.ip, cases[i].code, cases[i].len);
	put_word(g, g->regs.sp, cases[i].caller == AT_SP ? CALLER : stack + 0x140);
	put_word(g, g->regs.sp + g->word, cases[i].caller == ABOVE ? CALLER : NOT_CODE);

	check__begin("prologue: %s", cases[i].name);
	if (cases[i].caller == NONE)
		CHECK_CHAIN(g, mode, USER, g->regs.ip, CALLERS_CALLER);
	else
		CHECK_CHAIN(g, mode, USER, g->regs.ip, CALLER, CALLERS_CALLER);
	check__end();

	if (cases[i].caller != NONE) {
		check__begin("prologue: %s, without a return address", cases[i].name);
		put_word(g, g->regs.sp + cases[i].caller * g->word,
			 cases[i].word == 8 ? NOT_CODE : 0xfff);
		CHECK_CHAIN(g, mode, USER, g->regs.ip, CALLERS_CALLER);
		check__end();
	}
	made_guest__delete(g);
}

static void page_end(void)
{
	static const u8 push_mov[] = { 0x55, 0x48, 0x89, 0xe5 };
	struct made_guest *g = new_guest(8, STACK);

	put_word(g, g->regs.sp, CALLER);
	put_code(g, 0x401ffc, push_mov, 4);
	g->regs.ip = 0x401ffc;
	check__begin("prologue: code to the end of its page");
	CHECK_CHAIN(g, PERF_GUEST_CALLCHAIN_MODE_64, USER, g->regs.ip, CALLER, CALLERS_CALLER);
	check__end();

	put_code(g, 0x401ffe, push_mov, 2);
	g->regs.ip = 0x401ffe;
	check__begin("prologue: cut off by the end of its page");
	CHECK_CHAIN(g, PERF_GUEST_CALLCHAIN_MODE_64, USER, g->regs.ip, CALLERS_CALLER);
	check__u64("translations", g->walk.translations, 2);
	check__end();
	made_guest__delete(g);
}

static void bad_stack(void)
{
	struct made_guest *g = new_guest(8, STACK);

	g->regs.ip = IP;
	put_code(g, IP, "\xc3", 1);
	g->regs.sp = 0xc0c001e00000000;
	check__begin("prologue: stack pointer is no address");
	CHECK_CHAIN(g, PERF_GUEST_CALLCHAIN_MODE_64 | PERF_GUEST_CALLCHAIN_BACKWARD,
		    USER, IP);
	check__end();
	g->regs.sp = STACK + 0x100;
	put_word(g, g->regs.sp, CALLER);
	g->max_frames = 1;
	g->max_user = 0;
	check__begin("prologue: no room for the caller");
	CHECK_CHAIN(g, PERF_GUEST_CALLCHAIN_MODE_64 | PERF_GUEST_CALLCHAIN_MAX_STACK,
		    USER, IP);
	check__end();
	g->max_frames = 127;
	g->regs.sp = STACK + 0x101;
	put_word(g, g->regs.sp, CALLER);
	check__begin("prologue: stack pointer misaligned");
	CHECK_CHAIN(g, PERF_GUEST_CALLCHAIN_MODE_64, USER, IP, CALLERS_CALLER);
	check__end();
	g->regs.sp = STACK - 0x10000;
	check__begin("prologue: stack pointer to nowhere");
	CHECK_CHAIN(g, PERF_GUEST_CALLCHAIN_MODE_64, USER, IP, CALLERS_CALLER);
	check__end();
	made_guest__delete(g);
}

/* The first and second instruction of the function system call entry calls. */
static void syscall_entry(void)
{
	static const u8 code[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48, 0x89, 0xe5 };
	const u64 ip = 0xffffffff81000020, caller = 0xffffffff82000040;
	const u64 regs = KSTACK + 0x4000 - 168;
	const struct made_regs r = {
		.ip = IP, .cs = 0x33, .flags = 0x246, .sp = STACK + 0x100, .ss = 0x2b,
		.bp = STACK + 0x140,
	};
	struct made_guest *g = new_guest(8, STACK);

	g->regs.cpl = 0;
	g->regs.bp = 0;
	put_code(g, ip, code, sizeof(code));
	put_regs(g, regs, &r);
	put_word(g, regs - 8, caller);
	g->regs.ip = ip;
	g->regs.sp = regs - 8;
	check__begin("prologue: system call, first instruction");
	CHECK_CHAIN(g, PERF_GUEST_CALLCHAIN_MODE_64, KERNEL, ip, caller, USER, IP,
		    CALLERS_CALLER);
	check__end();
	put_word(g, regs - 16, 0);
	g->regs.ip = ip + 5;
	g->regs.sp = regs - 16;
	check__begin("prologue: system call, frame not yet set up");
	CHECK_CHAIN(g, PERF_GUEST_CALLCHAIN_MODE_64, KERNEL, ip + 5, caller, USER, IP,
		    CALLERS_CALLER);
	check__end();
	g->regs.ip = ip + 12;
	g->regs.sp = regs;
	check__begin("prologue: system call, entry code after clearing rbp");
	CHECK_CHAIN(g, PERF_GUEST_CALLCHAIN_MODE_64, KERNEL, ip + 12, USER, IP,
		    CALLERS_CALLER);
	check__end();

	/* a function that entry code calls while rbp is the user's */
	put_code(g, ip + 12, "\xc3", 1);
	put_word(g, regs, caller);
	g->regs.bp = STACK + 0x140;
	check__begin("prologue: return to entry code");
	CHECK_CHAIN(g, PERF_GUEST_CALLCHAIN_MODE_64, KERNEL, ip + 12, caller, USER, IP,
		    CALLERS_CALLER);
	check__end();
	made_guest__delete(g);
}

void test_prologue(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run_case(i);
	page_end();
	bad_stack();
	syscall_entry();
}
