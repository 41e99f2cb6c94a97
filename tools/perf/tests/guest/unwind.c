// SPDX-License-Identifier: GPL-2.0
/*
 * Which way a guest's kernel is unwound, by what there is of the guest; and that
 * guesses stay apart from frames.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include <linux/perf_guest_callchain.h>
#include <sys/stat.h>
#include "debug.h"
#include "tests/guest/made-kernel.h"
#include "tests/guest/made-files.h"
#include "tests/tests.h"
#include "util/guest/callchain/frame.h"
#include "util/guest/unwind/select.h"
#include "util/symbol.h"
#include "util/guest/snapshot/lookup.h"
#include "util/symbol_conf.h"
#include "util.h"

#define PID		4711
#define RELEASE		"6.12.1-amd64"
#define TEXT		(MADE_TEXT + 0x200000)
#define MODULE		0xffffffffc0400000ULL
#define STACK		0xffffc90000013f00ULL
#define GUESS		PERF_CONTEXT_GUEST_GUESS

enum {
	LEAF	= 0x100,	/* nothing but a return address */
	FRAME	= 0x200,	/* 32 bytes */
	THREAD	= 0x300,	/* a root */
	BPF	= 0x10000,	/* behind the kernel: code without a table */
};

static const struct made_entry kernel[] = {
	{ MADE_TEXT + LEAF, { .type = GUEST_ORC_CALL, .sp_reg = GUEST_ORC_REG_SP,
			      .sp_offset = 8 }, NULL },
	{ MADE_TEXT + FRAME, { .type = GUEST_ORC_CALL, .sp_reg = GUEST_ORC_REG_SP,
			       .sp_offset = 32 }, NULL },
	{ MADE_TEXT + THREAD, { .type = GUEST_ORC_END_OF_STACK }, NULL },
};

static const struct made_entry module[] = {
	{ 0, { .type = GUEST_ORC_CALL, .sp_reg = GUEST_ORC_REG_SP, .sp_offset = 8 }, NULL },
};

static char dir[64];

static int put(const char *path, const void *data, size_t size)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%d/%s", PID, path);
	return made_file__put(dir, name, data, size);
}

static int put_text(const char *path, const char *text)
{
	return put(path, text, strlen(text));
}

/* @unwinder: a function only the kernel's unwinder of that kind has */
static void put_guest(const char *unwinder)
{
	char kallsyms[512];

	snprintf(kallsyms, sizeof(kallsyms),
		 "%016" PRIx64 " T _stext\n%016" PRIx64 " t leaf\n%016" PRIx64 " t frame\n"
		 "%016" PRIx64 " t thread\n%016" PRIx64 " t end\n%016" PRIx64 " t %s\n"
		 "%016" PRIx64 " t f\t[made_up]\n",
		 TEXT, TEXT + LEAF, TEXT + FRAME, TEXT + THREAD, TEXT + THREAD + 0x100,
		 TEXT + THREAD + 0x200, unwinder, (u64)MODULE);
	put_text("guest", "name test\n");
	put_text("proc/version", "Linux version " RELEASE " (made up)\n");
	put_text("proc/kallsyms", kallsyms);
}

static void put_kernel(const char *build_id)
{
	char notes[16 + 20] = "\4\0\0\0\24\0\0\0\3\0\0\0GNU";
	size_t size;
	void *elf = made_vmlinux(kernel, ARRAY_SIZE(kernel), MADE_6_4, &size);

	put("boot/vmlinuz-" RELEASE, elf, size);
	free(elf);
	memcpy(notes + 16, build_id, 20);
	put("sys/kernel/notes", notes, sizeof(notes));
}

/* For --guestvmlinux. If @spoilt is not NULL, the first byte of each one in it is changed. */
static void put_vmlinux(const char *spoilt)
{
	size_t size;
	void *elf = made_vmlinux(kernel, ARRAY_SIZE(kernel), MADE_6_4, &size);
	char *at = elf;

	while (spoilt && (at = memmem(at, (char *)elf + size - at, spoilt, strlen(spoilt))))
		*at = '!';
	made_file__put(dir, "vmlinux", elf, size);
	free(elf);
}

static void put_module(void)
{
	char modules[64], address[32];
	size_t size;
	void *elf = made_module(module, ARRAY_SIZE(module), &size);

	snprintf(modules, sizeof(modules), "made_up 4096 0 - Live 0x%016" PRIx64 "\n", (u64)MODULE);
	snprintf(address, sizeof(address), "0x%016" PRIx64 "\n", (u64)MODULE);
	put_text("proc/modules", modules);
	put("lib/modules/" RELEASE "/made-up.ko", elf, size);
	put_text("sys/module/made_up/sections/.text", address);
	free(elf);
}

static int begin(void)
{
	strcpy(dir, "/tmp/perf-test-unwind-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	guest_snapshot__use(dir);
	guest_unwind_by = GUEST_UNWIND_BY_AUTO;
	return 0;
}

static void end(void)
{
	guest_snapshot__use(NULL);
	guest_unwind_by = GUEST_UNWIND_BY_AUTO;
	symbol_conf.default_guest_vmlinux_name = NULL;
	rm_rf(dir);
}

/*
 * In LEAF, called by FRAME, called by THREAD, whose return address is the fifth word;
 * @first instead of FRAME if not 0.
 */
static u32 unwind_at(u64 ip, u64 first, u64 *ips)
{
	u64 words[] = {
		/* registers: ip and sp */
		PERF_GUEST_SECTION_REGS | 5ULL * 8 << 32, PERF_SAMPLE_REGS_ABI_64,
		1 << 7 | 1 << 8, STACK, ip,
		/* stack words: one stack, five words, of which two are there */
		PERF_GUEST_SECTION_STACK_WORDS | 6ULL * 8 << 32, 1, STACK, 5 | 2ULL << 32,
		PERF_GUEST_STACK_WORD_HIGH | PERF_GUEST_STACK_WORD_HIGH << 8,
		(u32)(first ?: TEXT + FRAME + 9) | (TEXT + THREAD + 5) << 32,
	};
	struct guest_unwinds *unwinds = guest_unwinds__new();
	u32 nr;

	nr = guest_unwinds__kernel(unwinds, PID, words, sizeof(words), ips, 20);
	guest_unwinds__report(unwinds);
	guest_unwinds__delete(unwinds);
	return nr;
}

static bool check(u64 ip, u64 first, u32 nr, const u64 *want)
{
	u64 ips[20];
	u32 got = unwind_at(ip, first, ips), i;

	pr_debug("%u words:", got);
	for (i = 0; i < got; i++)
		pr_debug(" %" PRIx64, ips[i]);
	pr_debug("\n");
	return got == nr && !memcmp(ips, want, nr * sizeof(u64));
}

#define CHECK(ip, first, ...) ({						\
	const u64 want_[] = { __VA_ARGS__ };					\
	check(ip, first, ARRAY_SIZE(want_), want_);				\
})

/* LEAF, called by FRAME, called by THREAD: how it comes out */
static bool by_tables(void)
{
	return CHECK(TEXT + LEAF, 0, TEXT + LEAF, TEXT + FRAME + 9, TEXT + THREAD + 5);
}

static bool by_guessing(void)
{
	return CHECK(TEXT + LEAF, 0, TEXT + LEAF, GUESS, TEXT + FRAME + 9, TEXT + THREAD + 5);
}

static int test__guest_unwind_orc(struct test_suite *test __maybe_unused,
				  int subtest __maybe_unused)
{
	int ret = TEST_FAIL;

	if (begin())
		return TEST_FAIL;
	put_guest("orc_find");
	put_kernel(MADE_BUILD_ID);
	put_module();
	if (!by_tables())
		goto out;
	/* in the module: its function returns to FRAME */
	if (!CHECK(MODULE + 4, 0, MODULE + 4, TEXT + FRAME + 9, TEXT + THREAD + 5))
		goto out;
	/* no table, and no frame pointer to guess by */
	if (!CHECK(TEXT + LEAF, TEXT + BPF + 5, TEXT + LEAF, TEXT + BPF + 5))
		goto out;
	guest_unwind_by = GUEST_UNWIND_BY_FP;
	if (!check(TEXT + LEAF, 0, 0, NULL))
		goto out;
	ret = TEST_OK;
out:
	end();
	return ret;
}

static int test__guest_unwind_no_tables(struct test_suite *test __maybe_unused,
					int subtest __maybe_unused)
{
	int ret = TEST_FAIL;

	if (begin())
		return TEST_FAIL;
	/* a begin of a function is no return address */
	put_guest("orc_find");
	if (!by_guessing() ||
	    !CHECK(TEXT + LEAF, TEXT + FRAME, TEXT + LEAF, GUESS, TEXT + THREAD + 5))
		goto out;
	guest_unwind_by = GUEST_UNWIND_BY_ORC;
	if (!CHECK(TEXT + LEAF, 0, TEXT + LEAF))
		goto out;
	ret = TEST_OK;
out:
	end();
	return ret;
}

static int test__guest_unwind_build_id(struct test_suite *test __maybe_unused,
				       int subtest __maybe_unused)
{
	int ret = TEST_FAIL;

	if (begin())
		return TEST_FAIL;
	put_guest("orc_find");
	put_kernel("another kernel's id!");
	if (by_guessing())
		ret = TEST_OK;
	end();
	return ret;
}

static int test__guest_unwind_vmlinux(struct test_suite *test __maybe_unused,
				      int subtest __maybe_unused)
{
	char vmlinux[PATH_MAX], boot[PATH_MAX];
	int ret = TEST_FAIL;

	if (begin())
		return TEST_FAIL;
	snprintf(vmlinux, sizeof(vmlinux), "%s/vmlinux", dir);
	symbol_conf.default_guest_vmlinux_name = vmlinux;
	put_guest("orc_find");
	put_kernel(MADE_BUILD_ID);

	pr_debug("no file\n");
	if (!by_tables())
		goto out;
	pr_debug("no ELF\n");
	made_file__put(dir, "vmlinux", "text", 4);
	if (!by_tables())
		goto out;
	pr_debug("another guest's\n");
	put_vmlinux(MADE_BUILD_ID);
	if (!by_tables())
		goto out;
	pr_debug("the guest's, without tables\n");
	put_vmlinux(".orc_unwind");
	if (!by_tables())
		goto out;

	pr_debug("the same, and no file in the guest\n");
	snprintf(boot, sizeof(boot), "%s/%d/boot", dir, PID);
	rm_rf(boot);
	if (!by_guessing())
		goto out;
	pr_debug("the guest's, and no file in the guest\n");
	put_vmlinux(NULL);
	if (!by_tables())
		goto out;
	ret = TEST_OK;
out:
	end();
	return ret;
}

static int test__guest_unwind_fp(struct test_suite *test __maybe_unused,
				 int subtest __maybe_unused)
{
	int ret = TEST_FAIL;

	if (begin())
		return TEST_FAIL;
	/* the record's own frames are what there is, unless told otherwise */
	put_guest("update_stack_state");
	put_kernel(MADE_BUILD_ID);
	if (!check(TEXT + LEAF, 0, 0, NULL))
		goto out;
	guest_unwind_by = GUEST_UNWIND_BY_SCAN;
	if (!by_guessing())
		goto out;
	ret = TEST_OK;
out:
	end();
	return ret;
}

static int test__guest_unwind_malformed(struct test_suite *test __maybe_unused,
					int subtest __maybe_unused)
{
	/* no ip; more values than there are */
	static const u64 bad_regs[] = {
		PERF_GUEST_SECTION_REGS | 4ULL * 8 << 32, PERF_SAMPLE_REGS_ABI_64, 1 << 7, STACK,
		PERF_GUEST_SECTION_STACK_WORDS | 2ULL * 8 << 32, 0,
	};
	static const u64 bad_words[] = {
		PERF_GUEST_SECTION_REGS | 5ULL * 8 << 32, PERF_SAMPLE_REGS_ABI_64,
		1 << 7 | 1 << 8, STACK, TEXT,
		PERF_GUEST_SECTION_STACK_WORDS | 4ULL * 8 << 32, 1, STACK, 5 | 200ULL << 32,
	};
	struct guest_unwinds *unwinds = guest_unwinds__new();
	u64 ips[20];

	TEST_ASSERT_EQUAL("registers", (int)guest_unwinds__kernel(unwinds, PID, bad_regs,
			  sizeof(bad_regs), ips, 20), 0);
	TEST_ASSERT_EQUAL("words", (int)guest_unwinds__kernel(unwinds, PID, bad_words,
			  sizeof(bad_words), ips, 20), 0);
	TEST_ASSERT_EQUAL("nothing", (int)guest_unwinds__kernel(unwinds, PID, NULL, 0, ips, 20), 0);
	guest_unwinds__delete(unwinds);
	return TEST_OK;
}

static int test__guest_unwind_guess(struct test_suite *test __maybe_unused,
				    int subtest __maybe_unused)
{
	struct symbol *sym = symbol__new(0x1000, 0x100, 0, 0, "vfs_read"), *guess;
	u8 cpumode;

	TEST_ASSERT_VAL("context", guest_callchain__cpumode(GUESS, NULL, &cpumode));
	guess = guest_callchain__symbol(cpumode, sym);
	TEST_ASSERT_VAL("marked", guess && !strcmp(guess->name, "? vfs_read"));
	TEST_ASSERT_VAL("told apart", guess->start != sym->start);
	TEST_ASSERT_VAL("the same again", guest_callchain__symbol(cpumode, sym) == guess);
	TEST_ASSERT_VAL("no guess", guest_callchain__symbol(PERF_RECORD_MISC_GUEST_KERNEL, sym) ==
				    sym);
	TEST_ASSERT_VAL("no symbol", !guest_callchain__symbol(cpumode, NULL));
	return TEST_OK;
}

static struct test_case guest_unwind_tests[] = {
	TEST_CASE("Guest callchain unwinding by ORC tables", guest_unwind_orc),
	TEST_CASE("Guest callchain unwinding without tables", guest_unwind_no_tables),
	TEST_CASE("Guest callchain unwinding, tables of another kernel", guest_unwind_build_id),
	TEST_CASE("Guest callchain unwinding, --guestvmlinux", guest_unwind_vmlinux),
	TEST_CASE("Guest callchain unwinding by frame pointers", guest_unwind_fp),
	TEST_CASE("Guest callchain unwinding, malformed sections", guest_unwind_malformed),
	TEST_CASE("Guest callchain guesses", guest_unwind_guess),
	{ .name = NULL, }
};

struct test_suite suite__guest_unwind = {
	.desc = "Guest callchain unwinding",
	.test_cases = guest_unwind_tests,
};
