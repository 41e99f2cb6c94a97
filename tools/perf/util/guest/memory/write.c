// SPDX-License-Identifier: GPL-2.0
/*
 * Write a guest's kernel down.
 */
#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include "guest/memory/ksyms.h"
#include "guest/memory/module-orc.h"
#include "guest/memory/modules.h"
#include "guest/memory/orc.h"
#include "guest/memory/vmcoreinfo.h"
#include "guest/memory/write.h"
#include "guest/untrusted/child.h"
#include "guest/untrusted/dir.h"
#include "guest/vm/facts.h"

/*
 * Symbols and modules on their way
 * @file:   proc/kallsyms
 * @ram, @orc: where modules and tables are; filled in while the kernel's own symbols come
 * @module, @tables: those that were read, @written->modules of them
 */
struct copy {
	FILE *file;
	u64  bytes;
	struct guest_written	 *written;
	struct guest_ram_modules ram;
	struct guest_ram_orc	 orc;
	struct guest_module	 module[GUEST_MODULES_MAX];
	struct guest_module_orc	 tables[GUEST_MODULES_MAX];
};

static int write_symbol(struct copy *copy, u64 addr, char type, const char *name,
			const char *module)
{
	int len;

	/* perf takes a symbol at 0 for a sign of kptr_restrict */
	if (!addr && tolower(type) != 'a')
		return 0;
	if (copy->bytes + GUEST_KSYM_SIZE + GUEST_NAME_MAX + 32 > GUEST_KALLSYMS_LIMIT)
		return -EFBIG;
	if (module)
		len = fprintf(copy->file, "%016" PRIx64 " %c %s\t[%s]\n", addr, type, name, module);
	else
		len = fprintf(copy->file, "%016" PRIx64 " %c %s\n", addr, type, name);
	copy->bytes += max(len, 0);
	copy->written->symbols++;
	return ferror(copy->file) ? -EIO : 0;
}

/* Where other things are, by the names of symbols. */
static const struct {
	const char *name;
	size_t	   offset;
} places[] = {
	{ "__start_BTF",	   offsetof(struct copy, ram.btf) },
	{ "__stop_BTF",		   offsetof(struct copy, ram.btf_end) },
	{ "__start_orc_unwind_ip", offsetof(struct copy, orc.ip.start) },
	{ "__stop_orc_unwind_ip",  offsetof(struct copy, orc.ip.end) },
	{ "__start_orc_unwind",	   offsetof(struct copy, orc.entries.start) },
	{ "__stop_orc_unwind",	   offsetof(struct copy, orc.entries.end) },
	{ "__start_orc_header",	   offsetof(struct copy, orc.header.start) },
	{ "__stop_orc_header",	   offsetof(struct copy, orc.header.end) },
	{ "_stext",		   offsetof(struct copy, orc.text.start) },
	{ "_etext",		   offsetof(struct copy, orc.text.end) },
	{ "_end",		   offsetof(struct copy, orc.image_end) },
};

static void note_place(struct copy *copy, u64 addr, char type, const char *name)
{
	size_t i;

	/* no other name of these is such a plain word */
	if (!strcmp(name, "modules") && strchr("bd", tolower(type)))
		copy->ram.list = addr;
	for (i = 0; *name == '_' && i < ARRAY_SIZE(places); i++) {
		if (!strcmp(name, places[i].name))
			*(u64 *)((char *)copy + places[i].offset) = addr;
	}
}

static int kernel_symbol(void *arg, u64 addr, char type, const char *name)
{
	struct copy *copy = arg;

	note_place(copy, addr, type, name);
	return write_symbol(copy, addr, type, name, NULL);
}

static int one_module(void *arg, const struct guest_module *module,
		      const struct guest_module_orc *orc)
{
	struct copy *copy = arg;

	if (copy->written->modules == GUEST_MODULES_MAX)
		return -E2BIG;
	copy->tables[copy->written->modules] = *orc;
	copy->module[copy->written->modules++] = *module;
	return 0;
}

static int module_symbol(void *arg, const struct guest_module *module, u64 addr, char type,
			 const char *name)
{
	return write_symbol(arg, addr, type, name, module->name);
}

static int write_all_symbols(struct copy *copy, struct guest_view *view,
			     const struct guest_vmcoreinfo *info, bool modules)
{
	int err = guest_ksyms__read(view, &info->ksyms, kernel_symbol, copy);

	if (err || !modules)
		return err;
	err = guest_ram_modules__read(view, &copy->ram);
	copy->written->why = err;
	return err == -ENODATA ? 0 : err;
}

static int write_symbols(struct copy *copy, struct guest_dir *out, struct guest_view *view,
			 const struct guest_vmcoreinfo *info, bool modules)
{
	int err;

	copy->file = guest_dir__fcreate(out, "proc/kallsyms");
	if (!copy->file)
		return out->err ?: -EIO;
	err = write_all_symbols(copy, view, info, modules);
	if (!err)
		return guest_dir__fadd(out, copy->file, "proc/kallsyms");
	guest_dir__fdrop(out, copy->file);
	return err;
}

static void write_modules(const struct copy *copy, struct guest_dir *out)
{
	FILE *file = guest_dir__fcreate(out, "proc/modules");
	u32 i;

	if (!file)
		return;
	for (i = 0; i < copy->written->modules; i++)
		guest_module__fprintf(&copy->module[i], file);
	guest_dir__fadd(out, file, "proc/modules");
}

static void write_version(struct guest_dir *out, const struct guest_vmcoreinfo *info)
{
	FILE *file = guest_dir__fcreate(out, "proc/version");

	if (!file)
		return;
	/* with the space that perf looks for behind the release */
	fprintf(file, "Linux version %s ()\n", info->release);
	guest_dir__fadd(out, file, "proc/version");
}

static void write_build_id(struct guest_dir *out, const struct guest_vmcoreinfo *info)
{
	const Elf64_Nhdr note = {
		.n_namesz = sizeof("GNU"), .n_descsz = info->build_id_size,
		.n_type = NT_GNU_BUILD_ID,
	};
	FILE *file;

	/* no padding is needed behind such */
	if (!info->build_id_size || info->build_id_size % 4)
		return;
	file = guest_dir__fcreate(out, "sys/kernel/notes");
	if (!file)
		return;
	fwrite(&note, sizeof(note), 1, file);
	fwrite("GNU", sizeof("GNU"), 1, file);
	fwrite(info->build_id, info->build_id_size, 1, file);
	guest_dir__fadd(out, file, "sys/kernel/notes");
}

static void write_text_addr(struct guest_dir *out, const char *module, u64 addr)
{
	char path[GUEST_NAME_MAX + 64];
	FILE *file;

	snprintf(path, sizeof(path), "sys/module/%s/sections/.text", module);
	file = guest_dir__fcreate(out, path);
	if (!file)
		return;
	fprintf(file, "0x%016" PRIx64 "\n", addr);
	guest_dir__fadd(out, file, path);
}

static int write_module(const struct copy *copy, struct guest_dir *out, struct guest_view *view,
			const char *release, u32 i)
{
	const struct guest_module_orc *orc = &copy->tables[i];
	u64 size = guest_module_orc__size(orc);
	char path[2 * GUEST_NAME_MAX + 32];
	FILE *file;
	int err;

	if (!size)
		return -ENODATA;
	if (size > guest_dir__left(out))
		return -EFBIG;
	snprintf(path, sizeof(path), "lib/modules/%s/%s.ko", release, copy->module[i].name);
	file = guest_dir__fcreate(out, path);
	if (!file)
		return out->err ?: -EIO;
	err = guest_module_orc__write(file, view, orc);
	if (!err)
		err = guest_dir__fadd(out, file, path);
	else
		guest_dir__fdrop(out, file);
	if (!err)
		write_text_addr(out, copy->module[i].name, orc->text.start);
	return err;
}

/* After all else: a guest that is slow to read, or has too much of them, is without the rest. */
static void write_module_tables(const struct copy *copy, struct guest_dir *out,
				struct guest_view *view, const char *release, s64 until)
{
	u32 i;

	for (i = 0; i < copy->written->modules && !out->err; i++) {
		if (guest_child__now_ms() >= until)
			break;
		if (!write_module(copy, out, view, release, i))
			copy->written->tables++;
	}
}

int guest_memory__write(struct guest_dir *out, struct guest_view *view,
			const struct guest_vmcoreinfo *info, bool modules, s64 until,
			struct guest_written *written)
{
	struct copy *copy = calloc(1, sizeof(*copy));
	int err;

	if (!copy)
		return -ENOMEM;
	memset(written, 0, sizeof(*written));
	copy->written = written;
	copy->ram.module = one_module;
	copy->ram.symbol = module_symbol;
	copy->ram.arg = copy;
	err = write_symbols(copy, out, view, info, modules);
	if (!err) {
		write_modules(copy, out);
		write_version(out, info);
		write_build_id(out, info);
		copy->orc.btf = (struct guest_range){ copy->ram.btf, copy->ram.btf_end };
		written->orc = !guest_ram_orc__write(out, view, info, &copy->orc);
		/* these are of no use alone */
		if (written->orc)
			write_module_tables(copy, out, view, info->release, until);
		err = out->err;
	}
	free(copy);
	return err;
}
