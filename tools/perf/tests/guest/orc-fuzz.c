// SPDX-License-Identifier: GPL-2.0
/*
 * What a guest has, under libFuzzer: kernel images, ELF files of kernels and
 * modules, tables, registers and stack words. The first byte says which.
 *
 * orc-fuzz --seeds DIR writes inputs to start from.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/perf_event.h>
#include <linux/kernel.h>
#include "tests/guest/made-kernel.h"
#include "tests/guest/made-layout.h"
#include "util/guest/unwind/orc-table.h"
#include "util/guest/unwind/orc-unwind.h"
#include "util/guest/unwind/stack-words.h"
#include "util/guest/untrusted/unpack.h"

#define MAX_ENTRIES	64
#define MAX_FRAMES	200
#define MODULE		0xffffffffc0400000ULL

enum { IMAGE, KERNEL, MODULE_FILE, UNWIND, KINDS };

/* An entry of the tables to unwind by, at any address of the text. */
struct fuzz_entry {
	u16 ip;
	s16 sp_offset, bp_offset;
	u8 regs, type;
};

/* Then the words of a stack section. */
struct fuzz_unwind {
	u8 nr_entries, have;
	u8 pad[6];
	u64 ip, sp, bp, dx, di, r10, r13;
};

static const struct guest_orc_section sections[] = {
	{ ".text", MODULE }, { ".text.unlikely", MODULE + 0x1000 },
	{ ".init.text", MODULE + 0x2000 }, { ".exit.text", MODULE + 0x3000 },
};

static const struct made_entry entries[] = {
	{ MADE_TEXT, { .type = GUEST_ORC_CALL, .sp_reg = GUEST_ORC_REG_SP, .sp_offset = 8 }, NULL },
	{ MADE_TEXT + 64, { .type = GUEST_ORC_END_OF_STACK }, NULL },
};

static const struct made_entry module_entries[] = {
	{ 0, { .type = GUEST_ORC_CALL, .sp_reg = GUEST_ORC_REG_SP, .sp_offset = 8 }, NULL },
	{ 64, { .type = GUEST_ORC_UNDEFINED }, ".init.text" },
};

struct check {
	struct guest_orc *orc;
	u64 last;
};

static void check_entry(void *arg, u64 ip, const struct guest_orc_entry *e)
{
	struct check *check = arg;

	assert(ip >= check->last && e->type <= GUEST_ORC_REGS_PARTIAL &&
	       e->sp_reg <= GUEST_ORC_REG_SP_INDIRECT);
	guest_orc__find(check->orc, ip);
	check->last = ip;
}

static void check_tables(struct guest_orc *orc)
{
	struct check arg = { .orc = orc };

	guest_orc__for_each(orc, check_entry, &arg);
}

static struct guest_orc *made_tables(const struct made_entry *from, unsigned int nr)
{
	struct guest_orc *orc = guest_orc__new();
	const char *why;
	size_t size;
	void *elf = made_vmlinux(from, nr, MADE_6_4, &size);

	guest_orc__add_kernel(orc, elf, size, MADE_TEXT, NULL, &why);
	free(elf);
	return orc;
}

static void fuzz_image(const u8 *data, size_t size)
{
	const char *why;
	size_t len;
	void *elf;

	if (!guest_vmlinuz__unpack(data, size, &elf, &len, &why)) {
		assert(len >= 4);
		free(elf);
	} else {
		assert(why);
	}
}

static void fuzz_kernel(const u8 *data, size_t size)
{
	struct guest_orc *orc = guest_orc__new();
	const char *why;

	if (!guest_orc__add_kernel(orc, data, size, MADE_TEXT, NULL, &why))
		check_tables(orc);
	guest_orc__delete(orc);
}

static void fuzz_module(const u8 *data, size_t size)
{
	struct guest_orc *orc = made_tables(entries, ARRAY_SIZE(entries));
	const char *why;

	guest_orc__add_module(orc, data, size, sections, ARRAY_SIZE(sections), NULL, &why);
	check_tables(orc);
	guest_orc__delete(orc);
}

/* Unwind by tables and over words that are both the input's. */
static void fuzz_unwind(const u8 *data, size_t size)
{
	struct made_entry table[MAX_ENTRIES];
	struct guest_stack stack = { .nr_stacks = 0 };
	struct guest_orc_chain chain = { .max = MAX_FRAMES };
	struct guest_orc_regs regs;
	struct guest_orc *orc;
	struct fuzz_unwind head;
	struct fuzz_entry e;
	unsigned int i;
	u64 *words;

	if (size < sizeof(head))
		return;
	memcpy(&head, data, sizeof(head));
	data += sizeof(head);
	size -= sizeof(head);
	head.nr_entries %= MAX_ENTRIES;
	if (size < head.nr_entries * sizeof(e))
		return;
	for (i = 0; i < head.nr_entries; i++) {
		memcpy(&e, data + i * sizeof(e), sizeof(e));
		table[i] = (struct made_entry) {
			.ip = MADE_TEXT + e.ip,
			.entry = {
				.sp_offset = e.sp_offset, .bp_offset = e.bp_offset,
				.sp_reg = (e.regs & 15) % 10, .bp_reg = (e.regs >> 4) % 10,
				.type = (e.type & 7) % 5, .signal = e.type >> 3,
			},
		};
	}
	data += head.nr_entries * sizeof(e);
	size -= head.nr_entries * sizeof(e);

	regs = (struct guest_orc_regs) {
		.ip = head.ip, .sp = head.sp, .bp = head.bp, .dx = head.dx, .di = head.di,
		.r10 = head.r10, .r13 = head.r13, .have = head.have & 31,
	};
	orc = made_tables(table, head.nr_entries);
	words = malloc(size + 1);
	memcpy(words, data, size);
	chain.ips = malloc(MAX_FRAMES * sizeof(u64));
	if (!guest_stack__parse(&stack, words, size / sizeof(u64))) {
		guest_orc__unwind(orc, &regs, &stack, &chain);
		assert(chain.nr && chain.nr <= MAX_FRAMES && chain.exact <= chain.nr &&
		       chain.ips[0] == regs.ip && chain.end < GUEST_ORC_NR_ENDS);
	}
	guest_orc_regs__parse(&regs, words, size / sizeof(u64));
	guest_stack__exit(&stack);
	guest_orc__delete(orc);
	free(chain.ips);
	free(words);
}

static void write_seed(const char *dir, unsigned int nr, u8 kind, const void *data, size_t size)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/made-%u", dir, nr);
	f = fopen(path, "w");
	assert(f);
	fputc(kind, f);
	fwrite(data, 1, size, f);
	fclose(f);
}

static void write_seeds(const char *dir)
{
	static const struct {
		struct fuzz_unwind head;
		struct fuzz_entry entries[3];
		u64 words[7];
	} unwind = {
		.head = { .nr_entries = 3, .ip = MADE_TEXT + 1, .sp = 0xffffc90000010000ULL },
		.entries = {
			{ 0, 8, 0, GUEST_ORC_REG_SP, GUEST_ORC_CALL },
			{ 32, 0, 0, GUEST_ORC_REG_SP, GUEST_ORC_REGS },
			{ 64, 0, 0, 0, GUEST_ORC_END_OF_STACK },
		},
		.words = {
			1, 0xffffc90000010000ULL, 32 | 5ULL << 32, 1 | 1ULL << 34 | 2ULL << 40,
			0x8100000081000021ULL, 0x800000b880000010ULL, 0x81000041,
		},
	};
	static const char lz4[] = "\2\041\114\030\5\0\0\0\100\177ELF";
	const struct made_layout_kernel unknown[] = {
		{ .layout = made_layout, .btf = true },
		{ .layout = made_layout, .btf = true, .names = true, .no_code = true },
	};
	enum made_layout layout;
	unsigned int nr = 0, i;
	size_t size;
	void *elf;

	for (layout = MADE_5_15; layout <= MADE_6_4; layout++) {
		elf = made_vmlinux(entries, ARRAY_SIZE(entries), layout, &size);
		write_seed(dir, nr++, KERNEL, elf, size);
		write_seed(dir, nr++, IMAGE, elf, size);
		free(elf);
	}
	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		elf = made_layout_kernel(&unknown[i], &size);
		write_seed(dir, nr++, KERNEL, elf, size);
		free(elf);
	}
	elf = made_module(module_entries, ARRAY_SIZE(module_entries), &size);
	write_seed(dir, nr++, MODULE_FILE, elf, size);
	free(elf);
	write_seed(dir, nr++, UNWIND, &unwind, sizeof(unwind));
	write_seed(dir, nr++, IMAGE, lz4, sizeof(lz4) - 1);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	if (*argc == 3 && !strcmp((*argv)[1], "--seeds")) {
		write_seeds((*argv)[2]);
		exit(0);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static void (* const fuzz[KINDS])(const u8 *data, size_t size) = {
		[IMAGE] = fuzz_image, [KERNEL] = fuzz_kernel,
		[MODULE_FILE] = fuzz_module, [UNWIND] = fuzz_unwind,
	};
	u8 *copy;

	if (!size)
		return 0;
	/* exactly as large as it is, so that a read behind it is seen */
	copy = malloc(size);
	memcpy(copy, data + 1, size - 1);
	fuzz[data[0] % KINDS](copy, size - 1);
	free(copy);
	return 0;
}
