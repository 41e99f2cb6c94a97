// SPDX-License-Identifier: GPL-2.0
/*
 * User stacks by DWARF: of a thread of this very program, whose callers are known,
 * compiled without frame pointers; which process's files they are unwound with; and
 * what must not do any harm.
 */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include <linux/perf_guest_callchain.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "debug.h"
#include "tests/guest/made-files.h"
#include "tests/tests.h"
#include "util.h"
#include "util/copyfile.h"
#include "util/guest/unwind/cfi.h"
#include "util/guest/unwind/dwarf.h"
#include "util/guest/untrusted/file.h"
#include "util/guest/unwind/dwarf-child.h"
#include "util/guest/unwind/select.h"
#include "util/guest/snapshot/lookup.h"

#define ROOT	0x12344000ULL
#define PID	4711

/* enum perf_event_x86_regs */
enum { BX = 1, BP = 6, SP = 7, IP = 8, R12 = 20, R13, R14, R15 };

static char dir[64];

static int begin(void)
{
	char path[PATH_MAX];

	strcpy(dir, "/tmp/perf-test-dwarf-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/%d/processes", dir, PID);
	return mkdir_p(path, 0755);
}

static FILE *make(const char *path)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%d/%s", PID, path);
	return made_file__create(dir, name);
}

static struct guest_dwarf *open_guest(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%d", dir, PID);
	/* closed with the process */
	return guest_dwarf__new(guest_file__root(path));
}

#define NOT_HERE(name)								\
static int test__##name(struct test_suite *test __maybe_unused,			\
			int subtest __maybe_unused)				\
{										\
	return TEST_SKIP;							\
}

#if defined(__x86_64__) && defined(HAVE_GUEST_CFI)
#include <gelf.h>
#include <sys/auxv.h>
#include <sys/ucontext.h>

/*
 * Return addresses as the functions know them, innermost first, the last one in libc.
 * That has one more frame: clone()'s, which calls no one has made.
 */
#define NR_KNOWN	5
#define NR_FRAMES	(1 + NR_KNOWN + 1)

static struct guest_dwarf_sample sample;
static const void *known[NR_KNOWN];

#define __no_frame_pointer __attribute__((__optimize__("omit-frame-pointer")))

static noinline __no_frame_pointer void take_sample(const u8 *stack_end)
{
	u64 *regs = sample.regs;

	known[0] = __builtin_return_address(0);
	asm volatile("lea 0(%%rip), %%rax\n\tmov %%rax, 64(%0)\n\t"
		     "mov %%rsp, 56(%0)\n\tmov %%rbp, 48(%0)\n\tmov %%rbx, 8(%0)\n\t"
		     "mov %%r12, 160(%0)\n\tmov %%r13, 168(%0)\n\t"
		     "mov %%r14, 176(%0)\n\tmov %%r15, 184(%0)"
		     : : "r" (regs) : "rax", "memory");
	sample.root = ROOT;
	sample.mask = 1 << BX | 1 << BP | 1 << SP | 1 << IP | 0xf << R12;
	sample.start = regs[SP];
	sample.size = min_t(u64, sizeof(sample.stack), (u64)stack_end - regs[SP]);
	memcpy(sample.stack, (void *)regs[SP], sample.size);
}

/* A frame pointer here would be of no use: it is another number. */
static noinline __no_frame_pointer void third(const u8 *stack_end)
{
	known[1] = __builtin_return_address(0);
	asm volatile("mov $0x1234, %%ebp" : : : "rbp");
	take_sample(stack_end);
	asm volatile("" : : : "rbp", "memory");
}

/*
 * A function that ends with a call, as those do that call what does not return: what is
 * returned to is no part of it, and has no table. It notes where it returns itself.
 */
extern void call_at_end(const u8 *stack_end, void (*fn)(const u8 *stack_end),
			const void **returns);
asm(".pushsection .text\n.type call_at_end, @function\ncall_at_end:\n\t.cfi_startproc\n\t"
	"mov (%rsp), %rax\n\tmov %rax, (%rdx)\n\t"
	"sub $8, %rsp\n\t.cfi_adjust_cfa_offset 8\n\tcall *%rsi\n\t.cfi_endproc\n\t"
	"add $8, %rsp\n\tret\n.size call_at_end, . - call_at_end\n\t.popsection");

static noinline __no_frame_pointer void second(const u8 *stack_end)
{
	u8 frame[200];

	known[3] = __builtin_return_address(0);
	asm volatile("" : "=m" (frame));
	call_at_end(stack_end, third, &known[2]);
	asm volatile("" : : "m" (frame) : "memory");
}

static noinline __no_frame_pointer void *first(void *arg __maybe_unused)
{
	known[4] = __builtin_return_address(0);
	/* the thread's stack begins with more than that of libc's */
	second(__builtin_frame_address(0) + 1024);
	asm volatile("" : : : "memory");
	return NULL;
}

static int take_by(void *(*fn)(void *arg))
{
	pthread_t thread;

	return pthread_create(&thread, NULL, fn, NULL) ?: pthread_join(thread, NULL);
}

static int take(void)
{
	return take_by(first);
}

/*
 * A function that is interrupted by a signal before it has done anything: what is in
 * front of it has no table.
 */
extern void interrupted(void);
asm(".pushsection .text\n\t.p2align 4\n\tnop\n"
	".type interrupted, @function\ninterrupted:\n\t.cfi_startproc\n\tud2\n\tret\n\t"
	".cfi_endproc\n.size interrupted, . - interrupted\n\t.popsection");

static const u8 *signal_stack_end;

static noinline __no_frame_pointer void
handler(int sig __maybe_unused, siginfo_t *info __maybe_unused, void *context)
{
	ucontext_t *uc = context;

	known[1] = __builtin_return_address(0);
	known[2] = interrupted;
	take_sample(signal_stack_end);
	uc->uc_mcontext.gregs[REG_RIP] += 2;
	asm volatile("" : : : "memory");
}

static noinline __no_frame_pointer void *first_with_signal(void *arg __maybe_unused)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO }, old;

	known[4] = __builtin_return_address(0);
	signal_stack_end = __builtin_frame_address(0) + 1024;
	sigaction(SIGILL, &action, &old);
	asm volatile("call interrupted\n1:\tlea 1b(%%rip), %0"
		     : "=r" (known[3]) : : "memory");
	sigaction(SIGILL, &old, NULL);
	return NULL;
}

/*
 * This process's mappings as process @pid, but for those of a file with @without in its
 * name; all @shift bytes further on in their files.
 */
static int put_mappings(int pid, u64 shift, const char *without)
{
	char line[PATH_MAX + 128], path[2 * PATH_MAX], name[32], perms[8];
	FILE *maps = fopen("/proc/self/maps", "r"), *file;
	u64 start, end, offset;
	int at;

	snprintf(name, sizeof(name), "processes/%d", pid);
	file = make(name);
	while (maps && file && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*s %n", &start, &end,
			   perms, &offset, &at) != 4 || perms[2] != 'x' ||
		    strstr(line + at, without))
			continue;
		line[strcspn(line, "\n")] = '\0';
		fprintf(file, "%" PRIx64 "-%" PRIx64 " %" PRIx64 " %s\n", start, end,
			offset + shift, line + at);
		if (line[at] != '/')
			continue;
		snprintf(path, sizeof(path), "%s/%d/user%s", dir, PID, line + at);
		*strrchr(path, '/') = '\0';
		mkdir_p(path, 0755);
		snprintf(path, sizeof(path), "%s/%d/user%s", dir, PID, line + at);
		if (access(path, F_OK) && copyfile(line + at, path))
			pr_debug("%s: %m\n", path);
	}
	if (maps)
		fclose(maps);
	return !file || fclose(file) ? -1 : 0;
}

static int put_process(int pid, u64 shift)
{
	return put_mappings(pid, shift, "(deleted)");
}

/* The frames that are known, and @nr in all. */
static bool right(const u64 *ips, u32 nr, u32 want)
{
	u32 i;

	pr_debug("%u frames:", nr);
	for (i = 0; i < nr; i++)
		pr_debug(" %" PRIx64, ips[i]);
	pr_debug("\n");
	return nr == want && ips[0] == sample.regs[IP] &&
	       !memcmp(ips + 1, known, min_t(u32, want - 1, NR_KNOWN) * sizeof(u64));
}

/* A function whose table says that it was called by itself, with the same stack pointer. */
extern void in_circle(void);
asm(".pushsection .text\n.type in_circle, @function\nin_circle:\n\t.cfi_startproc\n\t"
	".cfi_escape 0x14, 7, 1\n\tnop\n\tret\n\t.cfi_endproc\n"
	".size in_circle, . - in_circle\n\t.popsection");

static int check_circle(struct guest_dwarf *gd)
{
	u64 ips[GUEST_DWARF_FRAMES_MAX];
	enum guest_dwarf_end end;
	u32 nr;

	sample.regs[IP] = (u64)in_circle + 1;
	memcpy(sample.stack, &sample.regs[IP], 8);
	nr = guest_dwarf__unwind(gd, &sample, ips, GUEST_DWARF_FRAMES_MAX, &end);
	TEST_ASSERT_EQUAL("one frame", (int)nr, 1);
	TEST_ASSERT_EQUAL("goes back", (int)end, GUEST_DWARF_BACKWARD);
	return TEST_OK;
}

static int check_unwind(struct guest_dwarf *gd)
{
	u64 ips[GUEST_DWARF_FRAMES_MAX];
	enum guest_dwarf_end end;
	u32 nr, size = sample.size;

	nr = guest_dwarf__unwind(gd, &sample, ips, GUEST_DWARF_FRAMES_MAX, &end);
	TEST_ASSERT_VAL("frames", right(ips, nr, NR_FRAMES));
	TEST_ASSERT_EQUAL("root", (int)end, GUEST_DWARF_ROOT);

	nr = guest_dwarf__unwind(gd, &sample, ips, 3, &end);
	TEST_ASSERT_VAL("first three", right(ips, nr, 3));
	TEST_ASSERT_EQUAL("no more fit", (int)end, GUEST_DWARF_MAX_STACK);

	/* up to the return address of second(), which is not there any more */
	sample.size = 0;
	while (memcmp(sample.stack + sample.size, &known[2], sizeof(u64)))
		sample.size += 8;
	nr = guest_dwarf__unwind(gd, &sample, ips, GUEST_DWARF_FRAMES_MAX, &end);
	sample.size = size;
	TEST_ASSERT_VAL("frames of a stack in part", right(ips, nr, 3));
	TEST_ASSERT_EQUAL("cut", (int)end, GUEST_DWARF_CUT);

	/* what saved registers are restored from is known by the CFA alone, but for rbp */
	sample.mask &= ~(1ULL << BX | 1ULL << BP | 0xfULL << R12);
	nr = guest_dwarf__unwind(gd, &sample, ips, GUEST_DWARF_FRAMES_MAX, &end);
	sample.mask |= 1ULL << BX | 1ULL << BP | 0xfULL << R12;
	TEST_ASSERT_VAL("without the other registers", right(ips, nr, NR_FRAMES));
	return TEST_OK;
}

static int test__guest_dwarf_unwind(struct test_suite *test __maybe_unused,
				    int subtest __maybe_unused)
{
	struct guest_dwarf *gd;
	int ret = TEST_FAIL;

	if (begin() || take() || put_process(1, 0))
		return TEST_FAIL;
	gd = open_guest();
	if (gd)
		ret = check_unwind(gd) ?: check_circle(gd);
	guest_dwarf__delete(gd);
	rm_rf(dir);
	return ret;
}

static int check_signal(struct guest_dwarf *gd)
{
	u64 ips[GUEST_DWARF_FRAMES_MAX];
	enum guest_dwarf_end end;
	u32 nr;

	nr = guest_dwarf__unwind(gd, &sample, ips, GUEST_DWARF_FRAMES_MAX, &end);
	TEST_ASSERT_VAL("frames", right(ips, nr, NR_FRAMES));
	TEST_ASSERT_EQUAL("root", (int)end, GUEST_DWARF_ROOT);
	return TEST_OK;
}

/* From a signal's handler to what it has interrupted. */
static int test__guest_dwarf_signal(struct test_suite *test __maybe_unused,
				    int subtest __maybe_unused)
{
	struct guest_dwarf *gd;
	int ret = TEST_FAIL;

	if (begin() || take_by(first_with_signal) || put_process(1, 0))
		return TEST_FAIL;
	gd = open_guest();
	if (gd)
		ret = check_signal(gd);
	guest_dwarf__delete(gd);
	rm_rf(dir);
	return ret;
}

/* The address of any function of the vDSO; 0 if there is none. */
static u64 vdso_function(const void *vdso, size_t size)
{
	Elf *elf = elf_memory((char *)vdso, size);
	Elf_Scn *section = NULL;
	u64 found = 0;
	GElf_Shdr sh;
	GElf_Sym sym;
	size_t i;

	while (elf && !found && (section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &sh) || sh.sh_type != SHT_DYNSYM)
			continue;
		for (i = 1; !found && i < sh.sh_size / sh.sh_entsize; i++) {
			if (gelf_getsym(elf_getdata(section, NULL), i, &sym) &&
			    GELF_ST_TYPE(sym.st_info) == STT_FUNC)
				found = sym.st_value;
		}
	}
	elf_end(elf);
	return found;
}

/* A kernel with the vDSO of this process, between others that are none. */
static int put_kernel(const void *vdso, size_t size)
{
	static const u8 page[4096] = "\177ELF\2\1\1";
	FILE *file = make("proc/version");

	if (!file)
		return -1;
	fprintf(file, "Linux version 6.1 (made up)\n");
	fclose(file);
	file = make("boot/vmlinuz-6.1");
	if (!file)
		return -1;
	fwrite(page, sizeof(page), 1, file);
	fwrite(page, sizeof(page), 1, file);
	fwrite(vdso, size, 1, file);
	fwrite(page, sizeof(page), 1, file);
	return fclose(file);
}

/* As if take_sample() had called it, and it had not done anything yet. */
static void call(u64 function)
{
	memmove(sample.stack + 8, sample.stack, sample.size - 8);
	memcpy(sample.stack, &sample.regs[IP], 8);
	sample.start -= 8;
	sample.regs[SP] -= 8;
	sample.regs[IP] = function;
}

static int test__guest_dwarf_vdso(struct test_suite *test __maybe_unused,
				  int subtest __maybe_unused)
{
	u64 ips[GUEST_DWARF_FRAMES_MAX], start = getauxval(AT_SYSINFO_EHDR), function;
	const Elf64_Ehdr *vdso = (const void *)start;
	enum guest_dwarf_end end = GUEST_DWARF_FAILED;
	struct guest_dwarf *gd;
	size_t size;
	u32 nr = 0;

	if (!start)
		return TEST_SKIP;
	size = vdso->e_shoff + vdso->e_shnum * vdso->e_shentsize;
	function = start + vdso_function(vdso, size);
	if (begin() || take() || put_process(1, 0) || put_kernel(vdso, size))
		return TEST_FAIL;
	call(function);
	gd = open_guest();
	if (gd)
		nr = guest_dwarf__unwind(gd, &sample, ips, GUEST_DWARF_FRAMES_MAX, &end);
	guest_dwarf__delete(gd);
	rm_rf(dir);
	pr_debug("%u frames, %s\n", nr, guest_dwarf_end__name(end));
	TEST_ASSERT_EQUAL("frames", (int)nr, NR_FRAMES + 1);
	TEST_ASSERT_EQUAL("root", (int)end, GUEST_DWARF_ROOT);
	TEST_ASSERT_VAL("callers", ips[0] == function &&
			!memcmp(ips + 2, known, sizeof(known)));
	return TEST_OK;
}

/* An address that is in no file, and does not lead on, is not shown. */
static int test__guest_dwarf_unknown(struct test_suite *test __maybe_unused,
				     int subtest __maybe_unused)
{
	u64 ips[GUEST_DWARF_FRAMES_MAX];
	enum guest_dwarf_end end;
	struct guest_dwarf *gd;
	u32 nr = 0;

	if (begin() || take() || put_mappings(1, 0, "/libc"))
		return TEST_FAIL;
	gd = open_guest();
	if (gd)
		nr = guest_dwarf__unwind(gd, &sample, ips, GUEST_DWARF_FRAMES_MAX, &end);
	guest_dwarf__delete(gd);
	rm_rf(dir);
	TEST_ASSERT_VAL("without libc's", right(ips, nr, NR_KNOWN) && end != GUEST_DWARF_ROOT);
	return TEST_OK;
}

static int check_choice(struct guest_dwarf *gd)
{
	u64 ips[GUEST_DWARF_FRAMES_MAX], walks;
	enum guest_dwarf_end end;
	u32 nr, i;

	/* there are more wrong ones than are tried at once */
	nr = guest_dwarf__unwind(gd, &sample, ips, GUEST_DWARF_FRAMES_MAX, &end);
	TEST_ASSERT_VAL("not found yet", nr && end != GUEST_DWARF_ROOT);
	nr = guest_dwarf__unwind(gd, &sample, ips, GUEST_DWARF_FRAMES_MAX, &end);
	TEST_ASSERT_VAL("frames", right(ips, nr, NR_FRAMES));
	TEST_ASSERT_EQUAL("root", (int)end, GUEST_DWARF_ROOT);

	walks = guest_dwarf__walks(gd);
	nr = guest_dwarf__unwind(gd, &sample, ips, GUEST_DWARF_FRAMES_MAX, &end);
	TEST_ASSERT_VAL("frames again", right(ips, nr, NR_FRAMES));
	TEST_ASSERT_EQUAL("remembered", (int)(guest_dwarf__walks(gd) - walks), 1);

	/* none is right: they are not all tried each time */
	walks = guest_dwarf__walks(gd);
	sample.root += 0x2000;
	memset(sample.stack, 0x55, sample.size);
	for (i = 0; i < 1000; i++) {
		nr = guest_dwarf__unwind(gd, &sample, ips, GUEST_DWARF_FRAMES_MAX, &end);
		TEST_ASSERT_VAL("no root", nr && end != GUEST_DWARF_ROOT);
	}
	walks = guest_dwarf__walks(gd) - walks;
	pr_debug("%" PRIu64 " walks\n", walks);
	TEST_ASSERT_VAL("gives up", walks >= 1000 && walks < 1200);
	return TEST_OK;
}

static int test__guest_dwarf_choice(struct test_suite *test __maybe_unused,
				    int subtest __maybe_unused)
{
	struct guest_dwarf *gd;
	int ret = TEST_FAIL, i, err;

	if (begin() || take())
		return TEST_FAIL;
	for (i = 1, err = 0; i <= 12 && !err; i++)
		err = put_process(i, i == 11 ? 0 : 4096ULL * i);
	gd = err ? NULL : open_guest();
	if (gd)
		ret = check_choice(gd);
	guest_dwarf__delete(gd);
	rm_rf(dir);
	return ret;
}

static int check_sections(u64 *words, size_t size)
{
	struct guest_unwinds *unwinds = guest_unwinds__new();
	u64 ips[GUEST_DWARF_FRAMES_MAX];
	bool complete;
	u32 nr;

	guest_snapshot__use(dir);
	nr = guest_unwinds__user(unwinds, PID, ROOT, words, size, ips, 100, &complete);
	guest_unwinds__report(unwinds);
	TEST_ASSERT_VAL("frames", right(ips, nr, NR_FRAMES));
	TEST_ASSERT_VAL("complete", complete);

	/* of this one there are no files, and its frame pointer is none */
	nr = guest_unwinds__user(unwinds, PID + 1, ROOT, words, size, ips, 100, &complete);
	guest_unwinds__report(unwinds);
	TEST_ASSERT_VAL("another guest", right(ips, nr, 1) && !complete);

	words[2] |= 1ULL << 40;
	nr = guest_unwinds__user(unwinds, PID, ROOT, words, size, ips, 100, &complete);
	TEST_ASSERT_VAL("unknown registers", !nr && !complete);
	guest_unwinds__delete(unwinds);
	return TEST_OK;
}

/* From a record's sections, through the process that unwinds. */
static int test__guest_dwarf_sections(struct test_suite *test __maybe_unused,
				      int subtest __maybe_unused)
{
	u64 words[16 + GUEST_DWARF_STACK_MAX / 8];
	int ret, i, nr = 3;
	FILE *info;

	if (begin() || take() || put_process(1, 0))
		return TEST_FAIL;
	info = make("guest");
	if (!info)
		return TEST_FAIL;
	fprintf(info, "name test\n");
	fclose(info);

	words[1] = PERF_SAMPLE_REGS_ABI_64;
	words[2] = sample.mask;
	for (i = 0; i < GUEST_DWARF_REGS_MAX; i++) {
		if (sample.mask & 1ULL << i)
			words[nr++] = sample.regs[i];
	}
	words[0] = PERF_GUEST_SECTION_USER_REGS | (u64)nr * 8 << 32;
	words[nr++] = PERF_GUEST_SECTION_USER_STACK | (2ULL * 8 + sample.size) << 32;
	words[nr++] = sample.start;
	memcpy(words + nr, sample.stack, sample.size);

	ret = check_sections(words, nr * sizeof(u64) + sample.size);
	guest_snapshot__use(NULL);
	rm_rf(dir);
	return ret;
}

/* Overwrite some of a file, at random. */
static void damage(const char *name, unsigned int seed)
{
	struct stat st;
	FILE *file;
	long at;
	int i;

	file = fopen(name, "r+");
	if (!file || fstat(fileno(file), &st))
		return;
	srand(seed);
	for (i = 0; i < 2000; i++) {
		at = ((long)rand() << 12 ^ rand()) % st.st_size;
		/* every other time in the headers */
		fseek(file, i % 50 ? at : at % 1024, SEEK_SET);
		fputc(rand(), file);
	}
	fclose(file);
	if (!(seed % 4) && truncate(name, (seed / 4 + 1) * st.st_size / 8))
		pr_debug("%s: %m\n", name);
}

static int damage_file(const char *path, int rounds)
{
	u64 ips[GUEST_DWARF_FRAMES_MAX];
	struct guest_dwarf_child child;
	enum guest_dwarf_end end;
	char name[2 * PATH_MAX];
	int i, died = 0;
	u32 nr;

	for (i = 0; i < rounds; i++) {
		snprintf(name, sizeof(name), "%s/%d/user%s", dir, PID, path);
		unlink(name);
		TEST_ASSERT_VAL("copy", !copyfile(path, name));
		damage(name, i);
		snprintf(name, sizeof(name), "%s/%d", dir, PID);
		TEST_ASSERT_VAL("child", !guest_dwarf_child__init(&child, name));
		nr = guest_dwarf_child__unwind(&child, &sample, ips, 100, &end);
		died += end == GUEST_DWARF_FAILED;
		TEST_ASSERT_VAL("what is certain", end == GUEST_DWARF_FAILED ? !nr :
				nr >= 1 && ips[0] == sample.regs[IP]);
		guest_dwarf_child__exit(&child);
	}
	pr_debug("%s: %d of %d made it crash\n", path, died, rounds);
	return TEST_OK;
}

static int test__guest_dwarf_damaged(struct test_suite *test __maybe_unused,
				     int subtest __maybe_unused)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int ret;

	if (n < 0 || begin() || take() || put_process(1, 0))
		return TEST_FAIL;
	self[n] = '\0';
	ret = damage_file(self, 40);
	rm_rf(dir);
	return ret;
}

static int check_child(struct guest_dwarf_child *child)
{
	u64 ips[GUEST_DWARF_FRAMES_MAX];
	enum guest_dwarf_end end;
	u32 nr;
	int i;

	TEST_ASSERT_EQUAL("processes", (int)child->processes, 1);
	for (i = 0; i < GUEST_DWARF_CHILDREN; i++) {
		nr = guest_dwarf_child__unwind(child, &sample, ips, 100, &end);
		TEST_ASSERT_VAL("frames", right(ips, nr, NR_FRAMES) && end == GUEST_DWARF_ROOT);
		/* it crashes, or does not answer */
		child->sample_ms = 200;
		kill(child->pid, i ? SIGSTOP : SIGKILL);
		nr = guest_dwarf_child__unwind(child, &sample, ips, 100, &end);
		TEST_ASSERT_VAL("is told", !nr && end == GUEST_DWARF_FAILED);
		child->sample_ms = 10000;
	}
	nr = guest_dwarf_child__unwind(child, &sample, ips, 100, &end);
	TEST_ASSERT_VAL("no more of them", !nr && end == GUEST_DWARF_FAILED && child->fd < 0);
	return TEST_OK;
}

static int test__guest_dwarf_child(struct test_suite *test __maybe_unused,
				   int subtest __maybe_unused)
{
	struct guest_dwarf_child child;
	char path[PATH_MAX];
	int ret = TEST_FAIL;

	if (begin() || take() || put_process(1, 0))
		return TEST_FAIL;
	snprintf(path, sizeof(path), "%s/%d", dir, PID);
	if (!guest_dwarf_child__init(&child, path))
		ret = check_child(&child);
	guest_dwarf_child__exit(&child);
	rm_rf(dir);
	return ret;
}

/* It answers what it was not asked, and asks for nothing. */
static void __noreturn babble(int fd)
{
	static const char reply[16 + 8 * GUEST_DWARF_FRAMES_MAX];

	while (send(fd, reply, sizeof(reply), MSG_NOSIGNAL) > 0)
		;
	_exit(0);
}

static int test__guest_dwarf_babbler(struct test_suite *test __maybe_unused,
				     int subtest __maybe_unused)
{
	struct guest_dwarf_child child = {
		.started = GUEST_DWARF_CHILDREN, .sample_ms = 10000,
	};
	static struct guest_dwarf_sample large = { .size = GUEST_DWARF_STACK_MAX };
	enum guest_dwarf_end end = GUEST_DWARF_ROOT;
	u64 ips[GUEST_DWARF_FRAMES_MAX];
	int fds[2], i;

	TEST_ASSERT_VAL("set-up", !socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
	child.dir = strdup("babbler");
	child.fd = fds[0];
	child.pid = fork();
	if (!child.pid) {
		close(fds[0]);
		babble(fds[1]);
	}
	/* the end of this process, should it wait */
	alarm(60);
	for (i = 0; i < 10000 && end != GUEST_DWARF_FAILED; i++)
		guest_dwarf_child__unwind(&child, &large, ips, 100, &end);
	alarm(0);
	close(fds[1]);
	guest_dwarf_child__exit(&child);
	pr_debug("given up at %d\n", i);
	TEST_ASSERT_VAL("answers at first", i > 2);
	TEST_ASSERT_EQUAL("is given up when it takes no more", end, GUEST_DWARF_FAILED);
	return TEST_OK;
}

#else

NOT_HERE(guest_dwarf_unwind)
NOT_HERE(guest_dwarf_signal)
NOT_HERE(guest_dwarf_vdso)
NOT_HERE(guest_dwarf_unknown)
NOT_HERE(guest_dwarf_choice)
NOT_HERE(guest_dwarf_sections)
NOT_HERE(guest_dwarf_damaged)
NOT_HERE(guest_dwarf_child)
NOT_HERE(guest_dwarf_babbler)
#endif

#define STACK	0x7ffd00001000ULL
#define CODE	0x401000ULL
#define ALL	(1 << BP | 1 << SP | 1 << IP)

/* Without any tables: where frame pointers lead. */
static const struct made_sample {
	const char *what;
	u64 mask, ip, sp, bp, start;
	u32 size, nr;
	u64 words[8];
	enum guest_dwarf_end end;
} samples[] = {
	{ "frame pointers", ALL, CODE, STACK, STACK, STACK, 64, 3,
	  { STACK + 16, CODE + 5, STACK + 32, CODE + 10 }, GUEST_DWARF_NO_PROCESS },
	{ "no address", 1 << SP | 1 << BP, CODE, STACK, STACK, STACK, 64, 0, {},
	  GUEST_DWARF_NO_WORD },
	{ "no stack pointer", 1 << IP | 1 << BP, CODE, STACK, STACK, STACK, 64, 0, {},
	  GUEST_DWARF_NO_WORD },
	{ "no registers", 0, CODE, STACK, STACK, STACK, 64, 0, {}, GUEST_DWARF_NO_WORD },
	{ "no frame pointer", 1 << IP | 1 << SP, CODE, STACK, STACK, STACK, 64, 1,
	  { STACK + 16, CODE + 5 }, GUEST_DWARF_NO_PROCESS },
	{ "in the kernel's half", ALL, ~0ULL << 47, STACK, STACK, STACK, 64, 0, {},
	  GUEST_DWARF_NO_WORD },
	{ "at 0", ALL, 0, STACK, STACK, STACK, 64, 0, {}, GUEST_DWARF_NO_WORD },
	{ "around the end of memory", ALL, CODE, -32ULL, -32ULL, -32ULL, 64, 0, {},
	  GUEST_DWARF_NO_WORD },
	{ "no stack", ALL, CODE, STACK, STACK, STACK, 0, 1, {}, GUEST_DWARF_NO_PROCESS },
	{ "half a word", ALL, CODE, STACK, STACK, STACK, 12, 1, { STACK + 8, CODE },
	  GUEST_DWARF_NO_PROCESS },
	{ "more than there is", ALL, CODE, STACK, STACK, STACK, 8200, 0, {},
	  GUEST_DWARF_NO_WORD },
	{ "not aligned", ALL, CODE, STACK + 3, STACK + 3, STACK + 3, 64, 2,
	  { STACK + 19, CODE + 5 }, GUEST_DWARF_NO_PROCESS },
	{ "a circle", ALL, CODE, STACK, STACK, STACK, 64, 2, { STACK, CODE + 5 },
	  GUEST_DWARF_NO_PROCESS },
	{ "below the stack pointer", ALL, CODE, STACK + 16, STACK, STACK, 64, 1,
	  { STACK, CODE + 5 }, GUEST_DWARF_NO_PROCESS },
	{ "a context for a return address", ALL, CODE, STACK, STACK, STACK, 64, 1,
	  { STACK + 16, PERF_CONTEXT_USER }, GUEST_DWARF_NO_PROCESS },
	{ "beyond the copy", ALL, CODE, STACK, STACK + 56, STACK, 64, 1,
	  { 0, 0, 0, 0, 0, 0, 0, STACK }, GUEST_DWARF_NO_PROCESS },
};

static bool check_sample(struct guest_dwarf *gd, const struct made_sample *made)
{
	static struct guest_dwarf_sample s;
	u64 ips[GUEST_DWARF_FRAMES_MAX];
	enum guest_dwarf_end end;
	u32 nr;

	memset(&s, 0, sizeof(s));
	s.root = ROOT;
	s.mask = made->mask;
	s.regs[IP] = made->ip;
	s.regs[SP] = made->sp;
	s.regs[BP] = made->bp;
	s.start = made->start;
	s.size = made->size;
	memcpy(s.stack, made->words, sizeof(made->words));
	nr = guest_dwarf__unwind(gd, &s, ips, GUEST_DWARF_FRAMES_MAX, &end);
	if (nr == made->nr && end == made->end)
		return true;
	pr_debug("%s: %u frames, %s\n", made->what, nr, guest_dwarf_end__name(end));
	return false;
}

static int test__guest_dwarf_samples(struct test_suite *test __maybe_unused,
				     int subtest __maybe_unused)
{
	struct guest_dwarf *gd = guest_dwarf__new(-1);
	int ret = TEST_OK;
	size_t i;

	TEST_ASSERT_VAL("new", gd);
	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		if (!check_sample(gd, &samples[i]))
			ret = TEST_FAIL;
	}
	guest_dwarf__delete(gd);
	return ret;
}

#ifdef HAVE_GUEST_CFI
/* Where segments of a file may be mapped: @offset of the mapping at @start. */
static const struct {
	u64 seg_offset, seg_addr, seg_size, start, offset;
	bool good;
	u64 bias;
} places[] = {
	{ 0x1000, 0x401000, 0x2000, 0x401000, 0x1000, true, 0 },
	{ 0x1000, 0x1000, 0x2000, 0x555555001000, 0x1000, true, 0x555555000000 },
	{ 0x1240, 0x2240, 0x2000, 0x555555002000, 0x1000, true, 0x555555000000 },
	{ 0x1240, 0x2240, 0x2000, 0x555555003000, 0x2000, true, 0x555555000000 },
	{ 0x1000, 0x1000, 0x1000, 0x555555001000, 0x2000, false, 0 },
	{ 0x1000, 0x1000, 0x1000, 0x555555001000, 0, false, 0 },
	{ 0x1000, 0x1008, 0x1000, 0x555555001000, 0x1000, false, 0 },
	{ 0x1000, 0x1000, 0x10000, 0x555555001000, 0x1000, false, 0 },
	{ -0x1000ULL, 0x1000, 0x2000, 0x555555001000, 0x1000, false, 0 },
};

static const Elf64_Ehdr good_head = {
	.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
	.e_type = ET_DYN, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
	.e_phoff = sizeof(good_head), .e_ehsize = sizeof(good_head),
	.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1,
};

static struct guest_cfi *open_made(FILE *file, const Elf64_Ehdr *head, u64 offset, u64 addr,
				   u64 size)
{
	Elf64_Phdr segment = {
		.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = offset, .p_vaddr = addr,
		.p_filesz = size,
	};
	const char *why;

	rewind(file);
	fwrite(head, sizeof(*head), 1, file);
	fwrite(&segment, sizeof(segment), 1, file);
	fflush(file);
	return guest_cfi__open(fileno(file), &why);
}

static bool check_place(FILE *file, unsigned int i)
{
	struct guest_cfi *cfi;
	u64 bias = 0;
	bool good;

	cfi = open_made(file, &good_head, places[i].seg_offset, places[i].seg_addr,
			places[i].seg_size);
	good = cfi && guest_cfi__bias(cfi, places[i].start, places[i].offset, &bias);
	guest_cfi__delete(cfi);
	if (good == places[i].good && (!good || bias == places[i].bias))
		return true;
	pr_debug("place %u: %d %" PRIx64 "\n", i, good, bias);
	return false;
}

static bool opens(FILE *file, const Elf64_Ehdr *head)
{
	struct guest_cfi *cfi = open_made(file, head, 0x1000, 0x1000, 0x1000);

	guest_cfi__delete(cfi);
	return cfi;
}

/* Of the x32 ABI: all is well with it, but that addresses have 32 bits. */
static bool opens_x32(FILE *file)
{
	Elf32_Ehdr head = {
		.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_phoff = sizeof(head), .e_ehsize = sizeof(head),
		.e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 1,
	};
	Elf32_Phdr segment = {
		.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = 0x1000, .p_vaddr = 0x1000,
		.p_filesz = 0x1000,
	};
	struct guest_cfi *cfi;
	const char *why;

	memcpy(head.e_ident, good_head.e_ident, sizeof(head.e_ident));
	head.e_ident[EI_CLASS] = ELFCLASS32;
	rewind(file);
	fwrite(&head, sizeof(head), 1, file);
	fwrite(&segment, sizeof(segment), 1, file);
	fflush(file);
	cfi = guest_cfi__open(fileno(file), &why);
	guest_cfi__delete(cfi);
	return cfi;
}

static int check_heads(FILE *file)
{
	Elf64_Ehdr head = good_head;

	TEST_ASSERT_VAL("shared object", opens(file, &head));
	head.e_type = ET_EXEC;
	TEST_ASSERT_VAL("executable", opens(file, &head));
	head.e_type = ET_REL;
	TEST_ASSERT_VAL("relocatable", !opens(file, &head));
	head = good_head;
	head.e_machine = EM_AARCH64;
	TEST_ASSERT_VAL("another machine", !opens(file, &head));
	TEST_ASSERT_VAL("32 bits", !opens_x32(file));
	head = good_head;
	head.e_ident[EI_DATA] = ELFDATA2MSB;
	TEST_ASSERT_VAL("another byte order", !opens(file, &head));
	head = good_head;
	head.e_phoff = ~0ULL - 16;
	TEST_ASSERT_VAL("no segments", !opens(file, &head));
	return TEST_OK;
}

static int test__guest_dwarf_places(struct test_suite *test __maybe_unused,
				    int subtest __maybe_unused)
{
	FILE *file = tmpfile();
	unsigned int i;
	int ret;

	TEST_ASSERT_VAL("file", file && !ftruncate(fileno(file), 0x4000));
	ret = check_heads(file);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		if (!check_place(file, i))
			ret = TEST_FAIL;
	}
	fclose(file);
	return ret;
}
#else
NOT_HERE(guest_dwarf_places)
#endif

/* What is no ELF file is as good as no file. */
static int test__guest_dwarf_files(struct test_suite *test __maybe_unused,
				   int subtest __maybe_unused)
{
	static const char * const contents[] = {
		"", "\177ELF", "#!/bin/sh\n", "!<arch>\n",
		"\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\267\0\1\0\0\0",
	};
	static const struct made_sample made = {
		"a file that is none", ALL, CODE, STACK, STACK, STACK, 64, 2,
		{ 0, CODE + 5, }, GUEST_DWARF_ROOT,
	};
	struct guest_dwarf *gd;
	bool good = true;
	FILE *file;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(contents); i++) {
		if (begin())
			return TEST_FAIL;
		file = make("processes/1");
		TEST_ASSERT_VAL("process", file);
		fprintf(file, "401000-402000 1000 /bin/file\n");
		fclose(file);
		file = make("user/bin/file");
		TEST_ASSERT_VAL("file", file);
		fwrite(contents[i], 64 * !!i, 1, file);
		fclose(file);
		gd = open_guest();
		good &= gd && guest_dwarf__processes(gd) == 1 && check_sample(gd, &made);
		guest_dwarf__delete(gd);
		rm_rf(dir);
	}
	return good ? TEST_OK : TEST_FAIL;
}

static struct test_case tests__guest_dwarf[] = {
	TEST_CASE("Guest callchain by DWARF, a stack that is known", guest_dwarf_unwind),
	TEST_CASE("Guest callchain by DWARF, through a signal", guest_dwarf_signal),
	TEST_CASE("Guest callchain by DWARF, through the vDSO", guest_dwarf_vdso),
	TEST_CASE("Guest callchain by DWARF, code that is unknown", guest_dwarf_unknown),
	TEST_CASE("Guest callchain by DWARF, choice of a process", guest_dwarf_choice),
	TEST_CASE("Guest callchain by DWARF, from a record", guest_dwarf_sections),
	TEST_CASE("Guest callchain by DWARF, made-up samples", guest_dwarf_samples),
	TEST_CASE("Guest callchain by DWARF, files and where they are", guest_dwarf_places),
	TEST_CASE("Guest callchain by DWARF, files that are none", guest_dwarf_files),
	TEST_CASE("Guest callchain by DWARF, damaged files", guest_dwarf_damaged),
	TEST_CASE("Guest callchain by DWARF, the unwinder ends", guest_dwarf_child),
	TEST_CASE("Guest callchain by DWARF, the unwinder takes nothing", guest_dwarf_babbler),
	{ .name = NULL, }
};

struct test_suite suite__guest_dwarf = {
	.desc = "Guest callchain by DWARF",
	.test_cases = tests__guest_dwarf,
};
