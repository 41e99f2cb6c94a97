// SPDX-License-Identifier: GPL-2.0
/*
 * A guest kernel's modules out of the guest's memory, in two layouts; and made to do harm.
 */
#include <stdio.h>
#include <string.h>
#include <linux/kernel.h>
#include "tests/guest/made-files.h"
#include "tests/guest/made-modules.h"
#include "tests/guest/made-vmm.h"
#include "tests/tests.h"
#include "debug.h"

static struct made_vmm vmm;

static const struct made_symbol with_modules[] = {
	{ MADE_IMAGE,	"T_stext" },
	{ MADE_BTF,	"R__start_BTF" },
	{ MADE_BTF_END, "R__stop_BTF" },
	{ MADE_MODULES, "Dmodules" },
};

static const char with_modules_text[] =
	"ffffffff89000000 T _stext\nffffffff89020000 R __start_BTF\n"
	"ffffffff89021000 R __stop_BTF\nffffffff89028000 D modules\n";

static void make_modules(bool old)
{
	memset(vmm.memory.ram, 0, MADE_RAM_SIZE);
	made_memory__kernel(&vmm.memory, MADE_KSYMS_6_1, with_modules, ARRAY_SIZE(with_modules));
	made_memory__modules(&vmm.memory, old);
}

static int check_modules(bool old)
{
	struct guest_memory memory;
	char wanted[1024];

	make_modules(old);
	TEST_ASSERT_EQUAL("take", made_vmm__take(&vmm, &memory), 0);
	TEST_ASSERT_EQUAL("modules", (int)memory.written.modules, 2);
	TEST_ASSERT_VAL("their list", made_file__is(vmm.dir, "out/proc/modules",
			"first 12288 0 - Live 0xffffffff89040000\n"
			"second_one 20480 0 - Live 0xffffffff89060000\n"));
	snprintf(wanted, sizeof(wanted), "%s%s", with_modules_text,
		 "ffffffff89040010 t first_init\t[first]\n"
		 "ffffffff89060010 t second_one_init\t[second_one]\n");
	TEST_ASSERT_VAL("their symbols", made_file__is(vmm.dir, "out/proc/kallsyms", wanted));
	return TEST_OK;
}

static u8 *at(u64 gva)
{
	return made_memory__at(&vmm.memory, gva);
}

static void set32(u64 gva, u32 value)
{
	memcpy(at(gva), &value, sizeof(value));
}

static void no_btf(void)
{
	memset(at(MADE_BTF), 0, 4096);
}

static void btf_beyond(void)
{
	/* head.type_len */
	set32(MADE_BTF + 12, 0x10000000);
}

static void type_beyond(void)
{
	/* the first type is a structure of 65535 members */
	set32(MADE_BTF + 24 + 4, 4U << 24 | 0xffff);
}

static void list_in_circles(void)
{
	u64 again = MADE_MODULE(0) + MADE_LIST;

	memcpy(at(MADE_MODULE(2) + MADE_LIST), &again, sizeof(again));
}

static void list_to_nowhere(void)
{
	memset(at(MADE_MODULE(0) + MADE_LIST), 0xff, 8);
}

static void name_that_is_a_path(void)
{
	strcpy((char *)at(MADE_MODULE(0) + MADE_NAME), "../x");
}

static void symbols_without_number(void)
{
	set32(MADE_MODULE(0) + MADE_KALLSYMS + 8, ~0U);
}

static void strings_elsewhere(void)
{
	set32(MADE_MODULE(0) + MADE_SYMTAB + 24, ~0U);
}

/* The kernel is there all the same. */
static int check_bad_modules(void (*spoil)(void))
{
	struct guest_memory memory;

	make_modules(false);
	spoil();
	TEST_ASSERT_EQUAL("take", made_vmm__take(&vmm, &memory), 0);
	TEST_ASSERT_EQUAL("modules", (int)memory.written.modules, 0);
	TEST_ASSERT_VAL("and why", memory.written.why);
	TEST_ASSERT_VAL("the kernel", made_file__is(vmm.dir, "out/proc/kallsyms",
						    with_modules_text));
	return TEST_OK;
}

static int test__guest_memory_modules(struct test_suite *test __maybe_unused,
				      int subtest __maybe_unused)
{
	static void (* const spoil[])(void) = {
		no_btf, btf_beyond, type_beyond, list_in_circles, list_to_nowhere,
		name_that_is_a_path, symbols_without_number, strings_elsewhere,
	};
	int ret = made_vmm__begin(&vmm) ? TEST_FAIL : TEST_OK;
	size_t i;

	if (ret == TEST_OK)
		ret = check_modules(false);
	if (ret == TEST_OK)
		ret = check_modules(true);
	for (i = 0; ret == TEST_OK && i < ARRAY_SIZE(spoil); i++) {
		pr_debug("spoilt modules %zu\n", i);
		ret = check_bad_modules(spoil[i]);
	}
	made_vmm__end(&vmm);
	return ret;
}

static struct test_case guest_memory_modules_tests[] = {
	TEST_CASE("Guest callchain memory, modules", guest_memory_modules),
	{ .name = NULL, }
};

struct test_suite suite__guest_memory_modules = {
	.desc = "Guest callchain memory, modules",
	.test_cases = guest_memory_modules_tests,
};
