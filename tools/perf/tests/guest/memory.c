// SPDX-License-Identifier: GPL-2.0
/*
 * The names of a guest's kernel out of the guest's memory: of kernels of several versions, of
 * memory with holes, and of guests that are out to do harm.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "tests/guest/made-files.h"
#include "tests/guest/made-vmm.h"
#include "tests/tests.h"
#include "debug.h"
#include "util.h"
#include "util/guest/memory/find.h"
#include "util/guest/memory/paging.h"
#include "util/guest/memory/ram.h"
#include "util/guest/memory/view.h"

#define NO_RAM		0x100000000ULL

#define NAME_200	\
	"function_function_function_function_function_function_function_function_function" \
	"_function_abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqr" \
	"stuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrst" \
	"uvwxyzabcdefghijklmnopqrstuvwxyz"

static const struct made_symbol symbols[] = {
	{ 0,			"Afixed_percpu_data" },
	{ 0x1000,		"Acpu_data" },
	{ MADE_IMAGE,		"T_text" },
	{ MADE_IMAGE,		"T_stext" },
	{ MADE_IMAGE + 0x40,	"t" NAME_200 },
	{ MADE_IMAGE + 0x80,	"Tgest_.isra.0" },
	{ MADE_IMAGE + 0xa0,	"Tevil\033[2J" },
	{ MADE_IMAGE + 0xa0,	"Tspace here" },
	{ MADE_IMAGE + 0xb0,	"t__pfx_is_last_task_frame" },
	{ MADE_IMAGE + 0xc0,	"tis_last_task_frame" },
	{ MADE_IMAGE + 0x70000,	"b_end" },
};

#define KERNEL_ONLY	2	/* without percpu symbols, which begin with the kernel since 6.15 */

static const char percpu_text[] =
	"0000000000000000 A fixed_percpu_data\n0000000000001000 A cpu_data\n";
static const char text[] =
	"ffffffff89000000 T _text\nffffffff89000000 T _stext\n"
	"ffffffff89000040 t " NAME_200 "\n"
	"ffffffff89000080 T gest_.isra.0\n"
	"ffffffff890000b0 t __pfx_is_last_task_frame\nffffffff890000c0 t is_last_task_frame\n"
	"ffffffff89070000 b _end\n";

static struct made_vmm vmm;

static int check_kernel(enum made_ksyms ksyms)
{
	bool percpu = ksyms <= MADE_KSYMS_6_1;
	int skip = percpu ? 0 : KERNEL_ONLY;
	struct guest_memory memory;
	char wanted[2048];

	memset(vmm.memory.ram, 0, MADE_RAM_SIZE);
	made_memory__kernel(&vmm.memory, ksyms, symbols + skip, ARRAY_SIZE(symbols) - skip);
	snprintf(wanted, sizeof(wanted), "%s%s", percpu ? percpu_text : "", text);
	TEST_ASSERT_EQUAL("take", made_vmm__take(&vmm, &memory), 0);
	TEST_ASSERT_VAL("kallsyms", made_file__is(vmm.dir, "out/proc/kallsyms", wanted));
	TEST_ASSERT_EQUAL("symbols", (int)memory.written.symbols, (percpu ? 9 : 7));
	TEST_ASSERT_VAL("version", made_file__is(vmm.dir, "out/proc/version",
						 "Linux version 6.12.1-made ()\n"));
	TEST_ASSERT_VAL("build-id", made_file__is(vmm.dir, "out/sys/kernel/notes", "\4"));
	TEST_ASSERT_VAL("release", !strcmp(memory.facts.release, "6.12.1-made"));
	TEST_ASSERT_EQUAL("kallsyms", memory.facts.kallsyms, GUEST_KALLSYMS_OK);
	TEST_ASSERT_EQUAL("unwinder", memory.facts.unwind, GUEST_UNWIND_FP);
	return TEST_OK;
}

static int test__guest_memory_kernels(struct test_suite *test __maybe_unused,
				      int subtest __maybe_unused)
{
	enum made_ksyms ksyms;
	int ret = made_vmm__begin(&vmm) ? TEST_FAIL : TEST_OK;

	for (ksyms = 0; ret == TEST_OK && ksyms < MADE_KSYMS_NR; ksyms++) {
		pr_debug("tables %d\n", ksyms);
		ret = check_kernel(ksyms);
	}
	made_vmm__end(&vmm);
	return ret;
}

static void make(void)
{
	memset(vmm.memory.ram, 0, MADE_RAM_SIZE);
	made_memory__kernel(&vmm.memory, MADE_KSYMS_6_1, symbols, ARRAY_SIZE(symbols));
}

static u8 *at(u64 gva)
{
	return made_memory__at(&vmm.memory, gva);
}

static void set32(u64 gva, u32 value)
{
	memcpy(at(gva), &value, sizeof(value));
}

/* Each leaves a memory in which there are no symbols to be had. */
static void no_info(void)
{
	memset(vmm.memory.ram + MADE_INFO_GPA, 0, 4096);
}

static void bad_release(void)
{
	char *release = (char *)vmm.memory.ram + MADE_INFO_GPA + strlen(GUEST_VMCOREINFO_BEGIN);

	memcpy(release, "../", 3);
}

static void info_without_end(void)
{
	memset(vmm.memory.ram + MADE_INFO_GPA + strlen(GUEST_VMCOREINFO_BEGIN), 'A', 4086);
}

static void no_symbols(void)
{
	set32(vmm.memory.where.num_syms, 0);
}

static void too_many(void)
{
	set32(vmm.memory.where.num_syms, ~0U);
}

static void more_than_there_are(void)
{
	set32(vmm.memory.where.num_syms, vmm.memory.nr + 1000000);
}

static void token_elsewhere(void)
{
	memset(at(vmm.memory.where.token_index), 0xff, 512);
}

static void index_before_tokens(void)
{
	vmm.memory.where.token_index = vmm.memory.where.token_table - 512;
	made_memory__info(&vmm.memory, MADE_INFO_GPA, "");
}

static void token_without_end(void)
{
	const struct guest_ksyms *where = &vmm.memory.where;

	memset(at(where->token_table), 'A', where->token_index - where->token_table);
}

static void names_not_mapped(void)
{
	*made_memory__entry(&vmm.memory, vmm.memory.where.names) = 0;
}

static void names_in_no_ram(void)
{
	*made_memory__entry(&vmm.memory, vmm.memory.where.names) = NO_RAM | 3;
}

static void names_elsewhere(void)
{
	u64 *entry = made_memory__entry(&vmm.memory, vmm.memory.where.names);

	*entry += 4096;
	memcpy(at(vmm.memory.where.names) + 4096, at(vmm.memory.where.names), 4096);
}

static void tables_in_circles(void)
{
	u64 *entry = (u64 *)(vmm.memory.ram + 0x100000);
	int i;

	for (i = 0; i < 512; i++)
		entry[i] = 0x100000 | 3;
}

static void wrong_stext(void)
{
	vmm.memory.where.stext += 16;
	made_memory__info(&vmm.memory, MADE_INFO_GPA, "");
}

static int test__guest_memory_bad(struct test_suite *test __maybe_unused,
				  int subtest __maybe_unused)
{
	static void (* const spoil[])(void) = {
		no_info, bad_release, info_without_end, no_symbols, too_many, more_than_there_are,
		token_elsewhere, index_before_tokens, token_without_end, names_not_mapped,
		names_in_no_ram, names_elsewhere, tables_in_circles, wrong_stext,
	};
	struct guest_memory memory;
	int ret = made_vmm__begin(&vmm) ? TEST_FAIL : TEST_OK, err;
	size_t i;

	for (i = 0; ret == TEST_OK && i < ARRAY_SIZE(spoil); i++) {
		make();
		spoil[i]();
		err = made_vmm__take(&vmm, &memory);
		if (err != -ENOMSG || !made_file__is(vmm.dir, "out/proc/kallsyms", NULL)) {
			pr_debug("spoilt memory %zu: %d\n", i, err);
			ret = TEST_FAIL;
		}
	}
	made_vmm__end(&vmm);
	return ret;
}

static int check_two(void)
{
	struct guest_memory memory;
	u64 gpa;

	/* a copy says nothing else; what is none is no kernel */
	make();
	made_memory__info(&vmm.memory, 0x3000, "");
	strcpy((char *)vmm.memory.ram + 0x5000,
	       "OSRELEASE=6.1.0\nSYMBOL(_stext)=ffffffff81000000\n");
	TEST_ASSERT_EQUAL("a copy", made_vmm__take(&vmm, &memory), 0);
	vmm.memory.where.stext = MADE_IMAGE + 0xc0;
	made_memory__info(&vmm.memory, 0x4000, "");
	TEST_ASSERT_EQUAL("one that lies", made_vmm__take(&vmm, &memory), 0);
	vmm.memory.where.stext = MADE_IMAGE;
	made_memory__info(&vmm.memory, 0x4000, "BUILD-ID=00\n");
	TEST_ASSERT_EQUAL("two kernels", made_vmm__take(&vmm, &memory), -ENOTUNIQ);
	/* a program's, in front of the kernel's */
	make();
	vmm.memory.where.stext = MADE_IMAGE + 0xc0;
	for (gpa = 0x1000; gpa < 0x100000; gpa += 4096)
		made_memory__info(&vmm.memory, gpa, "");
	TEST_ASSERT_EQUAL("a crowd", made_vmm__take(&vmm, &memory), 0);
	return TEST_OK;
}

static int test__guest_memory_two(struct test_suite *test __maybe_unused,
				  int subtest __maybe_unused)
{
	int ret = made_vmm__begin(&vmm) ? TEST_FAIL : TEST_OK;

	if (ret == TEST_OK)
		ret = check_two();
	made_vmm__end(&vmm);
	return ret;
}

static bool is_resident(u64 gpa)
{
	unsigned char there;

	return !mincore(vmm.memory.ram + gpa, 4096, &there) && there & 1;
}

static int find(const struct guest_ram *ram, u64 *gpas, unsigned int max, unsigned int ms,
		unsigned int *nr)
{
	return guest_ram__find(ram, "OSRELEASE=", 10, gpas, max, ms, nr, NULL);
}

static int check_slots(void)
{
	struct guest_memory memory;
	char path[PATH_MAX];
	struct guest_ram ram;
	unsigned int nr;
	u64 gpa, value;

	made_memory__kernel(&vmm.memory, MADE_KSYMS_6_1, symbols, ARRAY_SIZE(symbols));
	TEST_ASSERT_VAL("not there", !is_resident(0x10000));
	TEST_ASSERT_EQUAL("take", made_vmm__take(&vmm, &memory), 0);
	TEST_ASSERT_VAL("still not there", !is_resident(0x10000));

	snprintf(path, sizeof(path), "%s/kvm", vmm.dir);
	TEST_ASSERT_EQUAL("open", guest_ram__open(&ram, path, getpid()), 0);
	TEST_ASSERT_EQUAL("slots", (int)ram.slots.nr, 2);
	TEST_ASSERT_EQUAL("find", find(&ram, &gpa, 1, 1000, &nr), 0);
	TEST_ASSERT_VAL("where", nr == 1 && gpa == MADE_INFO_GPA);
	TEST_ASSERT_EQUAL("more than one", find(&ram, &gpa, 0, 1000, &nr), -EOVERFLOW);
	TEST_ASSERT_EQUAL("no time", find(&ram, &gpa, 1, 0, &nr), -ETIME);
	TEST_ASSERT_EQUAL("nothing yet", (int)nr, 0);
	TEST_ASSERT_EQUAL("not there", guest_ram__read(&ram, 0x10000, &value, 8), -EFAULT);
	TEST_ASSERT_VAL("and not made", !is_resident(0x10000));
	TEST_ASSERT_EQUAL("no RAM", guest_ram__read(&ram, NO_RAM, &value, 8), -EFAULT);
	TEST_ASSERT_EQUAL("across slots", guest_ram__read(&ram, MADE_VMM_SLOT - 4, &value, 8),
			  -EFAULT);
	TEST_ASSERT_EQUAL("beyond", guest_ram__read(&ram, ~7ULL, &value, 16), -EFAULT);
	guest_ram__close(&ram);

	return TEST_OK;
}

/* What KVM says of its machines, with the VMM's pid in front of the first line. */
static const struct {
	const char *name, *text;
	int	   err;
} slots_cases[] = {
	{ "no slots",		" 0\n",					-ENODATA },
	{ "overlap",		" 0\n0 1000 1000 0\n0 2000 8000 0\n",	-EINVAL },
	{ "beyond all",		" 0\n0 fffffffffffff000 8000 0\n",	-EINVAL },
	{ "not allowed",	" 1\n",					-EPERM },
	{ "encrypted",		" 95\n",				-EOPNOTSUPP },
	{ "no error",		"\n0 1000 1000 0\n",			-EINVAL },
	{ "another VMM's",	"1 0\n0 1000 1000 0\n",			-ENOENT },
};

static int check_machines(void)
{
	struct guest_memory memory;
	char path[PATH_MAX], lines[128];
	size_t i;

	/* a larger one, in a directory of this pid's that its VMM has left behind */
	snprintf(path, sizeof(path), "kvm/%d-11/guest_callchain_slots", getpid());
	made_file__put(vmm.dir, path, "1 0\n0 10000000 1000 0\n", 22);
	made_memory__kernel(&vmm.memory, MADE_KSYMS_6_1, symbols, ARRAY_SIZE(symbols));
	TEST_ASSERT_EQUAL("the right one", made_vmm__take(&vmm, &memory), 0);
	for (i = 0; i < ARRAY_SIZE(slots_cases); i++) {
		snprintf(lines, sizeof(lines), "%d%s", getpid(), slots_cases[i].text);
		made_file__put(vmm.dir, MADE_VMM_SLOTS, lines, strlen(lines));
		TEST_ASSERT_EQUAL(slots_cases[i].name, made_vmm__take(&vmm, &memory),
				  slots_cases[i].err);
	}
	snprintf(path, sizeof(path), "%s/" MADE_VMM_SLOTS, vmm.dir);
	unlink(path);
	TEST_ASSERT_EQUAL("not patched", made_vmm__take(&vmm, &memory), -ENOENT);
	return TEST_OK;
}

static int test__guest_memory_slots(struct test_suite *test __maybe_unused,
				    int subtest __maybe_unused)
{
	int ret = made_vmm__begin(&vmm) ? TEST_FAIL : TEST_OK;

	if (ret == TEST_OK)
		ret = check_slots();
	if (ret == TEST_OK)
		ret = check_machines();
	made_vmm__end(&vmm);
	return ret;
}

static int no_more(void *arg __maybe_unused, u64 gpa __maybe_unused, void *buf __maybe_unused,
		   size_t size __maybe_unused)
{
	return -EDQUOT;
}

/* What keeps a table from being read is not that an address is not mapped. */
static int test__guest_memory_errors(struct test_suite *test __maybe_unused,
				     int subtest __maybe_unused)
{
	static struct guest_view view = { .read = no_more };
	u64 value;

	guest_view__begin(&view, 0x1000, false);
	TEST_ASSERT_EQUAL("entry", guest_view__entry(&view, 0x1000, &value, 8), -EDQUOT);
	TEST_ASSERT_EQUAL("address", guest_view__translate(&view, MADE_IMAGE, &value), -EDQUOT);
	TEST_ASSERT_EQUAL("memory", guest_view__read(&view, MADE_IMAGE, &value, 8), -EDQUOT);
	return TEST_OK;
}

static struct test_case guest_memory_tests[] = {
	TEST_CASE("Guest callchain memory, kernels old and new", guest_memory_kernels),
	TEST_CASE("Guest callchain memory, spoilt", guest_memory_bad),
	TEST_CASE("Guest callchain memory, with two kernels in it", guest_memory_two),
	TEST_CASE("Guest callchain memory, slots and holes", guest_memory_slots),
	TEST_CASE("Guest callchain memory, errors", guest_memory_errors),
	{ .name = NULL, }
};

struct test_suite suite__guest_memory = {
	.desc = "Guest callchain memory",
	.test_cases = guest_memory_tests,
};
