// SPDX-License-Identifier: GPL-2.0
/*
 * Layouts of ORC entries that nobody knows, by BTF and code made here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include "debug.h"
#include "tests/guest/made-kernel.h"
#include "tests/guest/made-layout.h"
#include "tests/tests.h"

/* The tables of a kernel; NULL if they are refused, with *@err. */
static struct guest_orc *load(const struct made_layout_kernel *kernel, int *err)
{
	struct guest_orc *orc = guest_orc__new();
	const char *why = "";
	size_t size;
	void *elf = made_layout_kernel(kernel, &size);

	*err = guest_orc__add_kernel(orc, elf, size, MADE_TEXT, NULL, &why);
	free(elf);
	if (!*err)
		return orc;
	pr_debug("%d %s\n", *err, why);
	guest_orc__delete(orc);
	return NULL;
}

struct compare {
	unsigned int nr, bad;
};

static void compare(void *arg, u64 ip __maybe_unused, const struct guest_orc_entry *entry)
{
	struct compare *c = arg;

	c->bad += memcmp(entry, &made_block[c->nr++ % MADE_BLOCK_ENTRIES], sizeof(*entry)) != 0;
}

static int check(const struct made_layout_kernel *kernel)
{
	struct compare c = { 0 };
	int err;
	struct guest_orc *orc = load(kernel, &err);

	TEST_ASSERT_VAL("tables", orc);
	guest_orc__for_each(orc, compare, &c);
	guest_orc__delete(orc);
	TEST_ASSERT_EQUAL("entries", c.nr, MADE_BLOCKS * MADE_BLOCK_ENTRIES);
	TEST_ASSERT_EQUAL("other ones", c.bad, 0);
	return TEST_OK;
}

static int test__learnt(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	const struct made_layout_kernel kernel = { .layout = made_layout, .btf = true };

	return check(&kernel);
}

static int test__named(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	const struct made_layout_kernel kernel = {
		.layout = made_layout, .btf = true, .names = true, .no_code = true,
	};

	return check(&kernel);
}

static int refused(const char *what, const struct made_layout_kernel *kernel)
{
	int err;
	struct guest_orc *orc = load(kernel, &err);

	if (!orc && err == -ENOTSUP)
		return 0;
	pr_debug("%s: %d\n", what, err);
	guest_orc__delete(orc);
	return 1;
}

static int test__refused(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	int bad = 0;

#define REFUSED(what, ...) do {							\
	struct made_layout_kernel kernel = { .layout = made_layout, .btf = true };	\
										\
	__VA_ARGS__;								\
	bad += refused(what, &kernel);						\
} while (0)

	REFUSED("no BTF", kernel.btf = false);
	REFUSED("code that tells nothing", kernel.no_code = true);
	REFUSED("code that contradicts itself", kernel.lies = 2);
	REFUSED("two registers of one number", kernel.lies = MADE_BLOCKS);
	REFUSED("fields over each other", kernel.layout.bp_reg.at = 6);
	REFUSED("a field behind the end", kernel.layout.bp_offset.at = 48);
	REFUSED("too many registers", kernel.layout.sp_reg.nr = 5; kernel.layout.bp_reg.at = 9);
	REFUSED("too many bytes", kernel.layout.size = 9);
	REFUSED("another type of calls", kernel.layout.types[2] = GUEST_ORC_REGS;
		kernel.layout.types[3] = GUEST_ORC_CALL);
	REFUSED("types the other way round", kernel.layout.types[3] = GUEST_ORC_REGS_PARTIAL;
		kernel.layout.types[4] = GUEST_ORC_REGS);
	return bad ? TEST_FAIL : TEST_OK;
}

/* Any byte of the file changed: no crash. */
static int test__damaged(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	const struct made_layout_kernel kernel = {
		.layout = made_layout, .btf = true, .names = true,
	};
	const char *why;
	size_t size, i;
	u8 *elf = made_layout_kernel(&kernel, &size);

	for (i = 0; i < size; i++) {
		struct guest_orc *orc = guest_orc__new();

		elf[i] ^= 0xff;
		guest_orc__add_kernel(orc, elf, size, MADE_TEXT, NULL, &why);
		elf[i] ^= 0xff;
		guest_orc__delete(orc);
	}
	free(elf);
	return TEST_OK;
}

static struct test_case tests__guest_orc_layout[] = {
	TEST_CASE("learnt from code", learnt),
	TEST_CASE("named by BTF", named),
	TEST_CASE("refused", refused),
	TEST_CASE("damaged", damaged),
	{ .name = NULL, }
};

struct test_suite suite__guest_orc_layout = {
	.desc = "Guest callchain ORC layouts",
	.test_cases = tests__guest_orc_layout,
};
