// SPDX-License-Identifier: GPL-2.0
/*
 * Take a guest's symbol sources along with a recording.
 */
#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <sys/stat.h>
#include "guest/untrusted/child.h"
#include "guest/untrusted/dir.h"
#include "guest/untrusted/elf.h"
#include "guest/memory/find.h"
#include "guest/vm/facts.h"
#include "guest/untrusted/file.h"
#include "guest/vm/print.h"
#include "guest/vm/vm.h"
#include "guest/snapshot/cache.h"
#include "guest/snapshot/processes.h"
#include "guest/snapshot/lookup.h"
#include "guest/snapshot/take-modules.h"
#include "guest/snapshot/take-processes.h"
#include "guest/snapshot/take.h"
#include "guest/snapshot/take-kcore.h"
#include "symbol_conf.h"

#define SNAPSHOT_IDLE_MS 15000
/* of a guest that always has one more byte; programs are up to 1 GiB */
#define TOTAL_MS	120000
#define FILES_TOTAL_MS	300000
#define CONFIG_LIMIT	(4 << 20)
#define KERNEL_LIMIT	(256ULL << 20)
/* Files take whole blocks; directories take some, too */
#define ROUNDING	(512ULL << 20)

void guest_snapshot__dir(char *dir, size_t size, const char *perf_data)
{
	snprintf(dir, size, "%s.guests", perf_data);
}

struct kallsyms_copy {
	FILE	*file;
	bool	(*wants)(void *arg, const char *module);
	void	*arg;
	u64	symbols, bytes;
};

static int kallsyms_line(void *arg, char *line)
{
	struct kallsyms_copy *copy = arg;
	struct guest_symbol sym;
	int len;

	/* perf takes a symbol at 0 for a sign of kptr_restrict */
	if (!guest_symbol__parse(&sym, line) || (!sym.start && tolower(sym.type) != 'a') ||
	    (copy->wants && !copy->wants(copy->arg, sym.module)))
		return 0;
	/* addresses may be longer than they were, as short as 0 */
	if (copy->bytes + GUEST_LINE_MAX + 32 > GUEST_KALLSYMS_LIMIT)
		return -EFBIG;
	copy->symbols++;
	if (*sym.module)
		len = fprintf(copy->file, "%016" PRIx64 " %c %s\t[%s]\n", sym.start, sym.type,
			      sym.name, sym.module);
	else
		len = fprintf(copy->file, "%016" PRIx64 " %c %s\n", sym.start, sym.type,
			      sym.name);
	copy->bytes += max(len, 0);
	return ferror(copy->file) ? -EIO : 0;
}

u64 guest_snapshot__copy_kallsyms(int root, FILE *file,
				  bool (*wants)(void *arg, const char *module), void *arg)
{
	struct kallsyms_copy copy = {
		.file = file, .wants = wants, .arg = arg, .bytes = ftello(file),
	};

	guest_file__lines(root, "proc/kallsyms", GUEST_KALLSYMS_LIMIT, kallsyms_line, &copy);
	return copy.symbols;
}

/* Return: the number of symbols */
static u64 take_kallsyms(int root, struct guest_dir *out)
{
	FILE *file = guest_dir__fcreate(out, "proc/kallsyms");
	u64 symbols;

	if (!file)
		return 0;
	symbols = guest_snapshot__copy_kallsyms(root, file, NULL, NULL);
	if (symbols)
		return guest_dir__fadd(out, file, "proc/kallsyms") ? 0 : symbols;
	guest_dir__fdrop(out, file);
	return 0;
}

static void copy_modules(int root, struct guest_dir *out, const char *release,
			 struct guest_module *modules, char (*names)[GUEST_NAME_MAX],
			 struct guest_snapshot *snapshot)
{
	FILE *file = guest_dir__fcreate(out, "proc/modules");
	int nr, i;

	if (!file)
		return;
	/* those that come before an error are something */
	guest_modules__read(root, modules, &nr);
	for (i = 0; i < nr; i++) {
		guest_module__fprintf(&modules[i], file);
		strlcpy(names[i], modules[i].name, GUEST_NAME_MAX);
	}
	if (guest_dir__fadd(out, file, "proc/modules"))
		return;
	snapshot->modules = nr;
	snapshot->module_files = guest_snapshot__take_modules(root, out, release, names, nr);
}

static void take_modules(int root, struct guest_dir *out, const char *release,
			 struct guest_snapshot *snapshot)
{
	struct guest_module *modules = calloc(GUEST_MODULES_MAX, sizeof(*modules));
	char (*names)[GUEST_NAME_MAX] = calloc(GUEST_MODULES_MAX, sizeof(*names));

	if (modules && names)
		copy_modules(root, out, release, modules, names, snapshot);
	free(names);
	free(modules);
}

/* What is in front of a build-id in its note: sizes, type, and "GNU". */
#define BUILD_ID_HEAD	(sizeof(Elf64_Nhdr) + sizeof("GNU"))
#define BUILD_ID_MAX	20

void guest_snapshot__take_build_id(int root, struct guest_dir *out, const char *path)
{
	struct guest_elf_section section = { .name = "" };
	char notes[8192] __aligned(8);
	const u8 *id;
	ssize_t size;
	size_t len;
	FILE *file;

	size = guest_file__read(root, path, notes, sizeof(notes));
	if (size <= 0)
		return;
	section.data = (const u8 *)notes;
	section.size = size;
	len = guest_elf__build_id(&section, &id);
	if (!len || len > BUILD_ID_MAX)
		return;
	file = guest_dir__fcreate(out, path);
	if (!file)
		return;
	fwrite(id - BUILD_ID_HEAD, BUILD_ID_HEAD + ((len + 3) & ~3UL), 1, file);
	guest_dir__fadd(out, file, path);
}

static int config_line(void *arg, char *line)
{
	static const char known[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_=yn";
	static const char * const facts[] = {
		"CONFIG_UNWINDER_", "CONFIG_FRAME_POINTER", "CONFIG_KALLSYMS",
		"CONFIG_RANDOMIZE_BASE", "CONFIG_X86_64", "CONFIG_ARM64",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(facts); i++) {
		if (strstarts(line, facts[i]) && strspn(line, known) == strlen(line))
			fprintf(arg, "%s\n", line);
	}
	return 0;
}

static void take_config(int root, struct guest_dir *out, const char *release)
{
	char path[GUEST_NAME_MAX + 16];
	FILE *file;

	snprintf(path, sizeof(path), "boot/config-%s", release);
	file = guest_dir__fcreate(out, path);
	if (!file)
		return;
	guest_file__lines(root, path, CONFIG_LIMIT, config_line, file);
	if (ftell(file))
		guest_dir__fadd(out, file, path);
	else
		guest_dir__fdrop(out, file);
}

/* The kernel itself, for its ORC tables and its vDSO. */
static bool take_kernel(int root, struct guest_dir *out, const char *release)
{
	char from[GUEST_NAME_MAX + 32], to[GUEST_NAME_MAX + 32];

	if (!guest_kernel__find(root, release, from, sizeof(from)))
		return false;
	snprintf(to, sizeof(to), "boot/vmlinuz-%s", release);
	return guest_file__copy(root, from, out, to, KERNEL_LIMIT) >= 0;
}

bool guest_file__boot_id(int root, char *id)
{
	ssize_t size = guest_file__read(root, GUEST_BOOT_ID, id, GUEST_BOOT_ID_SIZE);

	if (size < 0)
		return false;
	id[strcspn(id, "\n")] = '\0';
	return *id && strspn(id, "0123456789abcdef-") == strlen(id);
}

/* By this it is known, later, that it is still the same kernel that runs. */
static void take_boot_id(int root, struct guest_dir *out)
{
	char id[GUEST_BOOT_ID_SIZE];
	FILE *file;

	if (!guest_file__boot_id(root, id))
		return;
	file = guest_dir__fcreate(out, GUEST_BOOT_ID);
	if (!file)
		return;
	fprintf(file, "%s\n", id);
	guest_dir__fadd(out, file, GUEST_BOOT_ID);
}

static void take_version(struct guest_dir *out, const char *release)
{
	FILE *file = guest_dir__fcreate(out, "proc/version");

	if (!file)
		return;
	/* perf looks for the space behind the release */
	fprintf(file, "Linux version %s ", release);
	fputc('\n', file);
	guest_dir__fadd(out, file, "proc/version");
}

/* @out: the guest's directory in the snapshot */
struct take {
	const struct guest *guest;
	struct guest_dir   out;
	unsigned int	   what;
};

/* What to judge guesses by. */
static bool wants_code(const struct take *take, const struct guest_snapshot *snapshot)
{
	if (take->what & GUEST_SNAPSHOT_CODE)
		return true;
	return take->what & GUEST_SNAPSHOT_CODE_FOR_TABLES && !snapshot->kernel &&
	       take->guest->facts.unwind != GUEST_UNWIND_FP;
}

static int take_kernel_sources(struct take *take, int root, struct guest_snapshot *snapshot)
{
	const struct guest *guest = take->guest;
	struct guest_dir *out = &take->out;
	char release[GUEST_NAME_MAX];
	int err;

	take_boot_id(root, out);
	guest_snapshot__take_build_id(root, out, "sys/kernel/notes");
	err = guest_file__release(root, release, sizeof(release));
	if (!err) {
		take_version(out, release);
		take_config(root, out, release);
		/* the processes' vDSO is in it, too */
		if (guest->facts.unwind != GUEST_UNWIND_FP ||
		    (take->what & GUEST_SNAPSHOT_FILES))
			snapshot->kernel = take_kernel(root, out, release);
		take_modules(root, out, release, snapshot);
	}
	/* comes a page at a time, whatever the mount: if time runs out, then here */
	snapshot->symbols = take_kallsyms(root, out);
	if (wants_code(take, snapshot))
		guest_text__take(root, out);
	return snapshot->symbols ? 0 : err;
}

static int take_child(void *arg, void *result, int root)
{
	struct guest_snapshot *snapshot = result;
	struct take *take = arg;
	int err = 0;

	memset(snapshot, 0, sizeof(*snapshot));
	if (take->what & GUEST_SNAPSHOT_KERNEL)
		err = take_kernel_sources(take, root, snapshot);
	if (!take->out.err && take->what & GUEST_SNAPSHOT_PROCESSES)
		guest_snapshot__take_processes(root, &take->out, take->what & GUEST_SNAPSHOT_FILES,
					       snapshot);
	snapshot->left_out = take->out.left_out;
	/* a tree without a /proc is of use for the names of its program */
	if (snapshot->processes && err == -ENOENT)
		err = 0;
	return take->out.err ?: err;
}

static bool snapshot_is_valid(const void *result)
{
	const struct guest_snapshot *snapshot = result;

	return snapshot->modules <= GUEST_MODULES_MAX && *(const u8 *)&snapshot->kernel <= 1 &&
	       snapshot->module_files <= snapshot->modules &&
	       snapshot->processes <= GUEST_PROCESSES_MAX &&
	       snapshot->user_files <= GUEST_FILES_MAX;
}

/* That is not for the child to say which reads the mount. */
static void nothing_else(struct guest_snapshot *snapshot)
{
	snapshot->cached = false;
	snapshot->memory_err = -ECANCELED;
	snapshot->modules_err = 0;
	memset(&snapshot->facts, 0, sizeof(snapshot->facts));
}

static int run_child(struct take *take, struct guest_snapshot *snapshot)
{
	char waiting[GUEST_NAME_MAX + 64];
	const struct guest_child child = {
		.fn = take_child, .arg = take, .check = snapshot_is_valid,
		.dir = take->guest->mount, .mounted = true, .out = take->out.fd,
		.file_max = GUEST_SNAPSHOT_MAX,
		.idle_ms = SNAPSHOT_IDLE_MS,
		.total_ms = take->what & GUEST_SNAPSHOT_FILES ? FILES_TOTAL_MS : TOTAL_MS,
		.waiting = waiting,
	};
	int err;

	snprintf(waiting, sizeof(waiting), "%s: taking its symbols along", take->guest->name);
	guest_dir__limit(&take->out, GUEST_SNAPSHOT_MAX);
	err = guest_child__run(&child, snapshot, sizeof(*snapshot));
	nothing_else(snapshot);
	return err;
}

/* The kernel's part comes by itself, so that it is what is kept of it. */
static int take_kernel_part(struct take *take, const struct guest_cache *cache,
			    struct guest_snapshot *snapshot)
{
	const unsigned int what = take->what;
	int err = guest_cache__get(cache, take->out.fd, snapshot);

	if (!err) {
		snapshot->cached = true;
		return 0;
	}
	take->what = what & ~GUEST_SNAPSHOT_PROCESSES;
	err = run_child(take, snapshot);
	take->what = what;
	if (!err && !snapshot->left_out)
		guest_cache__put(cache, take->out.fd, snapshot);
	return err;
}

static int take_by_cache(struct take *take, const struct guest_cache *cache,
			 struct guest_snapshot *snapshot)
{
	struct guest_snapshot processes = { .processes = 0 };
	int err = take_kernel_part(take, cache, snapshot);

	if (!(take->what & GUEST_SNAPSHOT_PROCESSES) || err)
		return err;
	take->what &= ~GUEST_SNAPSHOT_KERNEL;
	err = run_child(take, &processes);
	snapshot->processes = processes.processes;
	snapshot->user_files = processes.user_files;
	snapshot->left_out += processes.left_out;
	return err;
}

static int take_mounted(struct take *take, const char *cache_dir, struct guest_snapshot *snapshot)
{
	unsigned int matters = GUEST_SNAPSHOT_FILES | GUEST_SNAPSHOT_CODE |
			       GUEST_SNAPSHOT_CODE_FOR_TABLES;
	struct guest_cache cache;
	int err;

	/* what cannot be told apart from another boot's is not kept */
	if (!cache_dir || !(take->what & GUEST_SNAPSHOT_KERNEL) ||
	    guest_cache__open(&cache, cache_dir, take->guest, take->what & matters))
		return run_child(take, snapshot);
	err = take_by_cache(take, &cache, snapshot);
	guest_cache__close(&cache);
	return err;
}

/* What does not come from the guest but from its VMM. */
static int write_info(const struct guest *guest, int fd)
{
	struct guest_dir out = { .fd = fd };
	FILE *file = guest_dir__fcreate(&out, "guest");

	if (!file)
		return out.err ?: -EIO;
	fprintf(file, "name %s\nvmm %s\nvcpus %d\nrelease %s\nunwind %s\nprotection %s\n",
		guest->name, guest->vmm, guest->nr_vcpus, guest->facts.release,
		guest_unwind__name(guest->facts.unwind), guest->protection);
	return guest_dir__fadd(&out, file, "guest");
}

int guest_snapshot__finish(const struct guest *guest, int dir)
{
	bool good;
	int err;

	/* what it was writing when its time was up */
	guest_dir__remove(dir, GUEST_DIR_PART);
	/* as much when it is taken, and when it is looked at again */
	good = guest_dir__holds(dir, 2 * GUEST_SNAPSHOT_MAX + ROUNDING, GUEST_SNAPSHOT_NAMES);
	if (!good)
		guest_dir__empty(dir);
	err = write_info(guest, dir);
	if (err == -EISDIR) {
		guest_dir__remove(dir, "guest");
		err = write_info(guest, dir);
	}
	return err ?: good ? 0 : -EBADMSG;
}

int guest_snapshot__open(int dir, pid_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", pid);
	return guest_dir__open(dir, name, O_RDONLY | O_DIRECTORY, 0);
}

/* A mount has more, if only in files. One whose files cannot be written is not to be tried. */
static bool wants_memory(const struct take *take, int err)
{
	return take->what & GUEST_SNAPSHOT_MEMORY && !*take->guest->mount && !err;
}

static void take_memory(struct take *take, struct guest_snapshot *snapshot)
{
	struct guest_memory memory;

	snapshot->memory_err = guest_memory__take(take->guest, NULL, take->out.fd, &memory);
	if (snapshot->memory_err) {
		/* files of a kernel that is not known in full; there are no others yet */
		guest_dir__empty(take->out.fd);
		return;
	}
	snapshot->symbols = memory.written.symbols;
	snapshot->modules = memory.written.modules;
	snapshot->module_files = memory.written.tables;
	snapshot->kernel = memory.written.orc;
	snapshot->modules_err = memory.written.why;
	snapshot->facts = memory.facts;
}

int guest_snapshot__take(const struct guest *guest, int dir, unsigned int what,
			 const char *cache, struct guest_snapshot *snapshot)
{
	struct take take = { .guest = guest, .what = what };
	int err = 0, finish_err;
	struct guest seen;
	char name[16];

	memset(snapshot, 0, sizeof(*snapshot));
	nothing_else(snapshot);
	snprintf(name, sizeof(name), "%d", guest->pid);
	if (mkdirat(dir, name, 0700) < 0)
		return -errno;
	take.out.fd = guest_snapshot__open(dir, guest->pid);
	if (take.out.fd < 0)
		return take.out.fd;
	if (*guest->mount)
		err = take_mounted(&take, cache, snapshot);
	seen = *guest;
	if (wants_memory(&take, err)) {
		take_memory(&take, snapshot);
		if (!snapshot->memory_err)
			seen.facts = snapshot->facts;
	}
	finish_err = guest_snapshot__finish(&seen, take.out.fd);
	close(take.out.fd);
	return err ?: finish_err;
}
