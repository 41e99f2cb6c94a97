// SPDX-License-Identifier: GPL-2.0
/*
 * ORC tables out of a guest's memory: what is written is what the reader of kernels and modules
 * wants.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include "tests/guest/made-files.h"
#include "tests/guest/made-kernel.h"
#include "tests/guest/made-modules.h"
#include "tests/guest/made-vmm.h"
#include "tests/tests.h"
#include "debug.h"
#include "util/guest/untrusted/elf.h"
#include "util/guest/untrusted/file.h"
#include "util/guest/unwind/orc-load.h"
#include "util/guest/unwind/orc-table.h"

/* Where the tables are in the guest; a page or more apart, so that they are not read by luck */
#define IP	(MADE_IMAGE + 0x22000)
#define ENTRIES	(MADE_IMAGE + 0x24000)
#define HEADER	(MADE_IMAGE + 0x26000)
#define NR	3

static const struct made_entry entries[NR] = {
	{ MADE_TEXT, { .type = GUEST_ORC_CALL, .sp_reg = GUEST_ORC_REG_SP, .sp_offset = 8 }, NULL },
	{ MADE_TEXT + 64, { .type = GUEST_ORC_CALL, .sp_reg = GUEST_ORC_REG_SP,
			    .sp_offset = 24 }, NULL },
	/* behind the code, as that of exit sections is */
	{ MADE_TEXT + 0xf000, { .type = GUEST_ORC_END_OF_STACK }, NULL },
};

static const struct made_symbol symbols[] = {
	{ MADE_IMAGE,		"T_stext" },
	{ MADE_IMAGE + 0x8000,	"T_etext" },
	{ IP,			"R__start_orc_unwind_ip" },
	{ IP + NR * 4,		"R__stop_orc_unwind_ip" },
	{ ENTRIES,		"R__start_orc_unwind" },
	{ ENTRIES + NR * 6,	"R__stop_orc_unwind" },
	{ HEADER,		"R__start_orc_header" },
	{ HEADER + 20,		"R__stop_orc_header" },
	{ MADE_BTF,		"R__start_BTF" },
	{ MADE_BTF_END,		"R__stop_BTF" },
	{ MADE_MODULES,		"Dmodules" },
	{ MADE_IMAGE + 0x30000,	"B_end" },
};

static struct made_vmm vmm;

static int put_section(const struct guest_elf *elf, const char *name, u64 gva,
		       struct guest_elf_section *section)
{
	if (!guest_elf__find(elf, name, section, NULL) || !section->data)
		return -1;
	memcpy(made_memory__at(&vmm.memory, gva), section->data, section->size);
	return 0;
}

/* Entries are relative to where they are, and the kernel has moved. */
static void move_ips(const struct guest_elf_section *section)
{
	s32 *ips = made_memory__at(&vmm.memory, IP);
	u32 i;

	for (i = 0; i < NR; i++)
		ips[i] += section->addr - MADE_TEXT + MADE_IMAGE - IP;
}

/* Kernels before 6.4 have no header, nor symbols for it. */
static int make(enum made_layout layout)
{
	struct made_symbol some[ARRAY_SIZE(symbols)];
	bool header = layout == MADE_6_4;
	u32 i, nr = 0;

	struct guest_elf_section section;
	struct guest_elf elf;
	size_t size;
	void *file = made_vmlinux(entries, NR, layout, &size);
	int bad;

	for (i = 0; i < ARRAY_SIZE(symbols); i++) {
		if (header || !strstr(symbols[i].name, "orc_header"))
			some[nr++] = symbols[i];
	}

	memset(vmm.memory.ram, 0, MADE_RAM_SIZE);
	made_memory__kernel(&vmm.memory, MADE_KSYMS_6_1, some, nr);
	made_memory__modules(&vmm.memory, !header);
	bad = !guest_elf__open(&elf, file, size) ||
	      put_section(&elf, ".orc_unwind", ENTRIES, &section) ||
	      (header && put_section(&elf, ".orc_header", HEADER, &section)) ||
	      put_section(&elf, ".orc_unwind_ip", IP, &section);
	if (!bad)
		move_ips(&section);
	free(file);
	return bad;
}

static bool has_btf(const void *file, size_t size)
{
	struct guest_elf_section section;
	struct guest_elf elf;

	return guest_elf__open(&elf, file, size) &&
	       guest_elf__find(&elf, ".BTF", &section, NULL) && section.data &&
	       section.size == MADE_BTF_END - MADE_BTF &&
	       !memcmp(section.data, made_memory__at(&vmm.memory, MADE_BTF), section.size);
}

static int load(struct guest_orc **orc, const struct guest_build_id *id)
{
	const char *why = "";
	int root = open(vmm.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;
	size_t size;
	void *file;

	*orc = guest_orc__new();
	err = guest_file__load(root, "out/boot/vmlinux-6.12.1-made", 1 << 20, &file, &size);
	close(root);
	if (err)
		return err;
	err = guest_orc__add_kernel(*orc, file, size, MADE_IMAGE, id, &why);
	pr_debug("loaded: %d %s\n", err, why);
	if (!has_btf(file, size))
		err = -EBADMSG;
	free(file);
	return err;
}

static bool has(const struct guest_orc *orc, u64 offset, u32 i)
{
	const struct guest_orc_entry *entry = guest_orc__find(orc, MADE_IMAGE + offset);

	return entry && entry->type == entries[i].entry.type &&
	       entry->sp_offset == entries[i].entry.sp_offset;
}

static int check_tables(enum made_layout layout)
{
	static const u8 bytes[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };
	const struct guest_build_id id = { bytes, 8 }, other = { bytes, 4 };
	struct guest_memory memory;
	struct guest_orc *orc;

	TEST_ASSERT_EQUAL("make", make(layout), 0);
	TEST_ASSERT_EQUAL("take", made_vmm__take(&vmm, &memory), 0);
	TEST_ASSERT_VAL("tables", memory.written.orc);
	TEST_ASSERT_EQUAL("load", load(&orc, &id), 0);
	TEST_ASSERT_VAL("entries", has(orc, 0, 0) && has(orc, 63, 0) && has(orc, 64, 1) &&
				   has(orc, 0xf000, 2));
	guest_orc__delete(orc);
	TEST_ASSERT_EQUAL("another kernel's", load(&orc, &other), -ESTALE);
	guest_orc__delete(orc);

	/* tables that are not all there */
	*made_memory__entry(&vmm.memory, ENTRIES) = 0;
	TEST_ASSERT_EQUAL("take", made_vmm__take(&vmm, &memory), 0);
	TEST_ASSERT_VAL("no tables", !memory.written.orc);
	TEST_ASSERT_VAL("no file", made_file__is(vmm.dir, "out/boot/vmlinux-6.12.1-made", NULL));
	return TEST_OK;
}

/* As a report does. */
static struct guest_orc *load_all(struct guest_orc_loaded *loaded)
{
	char dir[PATH_MAX];
	const struct guest_orc_source source = {
		.dir = dir, .release = "6.12.1-made", .text = MADE_IMAGE,
	};

	snprintf(dir, sizeof(dir), "%s/out", vmm.dir);
	return guest_orc__load(&source, loaded);
}

static int offset_at(const struct guest_orc *orc, u64 offset)
{
	const struct guest_orc_entry *entry = guest_orc__find(orc, MADE_MODULE_CODE(0) + offset);

	return !entry ? -1 : entry->type == GUEST_ORC_UNDEFINED ? 0 : entry->sp_offset;
}

static int check_code(const struct guest_orc *orc, u64 end)
{
	TEST_ASSERT_EQUAL("begin", offset_at(orc, 0), 8);
	TEST_ASSERT_EQUAL("before the next", offset_at(orc, 0x3f), 8);
	TEST_ASSERT_EQUAL("next", offset_at(orc, 0x40), 24);
	TEST_ASSERT_EQUAL("none", offset_at(orc, 0x80), 0);
	TEST_ASSERT_EQUAL("the last of its code", offset_at(orc, end - 1), 0);
	TEST_ASSERT_EQUAL("behind its code", offset_at(orc, end), -1);
	TEST_ASSERT_EQUAL("what is not its code", offset_at(orc, 0x8000), -1);
	return TEST_OK;
}

static int check_modules(enum made_layout layout)
{
	struct guest_orc_loaded loaded;
	struct guest_memory memory;
	struct guest_orc *orc;
	int ret;

	TEST_ASSERT_EQUAL("make", make(layout), 0);
	TEST_ASSERT_EQUAL("take", made_vmm__take(&vmm, &memory), 0);
	TEST_ASSERT_EQUAL("modules", (int)memory.written.modules, 2);
	TEST_ASSERT_EQUAL("with tables", (int)memory.written.tables, 1);
	TEST_ASSERT_VAL("where its code is", made_file__is(vmm.dir,
			"out/sys/module/first/sections/.text", "0xffffffff89040000\n"));
	orc = load_all(&loaded);
	TEST_ASSERT_VAL("load", orc);
	TEST_ASSERT_EQUAL("loaded", (int)loaded.modules, 1);
	TEST_ASSERT_EQUAL("without", (int)loaded.failed, 1);
	ret = check_code(orc, layout == MADE_6_4 ? 0x2000 : MADE_TEXT_SIZE_OLD);
	guest_orc__delete(orc);
	return ret;
}

static void *in_first(u64 offset)
{
	return made_memory__at(&vmm.memory, MADE_MODULE(0) + offset);
}

static void too_many(void)
{
	memset(in_first(MADE_ARCH), 0xff, 4);
}

static void more_than_there_are(void)
{
	*(u32 *)in_first(MADE_ARCH) = 0x40000;
}

static void ips_nowhere(void)
{
	memset(in_first(MADE_ARCH + 8), 0xff, 8);
}

static void entries_nowhere(void)
{
	*(u64 *)in_first(MADE_ARCH + 16) = MADE_MODULE(3);
}

static void no_code(void)
{
	*made_memory__entry(&vmm.memory, MADE_MODULE_CODE(0) + 0x1000) = 0;
}

static void code_without_end(void)
{
	memset(in_first(MADE_MEM + 8), 0xf0, 4);
}

/* The rest is there all the same. */
static int check_bad_module(void (*spoil)(void))
{
	struct guest_memory memory;

	TEST_ASSERT_EQUAL("make", make(MADE_6_4), 0);
	spoil();
	TEST_ASSERT_EQUAL("take", made_vmm__take(&vmm, &memory), 0);
	TEST_ASSERT_VAL("the kernel's tables", memory.written.orc);
	TEST_ASSERT_EQUAL("no tables", (int)memory.written.tables, 0);
	TEST_ASSERT_VAL("no file", made_file__is(vmm.dir, "out/lib/modules/6.12.1-made/first.ko",
						 NULL));
	return TEST_OK;
}

/* Tables that are none, as those of a module that is being loaded, are found when they are used. */
static int check_damaged(void)
{
	struct guest_orc_loaded loaded;
	struct guest_memory memory;
	struct guest_orc *orc;

	TEST_ASSERT_EQUAL("make", make(MADE_6_4), 0);
	memset(in_first(MADE_ORC), 0xff, 6);
	TEST_ASSERT_EQUAL("take", made_vmm__take(&vmm, &memory), 0);
	orc = load_all(&loaded);
	TEST_ASSERT_VAL("load", orc);
	TEST_ASSERT_EQUAL("loaded", (int)loaded.modules, 0);
	TEST_ASSERT_EQUAL("no entry", offset_at(orc, 0), -1);
	guest_orc__delete(orc);
	return TEST_OK;
}

static int check_bad_modules(void)
{
	static void (* const spoil[])(void) = {
		too_many, more_than_there_are, ips_nowhere, entries_nowhere, no_code,
		code_without_end,
	};
	int ret = check_damaged();
	size_t i;

	for (i = 0; ret == TEST_OK && i < ARRAY_SIZE(spoil); i++) {
		pr_debug("spoilt tables %zu\n", i);
		ret = check_bad_module(spoil[i]);
	}
	return ret;
}

static int test__guest_memory_orc(struct test_suite *test __maybe_unused,
				  int subtest __maybe_unused)
{
	int ret = made_vmm__begin(&vmm) ? TEST_FAIL : TEST_OK;

	if (ret == TEST_OK)
		ret = check_tables(MADE_6_4);
	if (ret == TEST_OK)
		ret = check_tables(MADE_6_3_NO_HEADER);
	if (ret == TEST_OK)
		ret = check_modules(MADE_6_4);
	if (ret == TEST_OK)
		ret = check_modules(MADE_6_3_NO_HEADER);
	if (ret == TEST_OK)
		ret = check_bad_modules();
	made_vmm__end(&vmm);
	return ret;
}

static struct test_case guest_memory_orc_tests[] = {
	TEST_CASE("Guest callchain memory, ORC tables", guest_memory_orc),
	{ .name = NULL, }
};

struct test_suite suite__guest_memory_orc = {
	.desc = "Guest callchain memory, ORC tables",
	.test_cases = guest_memory_orc_tests,
};
