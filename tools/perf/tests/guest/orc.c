// SPDX-License-Identifier: GPL-2.0
/*
 * ORC tables of kernels and modules made here, and unwinding by them over stacks
 * made here.
 */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include <linux/perf_guest_callchain.h>
#include <sys/mman.h>
#include "debug.h"
#include "tests/guest/made-kernel.h"
#include "tests/tests.h"
#include "util/guest/unwind/orc-table.h"
#include "util/guest/unwind/orc-unwind.h"
#include "util/guest/unwind/stack-words.h"

#define SLIDE		0x1a400000ULL
#define TEXT		(MADE_TEXT + SLIDE)
#define MODULE		0xffffffffc0400000ULL
#define STACK		0xffffc90000010000ULL
#define STACK_END	(STACK + 0x4000)
#define IRQ_STACK	0xffffc900000d1000ULL
#define IRQ_END		(IRQ_STACK + 0x4000)

/* Entries in short. */
#define ENTRY(t, sp, sp_off, bp, bp_off, sig) { .type = GUEST_ORC_##t,		\
	.sp_reg = GUEST_ORC_REG_##sp, .sp_offset = sp_off,			\
	.bp_reg = GUEST_ORC_REG_##bp, .bp_offset = bp_off, .signal = sig }
#define CALL(off)	ENTRY(CALL, SP, off, UNDEFINED, 0, 0)
#define TERMINATOR	ENTRY(UNDEFINED, UNDEFINED, 0, UNDEFINED, 0, 0)
#define ROOT		ENTRY(END_OF_STACK, UNDEFINED, 0, UNDEFINED, 0, 0)

/* The made kernel's code: what is at each offset is in the entry. */
enum {
	LEAF	= 0x100,	/* nothing but a return address */
	FRAME	= 0x200,	/* 32 bytes, rbp saved below the return address */
	BASED	= 0x300,	/* rbp is the base */
	ALIGNED	= 0x400,	/* r10 is the base, as in a function that aligns its stack */
	SAVED	= 0x500,	/* the base is saved below rbp */
	SWITCH	= 0x600,	/* on the IRQ stack, whose last word has the other one's sp */
	REGS	= 0x700,	/* pt_regs at sp */
	PARTIAL	= 0x800,	/* what the CPU has pushed at sp */
	THREAD	= 0x900,	/* a root */
	NOTHING	= 0xa00,	/* no entry */
	R13_BASE = 0xb00,
	DI_BASE	= 0xc00,
	DX_BASE	= 0xd00,
	BP_CHAIN = 0xe00,	/* rbp is saved relative to itself */
	BAD_SP	= 0xf00,	/* a base register that makes no sense here */
	END	= 0x1000,
};

static const struct made_entry kernel[] = {
	{ TEXT, ROOT, NULL },
	{ TEXT + LEAF, CALL(8), NULL },
	{ TEXT + FRAME, ENTRY(CALL, SP, 32, PREV_SP, -16, 0), NULL },
	{ TEXT + BASED, ENTRY(CALL, BP, 16, PREV_SP, -16, 0), NULL },
	{ TEXT + ALIGNED, ENTRY(CALL, R10, 0, UNDEFINED, 0, 0), NULL },
	{ TEXT + SAVED, ENTRY(CALL, BP_INDIRECT, -8, BP, 0, 0), NULL },
	{ TEXT + SWITCH, ENTRY(CALL, SP_INDIRECT, 8, UNDEFINED, 0, 0), NULL },
	{ TEXT + REGS, ENTRY(REGS, SP, 0, UNDEFINED, 0, 1), NULL },
	{ TEXT + PARTIAL, ENTRY(REGS_PARTIAL, SP, 0, UNDEFINED, 0, 1), NULL },
	{ TEXT + THREAD, ROOT, NULL },
	{ TEXT + NOTHING, TERMINATOR, NULL },
	{ TEXT + R13_BASE, ENTRY(CALL, R13, 0, UNDEFINED, 0, 0), NULL },
	{ TEXT + DI_BASE, ENTRY(CALL, DI, 0, UNDEFINED, 0, 0), NULL },
	{ TEXT + DX_BASE, ENTRY(CALL, DX, 0, UNDEFINED, 0, 0), NULL },
	{ TEXT + BP_CHAIN, ENTRY(CALL, SP, 8, BP, 0, 0), NULL },
	{ TEXT + BAD_SP, ENTRY(CALL, PREV_SP, 8, UNDEFINED, 0, 0), NULL },
	{ TEXT + END, TERMINATOR, NULL },
};

static const struct guest_build_id build_id = {
	.data = (const u8 *)MADE_BUILD_ID, .size = 20,
};

/* Entries are given where they run; in the file they are elsewhere. */
static void *vmlinux_of(const struct made_entry *entries, unsigned int nr,
			enum made_layout layout, size_t *size)
{
	struct made_entry moved[32];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		moved[i] = entries[i];
		moved[i].ip -= SLIDE;
	}
	return made_vmlinux(moved, nr, layout, size);
}

static struct guest_orc *load(const struct made_entry *entries, unsigned int nr,
			      enum made_layout layout, int *err)
{
	struct guest_orc *orc = guest_orc__new();
	const char *why;
	size_t size;
	void *elf = vmlinux_of(entries, nr, layout, &size);

	*err = guest_orc__add_kernel(orc, elf, size, TEXT, &build_id, &why);
	if (*err)
		pr_debug("%s\n", why);
	free(elf);
	return orc;
}

static struct guest_orc *load_made_kernel(void)
{
	int err;

	return load(kernel, ARRAY_SIZE(kernel), MADE_6_4, &err);
}

static bool same_entry(const struct guest_orc_entry *a, const struct guest_orc_entry *b)
{
	return a && !memcmp(a, b, sizeof(*a));
}

/* In the oldest layout it follows from the type. */
static struct guest_orc_entry expected_entry(struct guest_orc_entry e, enum made_layout layout)
{
	if (layout == MADE_5_15)
		e.signal = e.type >= GUEST_ORC_REGS;
	return e;
}

static int test__layouts(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	static const enum made_layout known[] = {
		MADE_5_15, MADE_6_3, MADE_6_3_NO_HEADER, MADE_6_4,
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		int err, bad = 0;
		struct guest_orc *orc = load(kernel, ARRAY_SIZE(kernel), known[i], &err);

		for (j = 0; !err && j < ARRAY_SIZE(kernel); j++) {
			struct guest_orc_entry e = expected_entry(kernel[j].entry, known[i]);

			bad += !same_entry(guest_orc__find(orc, kernel[j].ip), &e);
			bad += !same_entry(guest_orc__find(orc, kernel[j].ip + 0xff), &e);
		}
		guest_orc__delete(orc);
		if (err || bad) {
			pr_debug("layout %u: %d, %d entries differ\n", known[i], err, bad);
			return TEST_FAIL;
		}
	}
	return TEST_OK;
}

static int test__lookup(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	static const struct made_entry unsorted[] = {
		{ TEXT + 0x40, CALL(16), NULL },
		{ TEXT + 0x10, CALL(24), NULL },
		/* an object file ends where another one begins: the entry counts */
		{ TEXT + 0x80, CALL(32), NULL },
		{ TEXT + 0x80, TERMINATOR, NULL },
		{ TEXT + 0x60, TERMINATOR, NULL },
		{ TEXT + 0x60, CALL(40), NULL },
	};
	int err;
	struct guest_orc *orc = load(unsorted, ARRAY_SIZE(unsorted), MADE_6_4, &err);

	TEST_ASSERT_EQUAL("load", err, 0);
	TEST_ASSERT_VAL("before the first", !guest_orc__find(orc, TEXT + 0xf));
	TEST_ASSERT_EQUAL("first", guest_orc__find(orc, TEXT + 0x10)->sp_offset, 24);
	TEST_ASSERT_EQUAL("end of it", guest_orc__find(orc, TEXT + 0x3f)->sp_offset, 24);
	TEST_ASSERT_EQUAL("second", guest_orc__find(orc, TEXT + 0x40)->sp_offset, 16);
	TEST_ASSERT_EQUAL("third", guest_orc__find(orc, TEXT + 0x60)->sp_offset, 40);
	TEST_ASSERT_EQUAL("fourth", guest_orc__find(orc, TEXT + 0x80)->sp_offset, 32);
	TEST_ASSERT_EQUAL("end of text",
			  guest_orc__find(orc, TEXT + MADE_TEXT_SIZE - 1)->sp_offset, 32);
	TEST_ASSERT_VAL("behind it", !guest_orc__find(orc, TEXT + MADE_TEXT_SIZE));
	TEST_ASSERT_VAL("far away", !guest_orc__find(orc, 0x1000) && !guest_orc__find(orc, ~0ULL));
	TEST_ASSERT_VAL("memory", guest_orc__memory(orc) < 6 * 10 + 1000);
	guest_orc__delete(orc);
	return TEST_OK;
}

/* Where entries are in .text, up to one that is 0. */
static const u16 spreads[][32] = {
	{ 0x10 },
	{ 0x10, 0x11 },
	/* enough for blocks of 256 bytes, at the borders of these */
	{ 0x10, 0x11, 0x10e, 0x10f, 0x110, 0x111, 0x20f, 0x310, 0x40f, 0x411, 0x412, 0x413,
	  0x414, 0x415, 0x416, 0x417, 0x418, 0x419, 0x41a, 0x50f, 0x510, 0x511, 0x70f, 0x710,
	  0x711, 0x712, 0x713, 0x714, 0x80e, 0x80f, 0x810, 0x811 },
	/* the last one at the end of a block */
	{ 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xa0, 0xb0, 0xc0, 0xd0, 0xe0,
	  0xf0, 0x100, 0x108, 0x10f, 0x110, 0x210, 0x30f },
	/* so far apart that blocks are larger */
	{ 0x10, 0x20, 0x30, 0x40, 0x410, 0x80f, 0x810, 0xc0f, 0xc10, 0x1010 },
	{ 0x10, 0x11, 0x12, 0xfffe },
};

static int spread_bad(const u16 *offsets)
{
	const struct guest_orc_entry *found;
	struct made_entry entries[32];
	unsigned int nr, last = 0;
	struct guest_orc *orc;
	int err, bad = 0;
	u64 offset;

	for (nr = 0; nr < 32 && offsets[nr]; nr++)
		entries[nr] = (struct made_entry) { TEXT + offsets[nr], CALL(8 * nr), NULL };
	orc = load(entries, nr, MADE_6_4, &err);
	for (offset = 0; !err && offset < offsets[0]; offset++)
		bad += !!guest_orc__find(orc, TEXT + offset);
	for (; !err && offset < MADE_TEXT_SIZE; offset++) {
		last += last + 1 < nr && offsets[last + 1] <= offset;
		found = guest_orc__find(orc, TEXT + offset);
		bad += !found || found->sp_offset != entries[last].entry.sp_offset;
	}
	guest_orc__delete(orc);
	return err ?: bad;
}

/* Every address, whatever the index has for it. */
static int test__spread(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	unsigned int i;
	int bad;

	for (i = 0; i < ARRAY_SIZE(spreads); i++) {
		bad = spread_bad(spreads[i]);
		if (bad) {
			pr_debug("spread %u: %d\n", i, bad);
			return TEST_FAIL;
		}
	}
	return TEST_OK;
}

/* Two entries with as much between them as there can be: both are in one block. */
static int test__far_apart(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	static const u8 unwind[12] = { 8, 0, 0, 0, 5, 2, 16, 0, 0, 0, 5, 2 };
	static const s32 ips[] = { INT32_MIN, INT32_MAX - 4 };
	const u64 text = 0xfffffffe00000000ULL, last = text + 0xffffffff;
	struct made_elf made = { .data = NULL };
	struct guest_orc *orc = guest_orc__new();
	const char *why;
	size_t size;
	void *elf;
	int err;

	made_elf__add(&made, ".text", SHT_NOBITS, SHF_ALLOC | SHF_EXECINSTR, text,
		      NULL, 0x100000000);
	made_elf__add(&made, ".orc_unwind_ip", SHT_PROGBITS, SHF_ALLOC, text + 0x80000000,
		      ips, sizeof(ips));
	made_elf__add(&made, ".orc_unwind", SHT_PROGBITS, SHF_ALLOC, text - 0x1000,
		      unwind, sizeof(unwind));
	elf = made_elf__finish(&made, false, &size);
	err = guest_orc__add_kernel(orc, elf, size, text, NULL, &why);
	free(elf);

	TEST_ASSERT_EQUAL("load", err, 0);
	TEST_ASSERT_VAL("memory", guest_orc__memory(orc) < 1000);
	TEST_ASSERT_EQUAL("first", guest_orc__find(orc, text)->sp_offset, 8);
	TEST_ASSERT_EQUAL("its end", guest_orc__find(orc, last - 1)->sp_offset, 8);
	TEST_ASSERT_EQUAL("last", guest_orc__find(orc, last)->sp_offset, 16);
	TEST_ASSERT_VAL("behind", !guest_orc__find(orc, last + 1));
	guest_orc__delete(orc);
	return TEST_OK;
}

struct bad_kernel {
	const char *what;
	u64 text;
	const char *build_id;
	enum made_layout layout;
	unsigned int cut;	/* of the file */
	int err;
};

static int test__wrong_kernel(struct test_suite *test __maybe_unused,
			      int subtest __maybe_unused)
{
	static const struct bad_kernel cases[] = {
		{ "good", TEXT, MADE_BUILD_ID, MADE_6_4, 0, 0 },
		{ "not moved", MADE_TEXT, MADE_BUILD_ID, MADE_6_4, 0, 0 },
		{ "no build-id known", TEXT, NULL, MADE_6_4, 0, 0 },
		{ "another build-id", TEXT, "0123456789abcdefghiX", MADE_6_4, 0, -ESTALE },
		{ "shorter build-id", TEXT, "0123456789abcdefghi", MADE_6_4, 0, -ESTALE },
		{ "moved down", MADE_TEXT - 0x200000, MADE_BUILD_ID, MADE_6_4, 0, -EINVAL },
		{ "moved a little", TEXT + 0x1000, MADE_BUILD_ID, MADE_6_4, 0, -EINVAL },
		{ "moved too far", MADE_TEXT + 0x40000000, MADE_BUILD_ID, MADE_6_4, 0, -EINVAL },
		{ "unknown layout", TEXT, MADE_BUILD_ID, MADE_UNKNOWN, 0, -ENOTSUP },
		{ "cut off", TEXT, MADE_BUILD_ID, MADE_6_4, 1, -EINVAL },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct bad_kernel *c = &cases[i];
		struct guest_build_id id = {
			.data = (const u8 *)c->build_id,
			.size = c->build_id ? strlen(c->build_id) : 0,
		};
		struct guest_orc *orc = guest_orc__new();
		const char *why;
		size_t size;
		void *elf = vmlinux_of(kernel, ARRAY_SIZE(kernel), c->layout, &size);
		int err = guest_orc__add_kernel(orc, elf, size - c->cut, c->text,
						c->build_id ? &id : NULL, &why);
		bool told = !err == !why;

		free(elf);
		guest_orc__delete(orc);
		if (err != c->err || !told) {
			pr_debug("%s: %d, not %d\n", c->what, err, c->err);
			return TEST_FAIL;
		}
	}
	return TEST_OK;
}

/* Any byte of the file changed, any length: no crash, and no entry outside of the code. */
static void outside(void *arg, u64 ip, const struct guest_orc_entry *entry)
{
	int *bad = arg;

	if (ip < TEXT || ip - TEXT >= 1ULL << 32 || entry->sp_reg > 9 || entry->type > 4)
		++*bad;
}

static int test__damaged(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	size_t size, i;
	u8 *elf = vmlinux_of(kernel, ARRAY_SIZE(kernel), MADE_6_4, &size);
	const char *why;
	int bad = 0;

	for (i = 0; i < 2 * size; i++) {
		struct guest_orc *orc = guest_orc__new();
		/* exactly as large as it is, so that a read behind it is seen */
		size_t len = i < size ? i : size;
		u8 *copy = malloc(len ?: 1);

		memcpy(copy, elf, len);
		if (i >= size)
			copy[i - size] ^= 0x81;
		if (!guest_orc__add_kernel(orc, copy, len, TEXT, NULL, &why))
			guest_orc__for_each(orc, outside, &bad);
		guest_orc__delete(orc);
		free(copy);
	}
	free(elf);
	TEST_ASSERT_EQUAL("entries outside", bad, 0);
	return TEST_OK;
}

static const struct made_entry module[] = {
	{ 0x0, CALL(8), ".text" }, { 0x80, CALL(16), ".text" }, { 0x100, TERMINATOR, ".text" },
	{ 0x0, CALL(24), ".text.unlikely" }, { 0x10, TERMINATOR, ".text.unlikely" },
	{ 0x0, CALL(32), ".init.text" }, { 0x10, TERMINATOR, ".init.text" },
	{ 0x0, CALL(40), ".exit.text" }, { 0x10, TERMINATOR, ".exit.text" },
};

static const struct guest_orc_section sections[] = {
	{ ".exit.text", MODULE + 0x3000 }, { ".text", MODULE + 0x1000 },
	{ ".text.unlikely", MODULE }, { ".init.text", MODULE + 0x10000 },
	{ ".data", MODULE + 0x80 },
};

static int test__module(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	struct guest_orc *orc = load_made_kernel();
	const char *why;
	size_t size;
	void *ko = made_module(module, ARRAY_SIZE(module), &size);

	TEST_ASSERT_EQUAL("load", guest_orc__add_module(orc, ko, size, sections,
							ARRAY_SIZE(sections), &build_id, &why), 0);
	TEST_ASSERT_EQUAL(".text", guest_orc__find(orc, MODULE + 0x1000)->sp_offset, 8);
	TEST_ASSERT_EQUAL(".text", guest_orc__find(orc, MODULE + 0x10ff)->sp_offset, 16);
	TEST_ASSERT_EQUAL("end", guest_orc__find(orc, MODULE + 0x1100)->type, GUEST_ORC_UNDEFINED);
	TEST_ASSERT_EQUAL("unlikely", guest_orc__find(orc, MODULE + 4)->sp_offset, 24);
	TEST_ASSERT_EQUAL("exit", guest_orc__find(orc, MODULE + 0x3004)->sp_offset, 40);
	TEST_ASSERT_VAL("init", !guest_orc__find(orc, MODULE + 0x10000));
	TEST_ASSERT_EQUAL("kernel", guest_orc__find(orc, TEXT + FRAME)->sp_offset, 32);

	TEST_ASSERT_EQUAL("twice", guest_orc__add_module(orc, ko, size, sections,
							 ARRAY_SIZE(sections), NULL, &why),
			  -EINVAL);
	guest_orc__delete(orc);

	orc = guest_orc__new();
	TEST_ASSERT_EQUAL("no kernel", guest_orc__add_module(orc, ko, size, sections, 4,
							     NULL, &why), -EINVAL);
	guest_orc__delete(orc);
	orc = load_made_kernel();
	TEST_ASSERT_EQUAL("not there", guest_orc__add_module(orc, ko, size, sections, 0,
							     NULL, &why), -ENOENT);
	TEST_ASSERT_EQUAL("init only", guest_orc__add_module(orc, ko, size, sections + 3, 1,
							     NULL, &why), -ENOENT);
	TEST_ASSERT_EQUAL("some", guest_orc__add_module(orc, ko, size, sections + 1, 1,
							NULL, &why), 0);
	TEST_ASSERT_EQUAL(".text", guest_orc__find(orc, MODULE + 0x1000)->sp_offset, 8);
	TEST_ASSERT_VAL("unlikely", !guest_orc__find(orc, MODULE + 4));
	guest_orc__delete(orc);
	free(ko);
	return TEST_OK;
}

static int test__damaged_module(struct test_suite *test __maybe_unused,
				int subtest __maybe_unused)
{
	size_t size, i;
	u8 *ko = made_module(module, ARRAY_SIZE(module), &size);
	struct guest_orc *orc;
	const char *why;

	for (i = 0; i < 2 * size; i++) {
		size_t len = i < size ? i : size;
		u8 *copy = malloc(len ?: 1);

		orc = load_made_kernel();
		memcpy(copy, ko, len);
		if (i >= size)
			copy[i - size] ^= 0x81;
		guest_orc__add_module(orc, copy, len, sections, ARRAY_SIZE(sections), NULL, &why);
		free(copy);
		guest_orc__delete(orc);
	}
	free(ko);
	return TEST_OK;
}

struct collected {
	u64 sum;
	u32 nr;
};

static void collect(void *arg, u64 ip, const struct guest_orc_entry *entry)
{
	struct collected *c = arg;

	c->sum = c->sum * 31 + ip * 7 + (u16)entry->sp_offset * 3 + entry->type;
	c->nr++;
}

static int make_file(const void *data, size_t size)
{
	int fd = memfd_create("tables", 0);

	return fd >= 0 && write(fd, data, size) == (ssize_t)size ? fd : -1;
}

/* What is read of damaged tables may be wrong, but can be looked up in. */
static int read_damaged(u8 *data, size_t size, size_t len)
{
	int fd = make_file(data, len);
	const char *why = NULL;
	struct guest_orc *orc;
	u64 ip;

	TEST_ASSERT_VAL("file", fd >= 0);
	orc = guest_orc__read(fd, &why);
	close(fd);
	TEST_ASSERT_VAL("cut off", !orc || len == size);
	TEST_ASSERT_VAL("says why", orc || why);
	for (ip = TEXT; orc && ip < TEXT + MADE_TEXT_SIZE; ip += 64)
		guest_orc__find(orc, ip);
	guest_orc__delete(orc);
	return TEST_OK;
}

static int test__written(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	struct collected before = {}, after = {};
	struct guest_orc *orc = load_made_kernel(), *read;
	size_t size, i;
	const char *why;
	u8 *ko = made_module(module, ARRAY_SIZE(module), &size), *data;
	int fd = memfd_create("tables", 0);

	TEST_ASSERT_EQUAL("module", guest_orc__add_module(orc, ko, size, sections,
							  ARRAY_SIZE(sections), NULL, &why), 0);
	free(ko);
	TEST_ASSERT_EQUAL("write", guest_orc__write(orc, fd), 0);
	read = guest_orc__read(fd, &why);
	TEST_ASSERT_VAL("read", read);
	guest_orc__for_each(orc, collect, &before);
	guest_orc__for_each(read, collect, &after);
	TEST_ASSERT_VAL("the same", before.nr && !memcmp(&before, &after, sizeof(before)));
	TEST_ASSERT_VAL("memory", guest_orc__memory(read) == guest_orc__memory(orc));
	guest_orc__delete(read);
	guest_orc__delete(orc);

	size = lseek(fd, 0, SEEK_END);
	data = malloc(size);
	TEST_ASSERT_VAL("bytes", pread(fd, data, size, 0) == (ssize_t)size);
	close(fd);
	for (i = 0; i < size; i++) {
		TEST_ASSERT_EQUAL("cut off", read_damaged(data, size, i), TEST_OK);
		data[i] ^= 0x81;
		TEST_ASSERT_EQUAL("damaged", read_damaged(data, size, size), TEST_OK);
		data[i] ^= 0x81;
	}
	free(data);
	return TEST_OK;
}

#define MANY		(1U << 20)
#define MANY_SIZE	0x4000000ULL

/* A module with @MANY entries, which packs to a few KiB. */
static void *large_module(size_t *size)
{
	struct made_elf elf = { .data = NULL };
	Elf64_Sym symbols[2] = { { .st_shndx = 0 } };
	Elf64_Rela *relas = calloc(MANY, sizeof(*relas));
	u8 *unwind = calloc(MANY, 6), *ip = calloc(MANY, 4);
	unsigned int i, rela, ip_index;

	symbols[1].st_shndx = made_elf__add(&elf, ".text", SHT_NOBITS,
					    SHF_ALLOC | SHF_EXECINSTR, 0, NULL, MANY_SIZE);
	for (i = 0; i < MANY; i++) {
		relas[i] = (Elf64_Rela) { 4 * i, ELF64_R_INFO(1ULL, R_X86_64_PC32), i };
		memcpy(unwind + 6 * i, "\x8\0\0\0\x5\x2", 6);
	}
	made_elf__add(&elf, ".orc_unwind", SHT_PROGBITS, SHF_ALLOC, 0, unwind, 6 * MANY);
	ip_index = made_elf__add(&elf, ".orc_unwind_ip", SHT_PROGBITS, SHF_ALLOC, 0, ip, 4 * MANY);
	rela = made_elf__add(&elf, ".rela.orc_unwind_ip", SHT_RELA, 0, 0, relas,
			     MANY * sizeof(*relas));
	elf.sections[rela].info = ip_index;
	elf.sections[rela].link = made_elf__add(&elf, ".symtab", SHT_SYMTAB, 0, 0, symbols,
						sizeof(symbols));
	free(relas);
	free(unwind);
	free(ip);
	return made_elf__finish(&elf, true, size);
}

/* As many large modules as a guest likes to have: their tables end somewhere. */
static int test__too_large(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	struct guest_orc *orc = load_made_kernel();
	const char *why = "";
	int nr, err = 0;
	size_t size;
	void *ko = large_module(&size);

	for (nr = 0; nr < 40 && !err; nr++) {
		struct guest_orc_section section = { ".text", 0xffff800000000000ULL +
						     nr * MANY_SIZE };

		err = guest_orc__add_module(orc, ko, size, &section, 1, NULL, &why);
	}
	free(ko);
	TEST_ASSERT_EQUAL("refused", err, -EFBIG);
	TEST_ASSERT_VAL("memory", guest_orc__memory(orc) <= GUEST_ORC_MEMORY_MAX);
	TEST_ASSERT_VAL("the kernel's are there", guest_orc__find(orc, TEXT + FRAME));
	guest_orc__delete(orc);
	return TEST_OK;
}

/* Stacks, as a section has them. */
struct made_stack {
	u64 start, end;
	struct guest_stack_word words[16];	/* in order, up to one with address 0 */
};

static size_t encode(const struct made_stack *stacks, unsigned int nr, u64 flags, u64 *data)
{
	size_t pos = 1;
	unsigned int i, j;
	u64 index, covered;

	data[0] = nr | flags;
	for (i = 0; i < nr; i++) {
		u64 *head = data + pos, *map = head + 2;

		covered = (stacks[i].end - stacks[i].start) / 8;
		head[0] = stacks[i].start;
		memset(map, 0, (covered + 31) / 32 * 8);
		pos += 2 + (covered + 31) / 32;
		for (j = 0; j < 16 && stacks[i].words[j].addr; j++) {
			index = (stacks[i].words[j].addr - stacks[i].start) / 8;
			map[index / 32] |= (u64)PERF_GUEST_STACK_WORD_FULL << (index % 32 * 2);
			data[pos++] = stacks[i].words[j].value;
		}
		head[1] = covered | (u64)(2 * j) << 32;
	}
	return pos;
}

struct unwind_case {
	const char *name;
	struct guest_orc_regs regs;
	u64 flags;
	enum guest_orc_end end;
	unsigned int max, exact;	/* 0: as many as there are */
	u64 ips[8];			/* up to one that is 0 */
	struct made_stack stacks[3];	/* up to one that starts at 0 */
};

#define SP		(STACK_END - 0x400)
#define IRQ_SP		(IRQ_END - 0x200)
#define USER_REGS	(STACK_END - 168)
#define USER_IP		{ USER_REGS + 128, 0x401234 }
#define USER_CS		{ USER_REGS + 136, 0x33 }
#define USER_SP		{ USER_REGS + 152, 0x7ffc12345678 }
#define BP		.have = GUEST_ORC_HAVE_BP, .bp

static const struct unwind_case unwind_cases[] = {
	{
		"root at once", { .ip = TEXT + THREAD, .sp = SP },
		.end = GUEST_ORC_ROOT, .ips = { TEXT + THREAD },
	}, {
		"calls down to a kernel thread", { .ip = TEXT + LEAF, .sp = SP },
		.end = GUEST_ORC_ROOT, .ips = { TEXT + LEAF, TEXT + FRAME + 4, TEXT + THREAD + 1 },
		.stacks = { { SP, STACK_END, {
			{ SP, TEXT + FRAME + 4 }, { SP + 8 + 24, TEXT + THREAD + 1 } } } },
	}, {
		/* the call was the last instruction of its function */
		"return address at the next function", { .ip = TEXT + LEAF, .sp = SP },
		.end = GUEST_ORC_ROOT, .ips = { TEXT + LEAF, TEXT + BASED, TEXT + THREAD + 1 },
		.stacks = { { SP, STACK_END, {
			{ SP, TEXT + BASED }, { SP + 8 + 24, TEXT + THREAD + 1 } } } },
	}, {
		/* ... but what was interrupted there is in that function */
		"interrupted at the first instruction", { .ip = TEXT + REGS, .sp = SP },
		.end = GUEST_ORC_ROOT,
		.ips = { TEXT + REGS, TEXT + LEAF, TEXT + THREAD + 1 },
		.stacks = { { SP, STACK_END, {
			{ SP + 128, TEXT + LEAF }, { SP + 152, SP + 168 },
			{ SP + 168, TEXT + THREAD + 1 } } } },
	}, {
		"system call", { .ip = TEXT + LEAF, .sp = USER_REGS - 8 },
		.end = GUEST_ORC_USER, .ips = { TEXT + LEAF, TEXT + REGS + 1 },
		.stacks = { { USER_REGS - 8, STACK_END, {
			{ USER_REGS - 8, TEXT + REGS + 1 }, USER_IP, USER_CS, USER_SP } } },
	}, {
		"rbp saved and used", { .ip = TEXT + FRAME, .sp = SP, BP = 1 },
		.end = GUEST_ORC_ROOT, .ips = { TEXT + FRAME, TEXT + BASED + 9, TEXT + THREAD + 1 },
		.stacks = { { SP, STACK_END, {
			{ SP + 16, SP + 0x80 }, { SP + 24, TEXT + BASED + 9 },
			{ SP + 0x88, TEXT + THREAD + 1 } } } },
	}, {
		"rbp saved is no pointer", { .ip = TEXT + FRAME, .sp = SP, BP = SP + 0x80 },
		.end = GUEST_ORC_NO_REG, .ips = { TEXT + FRAME, TEXT + BASED + 9 },
		.stacks = { { SP, STACK_END, { { SP + 24, TEXT + BASED + 9 } } } },
	}, {
		"rbp not known", { .ip = TEXT + BASED, .sp = SP },
		.end = GUEST_ORC_NO_REG, .ips = { TEXT + BASED },
		.stacks = { { SP, STACK_END, { { SP, TEXT } } } },
	}, {
		"rbp saved relative to itself", { .ip = TEXT + BP_CHAIN, .sp = SP, BP = SP + 0x40 },
		.end = GUEST_ORC_ROOT,
		.ips = { TEXT + BP_CHAIN, TEXT + BASED + 1, TEXT + THREAD + 1 },
		.stacks = { { SP, STACK_END, {
			{ SP, TEXT + BASED + 1 }, { SP + 0x40, SP + 0x60 },
			{ SP + 0x68, TEXT + THREAD + 1 } } } },
	}, {
		"r10 at the sample",
		{ .ip = TEXT + ALIGNED, .sp = SP, .have = GUEST_ORC_HAVE_R10, .r10 = SP + 0x30 },
		.end = GUEST_ORC_ROOT, .ips = { TEXT + ALIGNED, TEXT + THREAD + 1 },
		.stacks = { { SP, STACK_END, { { SP + 0x28, TEXT + THREAD + 1 } } } },
	}, {
		"r13 at the sample",
		{ .ip = TEXT + R13_BASE, .sp = SP, .have = GUEST_ORC_HAVE_R13, .r13 = SP + 0x30 },
		.end = GUEST_ORC_ROOT, .ips = { TEXT + R13_BASE, TEXT + THREAD + 1 },
		.stacks = { { SP, STACK_END, { { SP + 0x28, TEXT + THREAD + 1 } } } },
	}, {
		"rdi at the sample",
		{ .ip = TEXT + DI_BASE, .sp = SP, .have = GUEST_ORC_HAVE_DI, .di = SP + 0x30 },
		.end = GUEST_ORC_ROOT, .ips = { TEXT + DI_BASE, TEXT + THREAD + 1 },
		.stacks = { { SP, STACK_END, { { SP + 0x28, TEXT + THREAD + 1 } } } },
	}, {
		"rdx at the sample",
		{ .ip = TEXT + DX_BASE, .sp = SP, .have = GUEST_ORC_HAVE_DX, .dx = SP + 0x30 },
		.end = GUEST_ORC_ROOT, .ips = { TEXT + DX_BASE, TEXT + THREAD + 1 },
		.stacks = { { SP, STACK_END, { { SP + 0x28, TEXT + THREAD + 1 } } } },
	}, {
		"r10 not known",
		{ .ip = TEXT + ALIGNED, .sp = SP, .have = GUEST_ORC_HAVE_R13, .r10 = SP + 0x30 },
		.end = GUEST_ORC_NO_REG, .ips = { TEXT + ALIGNED },
		.stacks = { { SP, STACK_END, { { SP + 0x28, TEXT + THREAD + 1 } } } },
	}, {
		"r10 behind a call is lost",
		{ .ip = TEXT + LEAF, .sp = SP, .have = GUEST_ORC_HAVE_R10, .r10 = SP + 0x30 },
		.end = GUEST_ORC_NO_REG, .ips = { TEXT + LEAF, TEXT + ALIGNED + 1 },
		.stacks = { { SP, STACK_END, { { SP, TEXT + ALIGNED + 1 } } } },
	}, {
		"interrupted, r10 and rbp from pt_regs", { .ip = TEXT + REGS, .sp = SP },
		.end = GUEST_ORC_ROOT,
		.ips = { TEXT + REGS, TEXT + ALIGNED, TEXT + BASED + 1, TEXT + THREAD + 1 },
		.stacks = { { SP, STACK_END, {
			{ SP + 32, SP + 0x180 }, { SP + 56, SP + 0x110 },
			{ SP + 128, TEXT + ALIGNED }, { SP + 152, SP + 0x100 },
			{ SP + 0x108, TEXT + BASED + 1 }, { SP + 0x188, TEXT + THREAD + 1 } } } },
	}, {
		/* an NMI in the entry code of an interrupt: that has saved all but ip and sp */
		"interrupted entry code", { .ip = TEXT + REGS, .sp = SP },
		.end = GUEST_ORC_ROOT,
		.ips = { TEXT + REGS, TEXT + PARTIAL, TEXT + ALIGNED, TEXT + THREAD + 1 },
		.stacks = { { SP, STACK_END, {
			{ SP + 56, SP + 0x180 }, { SP + 128, TEXT + PARTIAL },
			{ SP + 152, SP + 0x100 }, { SP + 0x100, TEXT + ALIGNED },
			{ SP + 0x118, SP + 0x140 }, { SP + 0x178, TEXT + THREAD + 1 } } } },
	}, {
		"entry code of the sample keeps its registers",
		{ .ip = TEXT + PARTIAL, .sp = SP, .have = GUEST_ORC_HAVE_R10, .r10 = SP + 0x88 },
		.end = GUEST_ORC_ROOT,
		.ips = { TEXT + PARTIAL, TEXT + ALIGNED, TEXT + THREAD + 1 },
		.stacks = { { SP, STACK_END, {
			{ SP, TEXT + ALIGNED }, { SP + 24, SP + 0x40 },
			{ SP + 0x80, TEXT + THREAD + 1 } } } },
	}, {
		"base saved below rbp", { .ip = TEXT + SAVED, .sp = SP, BP = SP + 0x40 },
		.end = GUEST_ORC_ROOT,
		.ips = { TEXT + SAVED, TEXT + BASED + 1, TEXT + THREAD + 1 },
		.stacks = { { SP, STACK_END, {
			{ SP + 0x38, SP + 0x80 }, { SP + 0x40, SP + 0x90 },
			{ SP + 0x78, TEXT + BASED + 1 }, { SP + 0x98, TEXT + THREAD + 1 } } } },
	}, {
		"IRQ stack, interrupted system call", { .ip = TEXT + LEAF, .sp = IRQ_END - 16 },
		.end = GUEST_ORC_USER,
		.ips = { TEXT + LEAF, TEXT + SWITCH + 1, TEXT + REGS + 1, TEXT + LEAF,
			 TEXT + REGS + 1 },
		.stacks = {
			{ IRQ_END - 16, IRQ_END, {
				{ IRQ_END - 16, TEXT + SWITCH + 1 }, { IRQ_END - 8, SP } } },
			{ SP, STACK_END, {
				{ SP, TEXT + REGS + 1 }, { SP + 8 + 128, TEXT + LEAF },
				{ SP + 8 + 152, USER_REGS - 8 },
				{ USER_REGS - 8, TEXT + REGS + 1 }, USER_IP, USER_CS, USER_SP } },
		},
	}, {
		"stack before the one that was left", { .ip = TEXT + FRAME, .sp = IRQ_SP, BP = 1 },
		.end = GUEST_ORC_BACKWARD,
		.ips = { TEXT + FRAME, TEXT + BASED + 1, TEXT + BASED + 2 },
		.stacks = {
			{ IRQ_SP, IRQ_END, {
				{ IRQ_SP + 16, SP }, { IRQ_SP + 24, TEXT + BASED + 1 },
				{ IRQ_SP + 0x48, TEXT + LEAF + 1 } } },
			{ SP, STACK_END, { { SP, IRQ_SP + 0x40 }, { SP + 8, TEXT + BASED + 2 } } },
		},
	}, {
		"frame that leads to itself", { .ip = TEXT + BASED, .sp = SP + 0x80, BP = SP },
		.end = GUEST_ORC_BACKWARD, .ips = { TEXT + BASED },
		.stacks = { { SP, STACK_END, { { SP, SP }, { SP + 8, TEXT + BASED + 1 } } } },
	}, {
		"off the stack", { .ip = TEXT + BASED, .sp = SP, BP = 0xffff888012345678 },
		.end = GUEST_ORC_OFF_STACK, .ips = { TEXT + BASED },
		.stacks = { { SP, STACK_END, { { SP, SP } } } },
	}, {
		"at the end of the stack", { .ip = TEXT + LEAF, .sp = STACK_END },
		.end = GUEST_ORC_OFF_STACK, .ips = { TEXT + LEAF },
		.stacks = { { SP, STACK_END, { { SP, SP } } } },
	}, {
		"no return address", { .ip = TEXT + LEAF, .sp = SP },
		.end = GUEST_ORC_NO_WORD, .ips = { TEXT + LEAF },
		.stacks = { { SP, STACK_END, { { SP + 8, TEXT } } } },
	}, {
		"return address is a pointer to the stack", { .ip = TEXT + LEAF, .sp = SP },
		.end = GUEST_ORC_NO_WORD, .ips = { TEXT + LEAF },
		.stacks = { { SP, STACK_END, { { SP, SP + 0x20 } } } },
	}, {
		"return address not recorded", { .ip = TEXT + LEAF, .sp = SP },
		.flags = PERF_GUEST_STACK_WORDS_CUT,
		.end = GUEST_ORC_CUT, .ips = { TEXT + LEAF },
		.stacks = { { SP, STACK_END, { { SP + 8, TEXT } } } },
	}, {
		"stack not recorded", { .ip = TEXT + SWITCH, .sp = IRQ_END - 8 },
		.flags = PERF_GUEST_STACK_WORDS_MORE,
		.end = GUEST_ORC_CUT, .ips = { TEXT + SWITCH },
		.stacks = { { IRQ_SP, IRQ_END, { { IRQ_END - 8, SP } } } },
	}, {
		"code without an entry", { .ip = TEXT + LEAF, .sp = SP },
		.end = GUEST_ORC_NO_ENTRY, .ips = { TEXT + LEAF, TEXT + NOTHING + 1 },
		.stacks = { { SP, STACK_END, { { SP, TEXT + NOTHING + 1 } } } },
	}, {
		"base that makes no sense", { .ip = TEXT + BAD_SP, .sp = SP },
		.end = GUEST_ORC_BAD_ENTRY, .ips = { TEXT + BAD_SP },
		.stacks = { { SP, STACK_END, { { SP, TEXT + LEAF } } } },
	}, {
		"call of a null pointer", { .ip = 0, .sp = SP },
		.end = GUEST_ORC_ROOT, .ips = { -1, TEXT + THREAD + 1 },
		.stacks = { { SP, STACK_END, { { SP, TEXT + THREAD + 1 } } } },
	}, {
		"BPF, through its frame pointer", { .ip = TEXT + FRAME, .sp = SP },
		.end = GUEST_ORC_ROOT, .exact = 2,
		.ips = { TEXT + FRAME, MODULE + 5, TEXT + LEAF + 1, TEXT + THREAD + 1 },
		.stacks = { { SP, STACK_END, {
			{ SP + 16, SP + 0x80 }, { SP + 24, MODULE + 5 }, { SP + 0x80, SP + 0x100 },
			{ SP + 0x88, TEXT + LEAF + 1 }, { SP + 0x90, TEXT + THREAD + 1 } } } },
	}, {
		"code without table and frame pointer", { .ip = MODULE, .sp = SP, BP = 3 },
		.end = GUEST_ORC_NO_TABLE, .ips = { MODULE },
		.stacks = { { SP, STACK_END, { { SP, TEXT + LEAF + 1 } } } },
	}, {
		"frames asked for", { .ip = TEXT + LEAF, .sp = SP },
		.end = GUEST_ORC_MAX_STACK, .max = 2, .ips = { TEXT + LEAF, TEXT + LEAF + 1 },
		.stacks = { { SP, STACK_END, {
			{ SP, TEXT + LEAF + 1 }, { SP + 8, TEXT + THREAD + 1 } } } },
	},
};

static u64 expected_ip(const struct unwind_case *c, unsigned int i)
{
	return c->ips[i] == (u64)-1 ? 0 : c->ips[i];
}

static bool run_unwind_case(const struct guest_orc *orc, const struct unwind_case *c)
{
	struct guest_stack stack = { .nr_stacks = 0 };
	unsigned int nr = 0, nr_stacks = 0, i;
	u64 ips[16], data[512];
	struct guest_orc_chain chain = { .ips = ips, .max = c->max ?: ARRAY_SIZE(ips) };
	bool ok;

	while (nr < ARRAY_SIZE(c->ips) && c->ips[nr])
		nr++;
	while (nr_stacks < ARRAY_SIZE(c->stacks) && c->stacks[nr_stacks].start)
		nr_stacks++;
	if (guest_stack__parse(&stack, data, encode(c->stacks, nr_stacks, c->flags, data)))
		return false;
	guest_orc__unwind(orc, &c->regs, &stack, &chain);
	guest_stack__exit(&stack);

	ok = chain.nr == nr && chain.end == c->end && chain.exact == (c->exact ?: nr);
	for (i = 0; i < chain.nr; i++)
		ok &= i < nr && ips[i] == expected_ip(c, i);
	if (ok)
		return true;
	pr_debug("%s: %s, %u frames, %u exact:", c->name, guest_orc_end__name(chain.end),
		 chain.nr, chain.exact);
	for (i = 0; i < chain.nr; i++)
		pr_debug(" %#" PRIx64, ips[i]);
	pr_debug("\n");
	return false;
}

static int test__unwind(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	struct guest_orc *orc = load_made_kernel();
	int ret = TEST_OK;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unwind_cases); i++)
		if (!run_unwind_case(orc, &unwind_cases[i]))
			ret = TEST_FAIL;
	guest_orc__delete(orc);
	return ret;
}

/* All kinds of words, in two stacks. */
static const u64 section[] = {
	2 | PERF_GUEST_STACK_WORDS_MORE,
	STACK, 34 | 5ULL << 32, 1 | 2 << 2 | 2 << 8 | 3ULL << 62, 0,
	0x81234567ULL | 0x33ULL << 32, 0x80000100ULL | 0x89abcdefULL << 32, 0x12345678,
	IRQ_STACK, 3, 0,
};

static bool has_word(const struct guest_stack *stack, u64 addr, u64 want)
{
	u64 value;
	int which = guest_stack__which(stack, addr, 8);

	return which >= 0 && guest_stack__word(stack, which, addr, &value) && value == want;
}

static int test__stack_section(struct test_suite *test __maybe_unused,
			       int subtest __maybe_unused)
{
	struct guest_stack stack = { .nr_stacks = 0 };
	u64 copy[ARRAY_SIZE(section)], unused;
	unsigned int i;

	TEST_ASSERT_EQUAL("parse", guest_stack__parse(&stack, section, ARRAY_SIZE(section)), 0);
	TEST_ASSERT_EQUAL("stacks", stack.nr_stacks, 2U);
	TEST_ASSERT_VAL("flags", stack.more && !stack.partial);
	TEST_ASSERT_VAL("high", has_word(&stack, STACK, 0xffffffff81234567));
	TEST_ASSERT_VAL("low", has_word(&stack, STACK + 8, 0x33));
	TEST_ASSERT_VAL("near", has_word(&stack, STACK + 32, STACK + 0x100));
	TEST_ASSERT_VAL("full", has_word(&stack, STACK + 31 * 8, 0x1234567889abcdef));
	TEST_ASSERT_VAL("none", !guest_stack__word(&stack, 0, STACK + 16, &unused));
	TEST_ASSERT_VAL("none between", !guest_stack__word(&stack, 0, STACK + 30 * 8, &unused));
	TEST_ASSERT_VAL("none behind", !guest_stack__word(&stack, 0, STACK + 32 * 8, &unused));
	TEST_ASSERT_VAL("none before", !guest_stack__word(&stack, 0, STACK - 8, &unused));
	TEST_ASSERT_VAL("none at all", !guest_stack__word(&stack, 1, IRQ_STACK, &unused));
	TEST_ASSERT_EQUAL("end", guest_stack__which(&stack, STACK + 33 * 8, 8), 0);
	TEST_ASSERT_EQUAL("across", guest_stack__which(&stack, STACK + 33 * 8, 9), -1);
	TEST_ASSERT_EQUAL("second", guest_stack__which(&stack, IRQ_STACK, 24), 1);

	for (i = 0; i < ARRAY_SIZE(section); i++)
		TEST_ASSERT_EQUAL("cut off", guest_stack__parse(&stack, section, i), -EINVAL);
	for (i = 0; i < 64; i++) {
		/* a value too many, or too few */
		memcpy(copy, section, sizeof(copy));
		copy[3] ^= 1ULL << i;
		guest_stack__parse(&stack, copy, ARRAY_SIZE(copy));
	}
	memcpy(copy, section, sizeof(copy));
	copy[3] |= 1 << 4;
	TEST_ASSERT_EQUAL("no value", guest_stack__parse(&stack, copy, ARRAY_SIZE(copy)), -EINVAL);
	copy[3] &= ~3ULL;
	TEST_ASSERT_EQUAL("same number", guest_stack__parse(&stack, copy, ARRAY_SIZE(copy)), 0);
	copy[4] = 1 << 4;
	copy[3] &= ~(3ULL << 4);
	TEST_ASSERT_EQUAL("behind the end",
			  guest_stack__parse(&stack, copy, ARRAY_SIZE(copy)), -EINVAL);
	memcpy(copy, section, sizeof(copy));
	copy[2] += 1ULL << 32;
	TEST_ASSERT_EQUAL("value left over",
			  guest_stack__parse(&stack, copy, ARRAY_SIZE(copy)), -EINVAL);
	memcpy(copy, section, sizeof(copy));
	copy[1] |= 4;
	TEST_ASSERT_EQUAL("misaligned",
			  guest_stack__parse(&stack, copy, ARRAY_SIZE(copy)), -EINVAL);
	copy[1] = -16;
	TEST_ASSERT_EQUAL("wraps", guest_stack__parse(&stack, copy, ARRAY_SIZE(copy)), -EINVAL);
	copy[0] = GUEST_STACKS_MAX + 1;
	TEST_ASSERT_EQUAL("too many", guest_stack__parse(&stack, copy, ARRAY_SIZE(copy)), -EINVAL);
	guest_stack__exit(&stack);
	return TEST_OK;
}

/* More words than there is room for at first, in each of two stacks. */
static int test__many_words(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	enum { WORDS = 320, MAP = WORDS / 32, SIZE = 2 + MAP + WORDS / 2 };
	static const u64 empty[] = { 1, STACK, 32, 0 };
	struct guest_stack stack = { .nr_stacks = 0 };
	u64 data[1 + 2 * SIZE], *at, unused;
	unsigned int i;

	TEST_ASSERT_EQUAL("empty", guest_stack__parse(&stack, empty, ARRAY_SIZE(empty)), 0);
	TEST_ASSERT_VAL("no word", !guest_stack__word(&stack, 0, STACK, &unused));

	data[0] = 2;
	for (at = data + 1; at < data + ARRAY_SIZE(data); at += SIZE) {
		at[0] = at == data + 1 ? STACK : IRQ_STACK;
		at[1] = WORDS | (u64)WORDS << 32;
		for (i = 0; i < MAP; i++)
			at[2 + i] = 0x5555555555555555;
		for (i = 0; i < WORDS / 2; i++)
			at[2 + MAP + i] = 2 * i | (2 * i + 1ULL) << 32;
	}
	TEST_ASSERT_EQUAL("parse", guest_stack__parse(&stack, data, ARRAY_SIZE(data)), 0);
	for (i = 0; i < WORDS; i++) {
		TEST_ASSERT_VAL("word", has_word(&stack, STACK + 8 * i, ~0xffffffffULL | i));
		TEST_ASSERT_VAL("second", has_word(&stack, IRQ_STACK + 8 * i, ~0xffffffffULL | i));
	}

	/* those of the sample before are gone */
	TEST_ASSERT_EQUAL("again", guest_stack__parse(&stack, empty, ARRAY_SIZE(empty)), 0);
	TEST_ASSERT_VAL("old word", !guest_stack__word(&stack, 0, STACK, &unused));
	guest_stack__exit(&stack);
	return TEST_OK;
}

static int test__regs_section(struct test_suite *test __maybe_unused,
			      int subtest __maybe_unused)
{
	const u64 data[] = {
		PERF_SAMPLE_REGS_ABI_64,
		1 << 3 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 18 | 1 << 21,
		0xd, 0xd1, 0xb, 0x5, 0x1, 0x246, 0x10, 0x13,
	};
	const u64 less[] = { PERF_SAMPLE_REGS_ABI_64, 1 << 7 | 1 << 8, 0x5, 0x1 };
	struct guest_orc_regs r;
	unsigned int i;

	TEST_ASSERT_VAL("parse", guest_orc_regs__parse(&r, data, ARRAY_SIZE(data)));
	TEST_ASSERT_VAL("values", r.ip == 1 && r.sp == 5 && r.bp == 0xb && r.dx == 0xd &&
			r.di == 0xd1 && r.r10 == 0x10 && r.r13 == 0x13 && r.have == 31);
	TEST_ASSERT_VAL("less", guest_orc_regs__parse(&r, less, ARRAY_SIZE(less)));
	TEST_ASSERT_VAL("values", r.ip == 1 && r.sp == 5 && !r.have);
	for (i = 0; i < ARRAY_SIZE(less); i++)
		TEST_ASSERT_VAL("cut off", !guest_orc_regs__parse(&r, less, i));
	return TEST_OK;
}

/* Retpolines, which a kernel's tables have nothing for, new and old. */
static int test__retpolines(struct test_suite *test __maybe_unused,
			    int subtest __maybe_unused)
{
	static const u8 new[] = "\xe8\1\0\0\0\xcc\x48\x89\x04\x24\xe9";
	static const u8 old[] = "\xe8\7\0\0\0\xf3\x90\x0f\xae\xe8\xeb\xf9\x4c\x89\x3c\x24\xc3";
	static const u8 no[] = "\xe8\1\0\0\0\xcc\x48\x89\x44\x24\x08";
	static const u8 unwind[6];
	static u8 code[0x1000];
	const s32 ip = -0x2000;
	struct made_elf made = { .data = NULL };
	struct guest_orc *orc = guest_orc__new();
	const char *why;
	size_t size;
	void *elf;
	int err;

	memcpy(code + 0x100, new, sizeof(new));
	memcpy(code + 0x120, old, sizeof(old));
	memcpy(code + 0x148, new, sizeof(new));	/* not where a function begins */
	memcpy(code + 0x160, no, sizeof(no));
	memcpy(code + 0x180, new, sizeof(new));
	made_elf__add(&made, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, MADE_TEXT,
		      code, sizeof(code));
	made_elf__add(&made, ".orc_unwind_ip", SHT_PROGBITS, SHF_ALLOC, MADE_TEXT + 0x2000,
		      &ip, sizeof(ip));
	made_elf__add(&made, ".orc_unwind", SHT_PROGBITS, SHF_ALLOC, MADE_TEXT + 0x2004,
		      unwind, sizeof(unwind));
	elf = made_elf__finish(&made, false, &size);
	err = guest_orc__add_kernel(orc, elf, size, TEXT, NULL, &why);
	free(elf);

	TEST_ASSERT_EQUAL("load", err, 0);
	TEST_ASSERT_EQUAL("new", guest_orc__find(orc, TEXT + 0x100)->sp_offset, 8);
	TEST_ASSERT_EQUAL("new, called", guest_orc__find(orc, TEXT + 0x106)->sp_offset, 16);
	TEST_ASSERT_EQUAL("new, jump", guest_orc__find(orc, TEXT + 0x10a)->sp_offset, 16);
	TEST_ASSERT_EQUAL("old", guest_orc__find(orc, TEXT + 0x120)->sp_offset, 8);
	TEST_ASSERT_EQUAL("old, called", guest_orc__find(orc, TEXT + 0x12c)->sp_offset, 16);
	TEST_ASSERT_EQUAL("before", guest_orc__find(orc, TEXT + 0xff)->sp_offset, 0);
	TEST_ASSERT_EQUAL("between", guest_orc__find(orc, TEXT + 0x148)->sp_offset, 0);
	TEST_ASSERT_EQUAL("none", guest_orc__find(orc, TEXT + 0x160)->sp_offset, 0);
	TEST_ASSERT_EQUAL("last", guest_orc__find(orc, TEXT + 0x180)->sp_offset, 8);
	TEST_ASSERT_EQUAL("behind", guest_orc__find(orc, TEXT + 0x1a0)->sp_offset, 0);
	guest_orc__delete(orc);
	return TEST_OK;
}

static struct test_case tests__guest_orc[] = {
	TEST_CASE("layouts of all kernels", layouts),
	TEST_CASE("look-up by address", lookup),
	TEST_CASE("look-up of every address", spread),
	TEST_CASE("entries far apart", far_apart),
	TEST_CASE("wrong kernels are refused", wrong_kernel),
	TEST_CASE("damaged kernels", damaged),
	TEST_CASE("retpolines", retpolines),
	TEST_CASE("modules", module),
	TEST_CASE("damaged modules", damaged_module),
	TEST_CASE("tables handed over", written),
	TEST_CASE("tables too large", too_large),
	TEST_CASE("unwinding", unwind),
	TEST_CASE("stack words", stack_section),
	TEST_CASE("many stack words", many_words),
	TEST_CASE("registers", regs_section),
	{ .name = NULL },
};

struct test_suite suite__guest_orc = {
	.desc = "Guest callchain by ORC tables",
	.test_cases = tests__guest_orc,
};
