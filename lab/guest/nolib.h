/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What guestwork needs of a C library, for x86-64 and i386: entry, system calls,
 * numbers and strings.
 */
#ifndef NOLIB_H
#define NOLIB_H

/* The bottom of the stack: a zero frame pointer, as the ABI asks for. */
#ifdef __x86_64__

asm(".globl _start\n_start:\n.cfi_startproc\n.cfi_undefined %rip\n"
	"xor %ebp, %ebp\n\tmov (%rsp), %edi\n\tlea 8(%rsp), %rsi\n"
	"and $-16, %rsp\n\tcall main\n\tud2\n.cfi_endproc\n");

enum {
	SYS_read = 0, SYS_write = 1, SYS_open = 2, SYS_ioctl = 16, SYS_pipe = 22,
	SYS_getpid = 39, SYS_exit = 60, SYS_clock_gettime = 228,
};

static inline __attribute__((always_inline)) long sys3(long nr, long a, long b, long c)
{
	long ret;

	asm volatile("syscall" : "=a" (ret) : "a" (nr), "D" (a), "S" (b), "d" (c)
		     : "rcx", "r11", "memory");
	return ret;
}

#define spin_with_bp(bp, turns) do {						\
	unsigned long n__ = (turns), bp__ = (bp);				\
	asm volatile("xchg %%rbp, %1\n1:\tdec %0\n\tjnz 1b\n\txchg %%rbp, %1"	\
		     : "+r" (n__), "+r" (bp__) :: "memory");			\
} while (0)

#else

asm(".globl _start\n_start:\n"
	"xor %ebp, %ebp\n\tmov (%esp), %eax\n\tlea 4(%esp), %edx\n"
	"and $-16, %esp\n\tsub $8, %esp\n\tpush %edx\n\tpush %eax\n"
	"call main\n\tud2\n");

enum {
	SYS_exit = 1, SYS_read = 3, SYS_write = 4, SYS_open = 5, SYS_getpid = 20,
	SYS_pipe = 42, SYS_ioctl = 54, SYS_clock_gettime = 403,
};

static inline __attribute__((always_inline)) long sys3(long nr, long a, long b, long c)
{
	long ret;

	asm volatile("int $0x80" : "=a" (ret) : "a" (nr), "b" (a), "c" (b), "d" (c)
		     : "memory");
	return ret;
}

#define spin_with_bp(bp, turns) do {						\
	unsigned long n__ = (turns), bp__ = (bp);				\
	asm volatile("xchg %%ebp, %1\n1:\tdec %0\n\tjnz 1b\n\txchg %%ebp, %1"	\
		     : "+r" (n__), "+r" (bp__) :: "memory");			\
} while (0)

#endif

static int same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static int number(const char *s)
{
	int n = 0;

	while (*s >= '0' && *s <= '9' && n < 1000)
		n = n * 10 + *s++ - '0';
	return n;
}

static void print_str(const char *s)
{
	unsigned long len = 0;

	while (s[len])
		len++;
	sys3(SYS_write, 1, (long)s, len);
}

/* Divides by ten in halves: i386 has no 64-bit division without libgcc. */
static void print_num(unsigned long long n)
{
	char text[21], *p = text + sizeof(text) - 1;
	unsigned int high = n >> 32, low = n, i;
	unsigned long long rem;

	*p = 0;
	do {
		rem = high % 10;
		high /= 10;
		for (i = 0; i < 32; i++) {
			rem = rem << 1 | low >> 31;
			low <<= 1;
			if (rem >= 10) {
				rem -= 10;
				low |= 1;
			}
		}
		*--p = '0' + rem;
	} while (high || low);
	print_str(p);
}

static void die(const char *why)
{
	print_str(why);
	sys3(SYS_exit, 1, 0, 0);
	__builtin_unreachable();
}

static int open_rw(const char *path)
{
	return sys3(SYS_open, (long)path, 2, 0);
}

static unsigned long long now_ns(void)
{
	struct { long long sec; long long nsec; } ts;

	/* CLOCK_MONOTONIC; the 64-bit structure on i386 too */
	sys3(SYS_clock_gettime, 1, (long)&ts, 0);
	return ts.sec * 1000000000ull + ts.nsec;
}

#endif /* NOLIB_H */
