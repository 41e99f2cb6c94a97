// SPDX-License-Identifier: GPL-2.0
/*
 * A guest's memory under libFuzzer: VMCOREINFO, page tables, the tables of symbols, BTF,
 * modules and their ORC tables, right ones at first, with bytes of them changed. The first
 * byte says which kernel's they are.
 *
 * memory-fuzz --seeds DIR writes inputs to start from.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include "tests/guest/made-kernel.h"
#include "tests/guest/made-modules.h"
#include "util/guest/memory/ksyms.h"
#include "util/guest/memory/module-orc.h"
#include "util/guest/memory/modules.h"
#include "util/guest/memory/view.h"
#include "util/guest/untrusted/elf.h"
#include "util/guest/vm/facts.h"

#define TABLES_GPA	0x100000U
#define CHANGES_MAX	64

static const struct made_symbol symbols[] = {
	{ 0x1000,		"Acpu_data" },
	{ MADE_IMAGE,		"T_text" },
	{ MADE_IMAGE,		"T_stext" },
	{ MADE_IMAGE + 0x80,	"Tgest_.isra.0" },
	{ MADE_IMAGE + 0xc0,	"tis_last_task_frame" },
	{ MADE_IMAGE + 0x70000,	"b_end" },
};

/* One byte of one of the areas below gets another value. */
struct change {
	u8  area, value;
	u16 offset;
};

static const struct {
	u64 gpa;
	u32 size;
} areas[] = {
	{ MADE_INFO_GPA, 4096 }, { TABLES_GPA, 4 * 4096 }, { MADE_IMAGE_GPA + 0x10000, 4096 },
#define IN_IMAGE(gva)	((gva) - MADE_IMAGE + MADE_IMAGE_GPA)
	{ IN_IMAGE(MADE_BTF), 1024 }, { IN_IMAGE(MADE_MODULE(0)), 3 * 4096 },
};

/* Of a list in circles, which has any number; and what of their files is looked at. */
#define TABLES_MAX	4
#define FILE_SIZE	(128 << 10)

static unsigned int nr_tables;
static void *vmlinux;
static size_t vmlinux_size;

static u8 ram[MADE_RAM_SIZE];
static struct made_memory made = { .ram = ram };
static int kernel = -1;

static int read_ram(void *arg __maybe_unused, u64 gpa, void *buf, size_t size)
{
	if (gpa > sizeof(ram) || size > sizeof(ram) - gpa)
		return -EFAULT;
	memcpy(buf, ram + gpa, size);
	return 0;
}

static struct guest_view view = { .read = read_ram };

static int check_symbol(void *arg, u64 addr __maybe_unused, char type, const char *name)
{
	u32 *nr = arg;
	size_t len = strlen(name);

	assert(len && len < GUEST_KSYM_SIZE);
	assert(((type | 0x20) >= 'a' && (type | 0x20) <= 'z') || type == '?');
	while (*name)
		assert(*name > ' ' && *name <= '~' && name++);
	assert(++*nr <= GUEST_KSYMS_MAX);
	return 0;
}

/* What is written is an ELF file, whatever else it is. */
static void load_tables(const void *file, size_t size, u64 text)
{
	const struct guest_orc_section section = { .name = ".text", .addr = text };
	struct guest_orc *orc = guest_orc__new();
	struct guest_elf elf;
	const char *why;

	assert(guest_elf__open(&elf, file, size) && elf.relocatable);
	assert(!guest_orc__add_kernel(orc, vmlinux, vmlinux_size, MADE_TEXT, NULL, &why));
	if (!guest_orc__add_module(orc, file, size, &section, 1, NULL, &why))
		guest_orc__find(orc, text + 0x40);
	guest_orc__delete(orc);
}

static void check_tables(const struct guest_module_orc *orc)
{
	static u8 data[FILE_SIZE];
	FILE *file;
	int err;

	if (!guest_module_orc__size(orc) || nr_tables++ == TABLES_MAX)
		return;
	file = fmemopen(data, sizeof(data), "w+");
	assert(file);
	err = guest_module_orc__write(file, &view, orc);
	fclose(file);
	if (!err)
		load_tables(data, min_t(u64, guest_module_orc__size(orc), sizeof(data)),
			    orc->text.start);
}

/* No valid name is longer than struct guest_module has it. */
static int check_module(void *arg __maybe_unused, const struct guest_module *module,
			const struct guest_module_orc *orc)
{
	check_tables(orc);
	assert(guest_module_name__valid(module->name));
	assert(module->start && module->start + module->size > module->start);
	return 0;
}

static int check_module_symbol(void *arg, const struct guest_module *module __maybe_unused,
			       u64 addr, char type, const char *name)
{
	/* a list in circles has the same ones again and again */
	*(u32 *)arg = 0;
	return check_symbol(arg, addr, type, name);
}

static void look(void)
{
	struct guest_vmcoreinfo info;
	u32 nr = 0;
	const struct guest_ram_modules modules = {
		.list = MADE_MODULES, .btf = MADE_BTF, .btf_end = MADE_BTF_END,
		.module = check_module, .symbol = check_module_symbol, .arg = &nr,
	};

	if (!guest_vmcoreinfo__parse(&info, (char *)ram + MADE_INFO_GPA, 4096))
		return;
	guest_view__begin(&view, guest_vmcoreinfo__gpa(&info, info.swapper_pg_dir),
			  info.five_levels);
	guest_ksyms__read(&view, &info.ksyms, check_symbol, &nr);
	nr_tables = 0;
	guest_ram_modules__read(&view, &modules);
}

static u8 *byte(const struct change *change)
{
	unsigned int area = change->area % ARRAY_SIZE(areas);

	return ram + areas[area].gpa + change->offset % areas[area].size;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct change changes[CHANGES_MAX];
	u8 before[CHANGES_MAX];
	int i, nr;

	if (!size)
		return 0;
	if (kernel != *data % MADE_KSYMS_NR) {
		kernel = *data % MADE_KSYMS_NR;
		memset(ram, 0, sizeof(ram));
		made_memory__kernel(&made, kernel, symbols, ARRAY_SIZE(symbols));
		made_memory__modules(&made, kernel < MADE_KSYMS_6_15);
	}
	nr = min_t(size_t, (size - 1) / sizeof(*changes), CHANGES_MAX);
	memcpy(changes, data + 1, nr * sizeof(*changes));
	for (i = 0; i < nr; i++) {
		before[i] = *byte(&changes[i]);
		*byte(&changes[i]) = changes[i].value;
	}
	look();
	while (nr--)
		*byte(&changes[nr]) = before[nr];
	return 0;
}

static void write_seed(const char *dir, u8 seed)
{
	const struct change none = { .offset = 4000 };
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%u", dir, seed);
	file = fopen(path, "w");
	if (!file)
		exit(1);
	fwrite(&seed, sizeof(seed), 1, file);
	fwrite(&none, sizeof(none), 1, file);
	fclose(file);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct made_entry entry = {
		MADE_TEXT, { .type = GUEST_ORC_CALL, .sp_reg = GUEST_ORC_REG_SP, .sp_offset = 8 },
		NULL
	};
	u8 seed;

	vmlinux = made_vmlinux(&entry, 1, MADE_6_4, &vmlinux_size);
	if (*argc != 3 || strcmp((*argv)[1], "--seeds"))
		return 0;
	for (seed = 0; seed < MADE_KSYMS_NR; seed++)
		write_seed((*argv)[2], seed);
	exit(0);
}
