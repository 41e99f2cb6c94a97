// SPDX-License-Identifier: GPL-2.0
/*
 * guestwork: work in the guest whose call paths are known by construction.
 *
 *	guestwork [--depth N] [--mix LEAVES] [--report]
 *
 * Every stack is main, work, step_N ... step_1, LEAF (and for leaves that make a
 * system call the kernel's frames on top), with N steps, 18 unless told.
 * LEAVES is a list of letters, one per leaf in @leaves, done in turn.
 * --report prints "work COUNT NANOSECONDS" ten times a second: rounds
 * done, and the guest's own monotonic clock.
 *
 * There is no C library: nothing here is compiled without a frame pointer, the
 * stack has a true bottom, and the 32-bit build needs no 32-bit packages.
 *
 * Built with -DNO_FRAME_POINTERS as guestwork-nofp, nothing has a frame pointer.
 */
#include "nolib.h"

#define noinline __attribute__((noinline, noclone))
/* Keeps the call above it from becoming a jump, which leaves no frame. */
#define after_call() asm volatile("" ::: "memory")
/*
 * Without this, gcc leaves out the frame of a function that makes no call and
 * has nothing on its stack, whatever -fno-omit-frame-pointer says.
 */
#ifdef NO_FRAME_POINTERS
#define own_frame() do { } while (0)
#else
#define own_frame() asm volatile("" :: "r" (__builtin_frame_address(0)))
#endif

#define MAX_DEPTH 24

typedef void (*leaf_fn)(void);

static int zero_fd, null_fd, module_fd, pipe_fds[2];
static char buf[16384];
static volatile unsigned int sink;

/* Leaves in user space. */

noinline void leaf_add(void)
{
	unsigned int i, sum = sink;

	own_frame();
	for (i = 0; i < 20000; i++)
		sum = sum * 3 + i;
	sink = sum;
}

noinline void leaf_shift(void)
{
	unsigned int i, x = sink | 1;

	own_frame();
	for (i = 0; i < 15000; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
	}
	sink = x;
}

noinline void leaf_memory(void)
{
	unsigned int i;

	own_frame();
	for (i = 0; i < 4 * sizeof(buf); i++)
		buf[(i * 67) % sizeof(buf)] += i;
	after_call();
}

/* Leaves that go into the kernel. The system call is in the leaf itself. */

noinline void leaf_read(void)
{
	int i;

	own_frame();
	for (i = 0; i < 8; i++)
		sys3(SYS_read, zero_fd, (long)buf, sizeof(buf));
}

noinline void leaf_write(void)
{
	int i;

	own_frame();
	for (i = 0; i < 200; i++)
		sys3(SYS_write, null_fd, (long)buf, sizeof(buf));
}

noinline void leaf_pipe(void)
{
	int i;

	own_frame();
	for (i = 0; i < 8; i++) {
		sys3(SYS_write, pipe_fds[1], (long)buf, 4096);
		sys3(SYS_read, pipe_fds[0], (long)buf, 4096);
	}
}

noinline void leaf_getpid(void)
{
	int i;

	own_frame();
	for (i = 0; i < 200; i++)
		sys3(SYS_getpid, 0, 0, 0);
}

/* Leaves that go on into guestwork.ko. */

noinline void leaf_module_read(void)
{
	own_frame();
	sys3(SYS_read, module_fd, (long)buf, 64);
}

noinline void leaf_module_ioctl(void)
{
	own_frame();
	sys3(SYS_ioctl, module_fd, 0, 0);
}

/*
 * Leaf whose frame pointer is no frame pointer: what the guest says there must
 * not be believed. The value is restored before anything relies on it.
 */
noinline void leaf_garbage(void)
{
	static const unsigned long values[] = {
		1, 8, 0x1000, -8ul, (unsigned long)buf, ~0ul << (sizeof(long) * 8 - 1),
	};
	static unsigned int turn;
	unsigned long bp = values[turn++ % (sizeof(values) / sizeof(values[0]))];
	unsigned long *loop = (unsigned long *)buf;

	own_frame();
	loop[0] = (unsigned long)buf;	/* a frame that is its own caller */
	loop[1] = (unsigned long)leaf_garbage;
	spin_with_bp(bp, 60000);
}

static const struct {
	char letter;
	leaf_fn fn;
} leaves[] = {
	{ 'a', leaf_add },
	{ 's', leaf_shift },
	{ 'm', leaf_memory },
	{ 'r', leaf_read },
	{ 'w', leaf_write },
	{ 'p', leaf_pipe },
	{ 'g', leaf_getpid },
	{ 'M', leaf_module_read },
	{ 'I', leaf_module_ioctl },
	{ 'X', leaf_garbage },
};

/* step_1 calls the leaf, step_N calls step_(N-1). */
noinline void step_1(leaf_fn leaf)
{
	leaf();
	after_call();
}

#define STEP(n, next) \
	noinline void step_##n(leaf_fn leaf) { step_##next(leaf); after_call(); }

STEP(2, 1) STEP(3, 2) STEP(4, 3) STEP(5, 4) STEP(6, 5) STEP(7, 6)
STEP(8, 7) STEP(9, 8) STEP(10, 9) STEP(11, 10) STEP(12, 11) STEP(13, 12)
STEP(14, 13) STEP(15, 14) STEP(16, 15) STEP(17, 16) STEP(18, 17) STEP(19, 18)
STEP(20, 19) STEP(21, 20) STEP(22, 21) STEP(23, 22) STEP(24, 23)

static leaf_fn const steps[MAX_DEPTH + 1] = {
#define S(n) [n] = (leaf_fn)step_##n
	S(1), S(2), S(3), S(4), S(5), S(6), S(7), S(8), S(9), S(10), S(11), S(12),
	S(13), S(14), S(15), S(16), S(17), S(18), S(19), S(20), S(21), S(22), S(23),
	S(24),
#undef S
};

noinline void work(int depth, leaf_fn leaf)
{
	((void (*)(leaf_fn))steps[depth])(leaf);
	after_call();
}

static leaf_fn find_leaf(char letter)
{
	unsigned int i;

	for (i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
		if (leaves[i].letter == letter)
			return leaves[i].fn;
	die("guestwork: no such leaf\n");
	return 0;
}

static void report(unsigned long rounds)
{
	static unsigned long long next;
	unsigned long long now = now_ns();

	if (now < next)
		return;
	next = now + 100000000;
	print_str("work ");
	print_num(rounds);
	print_str(" ");
	print_num(now);
	print_str("\n");
}

int main(int argc, char **argv)
{
	const char *mix = "asmrwpgMI", *m;
	int depth = 18, reports = 0, i;
	unsigned long rounds = 0;

	for (i = 1; i < argc; i++) {
		if (same(argv[i], "--report"))
			reports = 1;
		else if (same(argv[i], "--depth") && i + 1 < argc)
			depth = number(argv[++i]);
		else if (same(argv[i], "--mix") && i + 1 < argc)
			mix = argv[++i];
		else
			die("usage: guestwork [--depth 1-24] [--mix asmrwpgMIX] [--report]\n");
	}
	if (depth < 1 || depth > MAX_DEPTH || !*mix)
		die("guestwork: depth is 1 to 24, and a mix has a leaf\n");

	zero_fd = open_rw("/dev/zero");
	null_fd = open_rw("/dev/null");
	module_fd = open_rw("/dev/guestwork");
	if (sys3(SYS_pipe, (long)pipe_fds, 0, 0) < 0)
		die("guestwork: pipe\n");

	for (;; rounds++) {
		for (m = mix; *m; m++)
			work(depth, find_leaf(*m));
		if (reports)
			report(rounds);
	}
}
