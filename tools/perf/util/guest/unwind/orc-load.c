// SPDX-License-Identifier: GPL-2.0
/*
 * Read a guest's kernel and modules in a process of its own, and hand over their tables.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <sys/mman.h>
#include "debug.h"
#include "guest/untrusted/child.h"
#include "guest/untrusted/elf.h"
#include "guest/vm/facts.h"
#include "guest/untrusted/file.h"
#include "guest/vm/vm.h"
#include "guest/unwind/orc-table.h"
#include "guest/unwind/orc-load.h"
#include "guest/snapshot/take-modules.h"
#include "guest/untrusted/unpack.h"
#include "guest/untrusted/printable.h"

#define MODULES_LIMIT	(4 << 20)

/*
 * The kernel and a hundred modules take a few seconds. After @CPU_SECONDS of its processor's
 * time no more modules are read; one that takes longer by itself is the end of the child.
 */
#define CPU_SECONDS	60
#define IDLE_MS		90000
#define TOTAL_MS	180000

/**
 * struct load - tables in the making, in the child
 * @root:     of the guest's files, -1 for none
 * @out:      where the tables are written to
 * @vmlinux:  a file of the host's, 0 for none
 * @build_id: of a module or the kernel, in @notes
 */
struct load {
	const struct guest_orc_source *source;
	struct guest_orc_loaded	      *loaded;
	struct guest_orc	      *orc;
	int			      root, out, vmlinux;
	char			      notes[8192];
	struct guest_build_id	      build_id;
};

static void set_why(struct load *load, const char *why)
{
	strlcpy(load->loaded->why, why, sizeof(load->loaded->why));
}

/* NULL if the guest does not tell: then nothing can be checked. */
static const struct guest_build_id *read_build_id(struct load *load, const char *path)
{
	struct guest_elf_section notes = { .name = "" };
	ssize_t size = guest_file__read(load->root, path, load->notes, sizeof(load->notes));

	if (size <= 0)
		return NULL;
	notes.data = (const u8 *)load->notes;
	notes.size = size;
	load->build_id.size = guest_elf__build_id(&notes, &load->build_id.data);
	return load->build_id.size ? &load->build_id : NULL;
}

/* Get the ELF file out of a file, packed or not, which is freed. */
static int unpack(void *file, size_t size, void **elf, size_t *elf_size, const char **why)
{
	int err = guest_vmlinuz__unpack(file, size, elf, elf_size, why);

	free(file);
	return err;
}

/* A file that fails leaves nothing in the tables, so that another one can be tried. */
static int add_kernel_elf(struct load *load, const void *elf, size_t size, const char **why)
{
	const struct guest_build_id *id = read_build_id(load, "sys/kernel/notes");
	int err;

	*why = "out of memory";
	load->orc = guest_orc__new();
	if (!load->orc)
		return -ENOMEM;
	err = guest_orc__add_kernel(load->orc, elf, size, load->source->text, id, why);
	if (err) {
		guest_orc__delete(load->orc);
		load->orc = NULL;
	}
	return err;
}

static int add_kernel(struct load *load, void *file, size_t size)
{
	const char *why = "";
	size_t elf_size;
	void *elf;
	int err;

	err = unpack(file, size, &elf, &elf_size, &why);
	if (!err) {
		err = add_kernel_elf(load, elf, elf_size, &why);
		free(elf);
	}
	if (err)
		set_why(load, why);
	return err;
}

/*
 * The file named may be another guest's, or have no tables. guest_debuginfo__use() warns of
 * the first, whether or not the guest has a file of its own.
 */
static int find_kernel(struct load *load)
{
	char path[GUEST_NAME_MAX + 32];
	size_t size;
	void *file;

	if (load->source->vmlinux && !load->vmlinux)
		set_why(load, "no such file as --guestvmlinux");
	if (load->vmlinux) {
		set_why(load, "unreadable file");
		if (!guest_file__load_fd(load->vmlinux, GUEST_VMLINUZ_MAX, &file, &size) &&
		    !add_kernel(load, file, size))
			return 0;
	}
	if (load->root >= 0 &&
	    guest_kernel__find(load->root, load->source->release, path, sizeof(path))) {
		set_why(load, "unreadable file");
		return guest_file__load(load->root, path, GUEST_VMLINUZ_MAX, &file, &size) ?:
		       add_kernel(load, file, size);
	}
	/* who has named a file is told what is wrong with that one */
	if (!load->source->vmlinux)
		set_why(load, "no file of its kernel in its /boot");
	return -ENOENT;
}

static unsigned int read_sections(struct load *load, const char *module,
				  struct guest_orc_section *sections)
{
	char path[GUEST_NAME_MAX + 64], text[64];
	unsigned int i, nr = 0;

	for (i = 0; i < GUEST_MODULE_SECTIONS; i++) {
		snprintf(path, sizeof(path), "sys/module/%s/sections/%s", module,
			 guest_module_sections[i]);
		if (guest_file__read(load->root, path, text, sizeof(text)) <= 0 ||
		    sscanf(text, "0x%" SCNx64, &sections[nr].addr) != 1)
			continue;
		sections[nr++].name = guest_module_sections[i];
	}
	return nr;
}

static int read_module(struct load *load, const char *name, void **elf, size_t *size,
		       const char **why)
{
	static const char * const suffixes[] = { "ko", "ko.xz", "ko.zst", "ko.gz" };
	char path[2 * GUEST_NAME_MAX + 32], file[GUEST_NAME_MAX];
	int dashes, err = -ENOENT;
	size_t i, packed_size;
	void *packed;

	/* the kernel has made '_' of what may be '-' in the file's name */
	strlcpy(file, name, sizeof(file));
	for (dashes = 0; err == -ENOENT && dashes < 2; dashes++) {
		for (i = 0; err == -ENOENT && i < ARRAY_SIZE(suffixes); i++) {
			snprintf(path, sizeof(path), "lib/modules/%s/%s.%s", load->source->release,
				 file, suffixes[i]);
			err = guest_file__load(load->root, path, GUEST_VMLINUZ_MAX, &packed,
					       &packed_size) ?:
			      unpack(packed, packed_size, elf, size, why);
		}
		for (i = 0; file[i]; i++)
			file[i] = file[i] == '_' ? '-' : file[i];
	}
	return err;
}

static int add_module(struct load *load, const char *name)
{
	struct guest_orc_section sections[GUEST_MODULE_SECTIONS];
	char path[GUEST_NAME_MAX + 64];
	unsigned int nr = read_sections(load, name, sections);
	const struct guest_build_id *id;
	const char *why = "";
	size_t size;
	void *elf;
	int err;

	err = read_module(load, name, &elf, &size, &why);
	if (!err) {
		snprintf(path, sizeof(path), "sys/module/%s/notes/.note.gnu.build-id", name);
		id = read_build_id(load, path);
		err = guest_orc__add_module(load->orc, elf, size, sections, nr, id, &why);
		free(elf);
	}
	return err;
}

static bool has_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec < CPU_SECONDS;
}

static int module_line(void *arg, char *line)
{
	struct load *load = arg;

	line[strcspn(line, " ")] = '\0';
	if (!guest_module_name__valid(line))
		return 0;
	if (!has_time() || add_module(load, line))
		load->loaded->failed++;
	else
		load->loaded->modules++;
	return 0;
}

/* In the other process. */
static int load_child(void *arg, void *result, int root)
{
	struct load *load = arg;
	int err;

	load->loaded = result;
	load->root = root;
	memset(result, 0, sizeof(*load->loaded));
	err = find_kernel(load);
	if (err)
		return 0;	/* the result says why */
	set_why(load, "");
	if (root >= 0)
		guest_file__lines(root, "proc/modules", MODULES_LIMIT, module_line, load);
	return guest_orc__write(load->orc, load->out);
}

static bool loaded_is_valid(const void *result)
{
	const struct guest_orc_loaded *loaded = result;

	return strnlen(loaded->why, sizeof(loaded->why)) < sizeof(loaded->why) &&
	       text__is_printable(loaded->why) && loaded->modules <= MODULES_LIMIT &&
	       loaded->failed <= MODULES_LIMIT;
}

static struct guest_orc *run_child(struct load *load, struct guest_orc_loaded *loaded)
{
	const struct guest_child child = {
		.fn = load_child, .arg = load, .check = loaded_is_valid,
		.dir = load->source->dir, .fd = load->out, .input = load->vmlinux,
		.idle_ms = IDLE_MS, .total_ms = TOTAL_MS, .file_max = 2 * GUEST_ORC_MEMORY_MAX,
	};
	struct guest_orc *orc = NULL;
	const char *why = NULL;
	int err = guest_child__run(&child, loaded, sizeof(*loaded));

	if (err)
		why = err == -ETIMEDOUT ? "its files take too long to read" :
					  "its files cannot be read";
	else if (!*loaded->why)
		orc = guest_orc__read(load->out, &why);
	if (!orc && why)
		strlcpy(loaded->why, why, sizeof(loaded->why));
	return orc;
}

struct guest_orc *guest_orc__load(const struct guest_orc_source *source,
				  struct guest_orc_loaded *loaded)
{
	struct load load = { .source = source };
	struct guest_orc *orc = NULL;

	memset(loaded, 0, sizeof(*loaded));
	load.out = memfd_create("guest ORC tables", MFD_CLOEXEC);
	if (load.out < 0) {
		strlcpy(loaded->why, "out of memory", sizeof(loaded->why));
		return NULL;
	}
	if (source->vmlinux)
		load.vmlinux = open(source->vmlinux, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	load.vmlinux = max(load.vmlinux, 0);
	orc = run_child(&load, loaded);
	if (load.vmlinux)
		close(load.vmlinux);
	close(load.out);
	return orc;
}
