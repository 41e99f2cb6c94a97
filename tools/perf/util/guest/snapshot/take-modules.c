// SPDX-License-Identifier: GPL-2.0
/*
 * Files, build-ids and section addresses of a guest's modules.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "guest/untrusted/dir.h"
#include "guest/vm/facts.h"
#include "guest/untrusted/file.h"
#include "guest/vm/vm.h"
#include "guest/snapshot/take-modules.h"
#include "guest/snapshot/take.h"

#define FILE_LIMIT	(64ULL << 20)	/* of one module with debug information */
#define TOTAL_LIMIT	(1ULL << 30)
#define DEP_LIMIT	(16 << 20)
#define DEPTH_MAX	6
#define ENTRIES_MAX	65536

struct copy {
	int	root;
	struct guest_dir *out;
	char	base[GUEST_NAME_MAX + 16];	/* lib/modules/RELEASE */
	char	(*names)[GUEST_NAME_MAX];
	bool	*done;
	u32	nr;
	u32	copied;
	u32	entries;
	u64	bytes;
};

/* Is a file name that of a module? '-' in file names is '_' in module names. */
static bool same_module(const char *file, const char *module)
{
	for (; *module; file++, module++) {
		if (*file != *module && !(*file == '-' && *module == '_'))
			return false;
	}
	return !strcmp(file, ".ko") || !strcmp(file, ".ko.xz") ||
	       !strcmp(file, ".ko.gz") || !strcmp(file, ".ko.zst");
}

static int wanted_module(struct copy *copy, const char *file)
{
	u32 i;

	for (i = 0; i < copy->nr; i++) {
		if (!copy->done[i] && same_module(file, copy->names[i]))
			return i;
	}
	return -1;
}

/*
 * perf finds modules anywhere below lib/modules/RELEASE: keep the name, not the
 * path, which is the guest's idea.
 */
static void copy_module(struct copy *copy, const char *path)
{
	const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;
	int module = wanted_module(copy, file);
	char from[PATH_MAX], to[PATH_MAX];
	u64 limit = min(FILE_LIMIT, TOTAL_LIMIT - copy->bytes);
	s64 size;

	if (module < 0 || copy->out->err ||
	    snprintf(from, sizeof(from), "%s/%s", copy->base, path) >= (int)sizeof(from))
		return;
	snprintf(to, sizeof(to), "%s/%s", copy->base, file);
	size = guest_file__copy(copy->root, from, copy->out, to, limit);
	if (size < 0)
		return;
	copy->done[module] = true;
	copy->copied++;
	copy->bytes += size;
}

/* modules.dep: "kernel/arch/x86/kvm/kvm.ko.xz: kernel/virt/lib/irqbypass.ko.xz" */
static int dep_line(void *arg, char *line)
{
	struct copy *copy = arg;

	line[strcspn(line, ":")] = '\0';
	copy_module(copy, line);
	return copy->copied == copy->nr;
}

/* What depmod(8) does not know. */
static void copy_dir(struct copy *copy, const char *path, int depth)
{
	char full[PATH_MAX], sub[PATH_MAX];
	struct dirent *entry;
	DIR *dir;
	int fd;

	snprintf(full, sizeof(full), "%s/%s", copy->base, path);
	fd = guest_file__opendir(copy->root, full);
	if (fd < 0)
		return;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return;
	}
	while (copy->copied < copy->nr && copy->entries < ENTRIES_MAX && (entry = readdir(dir))) {
		copy->entries++;
		if (*entry->d_name == '.' ||
		    snprintf(sub, sizeof(sub), "%s/%s", path, entry->d_name) >= (int)sizeof(sub))
			continue;
		if (strstr(entry->d_name, ".ko"))
			copy_module(copy, sub);
		else if (depth < DEPTH_MAX)
			copy_dir(copy, sub, depth + 1);
	}
	closedir(dir);
}

const char * const guest_module_sections[GUEST_MODULE_SECTIONS] = {
	".text", ".text.unlikely", ".text.hot", ".noinstr.text", ".static_call.text",
	".exit.text", ".altinstr_aux",
};

static void take_sections(int root, struct guest_dir *out, const char *module)
{
	char path[GUEST_NAME_MAX + 64], text[64];
	u64 address;
	FILE *file;
	size_t i;

	for (i = 0; i < GUEST_MODULE_SECTIONS; i++) {
		snprintf(path, sizeof(path), "sys/module/%s/sections/%s", module,
			 guest_module_sections[i]);
		if (guest_file__read(root, path, text, sizeof(text)) <= 0 ||
		    sscanf(text, "0x%" SCNx64, &address) != 1 || !address)
			continue;
		file = guest_dir__fcreate(out, path);
		if (!file)
			return;
		fprintf(file, "0x%016" PRIx64 "\n", address);
		guest_dir__fadd(out, file, path);
	}
}

u32 guest_snapshot__take_modules(int root, struct guest_dir *out, const char *release,
				 char (*modules)[GUEST_NAME_MAX], u32 nr)
{
	static const char * const dirs[] = { "updates", "extra", "misc", "weak-updates" };
	struct copy copy = { .root = root, .out = out, .names = modules, .nr = nr };
	char path[GUEST_NAME_MAX + 64];
	u32 i;

	for (i = 0; i < nr; i++) {
		snprintf(path, sizeof(path), "sys/module/%s/notes/.note.gnu.build-id", modules[i]);
		guest_snapshot__take_build_id(root, out, path);
		take_sections(root, out, modules[i]);
	}

	copy.done = calloc(nr ?: 1, sizeof(*copy.done));
	if (!copy.done)
		return 0;
	snprintf(copy.base, sizeof(copy.base), "lib/modules/%s", release);
	snprintf(path, sizeof(path), "%s/modules.dep", copy.base);
	guest_file__lines(root, path, DEP_LIMIT, dep_line, &copy);
	for (i = 0; i < ARRAY_SIZE(dirs) && copy.copied < nr; i++)
		copy_dir(&copy, dirs[i], 1);
	free(copy.done);
	return copy.copied;
}
