// SPDX-License-Identifier: GPL-2.0
/*
 * A guest's memory under libFuzzer: VMCOREINFO, page tables, the tables of symbols, BTF and
 * modules, right ones at first, with bytes of them changed. The first byte says which kernel's
 * they are.
 *
 * memory-fuzz --seeds DIR writes inputs to start from.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include "tests/guest/made-modules.h"
#include "util/guest/memory/ksyms.h"
#include "util/guest/memory/modules.h"
#include "util/guest/memory/view.h"
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

/* No valid name is longer than struct guest_module has it. */
static int check_module(void *arg __maybe_unused, const struct guest_module *module)
{
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
	static struct guest_view view = { .read = read_ram };
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
	u8 seed;

	if (*argc != 3 || strcmp((*argv)[1], "--seeds"))
		return 0;
	for (seed = 0; seed < MADE_KSYMS_NR; seed++)
		write_seed((*argv)[2], seed);
	exit(0);
}
