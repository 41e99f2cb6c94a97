// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/jhash.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include "debug.h"
#include "guest/untrusted/child.h"
#include "guest/untrusted/dir.h"
#include "guest/untrusted/file.h"
#include "guest/vm/facts.h"
#include "guest/vm/mount-owner.h"
#include "guest/vm/vm.h"
#include "guest/snapshot/cache.h"
#include "header.h"

#define IDLE_MS		15000
#define DEPTH_MAX	16
#define KEY		"key"
#define KERNEL		"kernel"

/* What a guest's mount says now */
struct boot {
	char id[GUEST_BOOT_ID_SIZE];
	u32  modules;
};

static int boot_child(void *arg __maybe_unused, void *result, int root)
{
	struct guest_module *modules = calloc(GUEST_MODULES_MAX, sizeof(*modules));
	struct boot *boot = result;
	int nr, i;

	memset(boot, 0, sizeof(*boot));
	if (!modules)
		return -ENOMEM;
	if (!guest_file__boot_id(root, boot->id) || guest_modules__read(root, modules, &nr)) {
		free(modules);
		return -ENOENT;
	}
	for (i = 0; i < nr; i++) {
		boot->modules = jhash(modules[i].name, strlen(modules[i].name), boot->modules);
		boot->modules = jhash(&modules[i].start, 2 * sizeof(u64), boot->modules);
	}
	free(modules);
	return 0;
}

static bool boot_is_valid(const void *result)
{
	const struct boot *boot = result;
	size_t len = strnlen(boot->id, sizeof(boot->id));

	return len && len < sizeof(boot->id) && strspn(boot->id, "0123456789abcdef-") == len;
}

static int read_boot(const struct guest *guest, struct boot *boot)
{
	const struct guest_child child = {
		.fn = boot_child, .check = boot_is_valid, .dir = guest->mount, .mounted = true,
		.idle_ms = IDLE_MS, .total_ms = IDLE_MS,
	};

	return guest_child__run(&child, boot, sizeof(*boot));
}

/* Others must not put anything there. */
static int open_dir(const char *path)
{
	int fd;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (guest_dir__is_own(fd, 022))
		return fd;
	close(fd);
	return -EPERM;
}

static void forget(const struct guest_cache *cache, pid_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", pid);
	guest_dir__remove(cache->dir, name);
	guest_mount__forget_owner(pid, cache->path);
}

static void forget_ended(const struct guest_cache *cache)
{
	DIR *list = guest_dir__list(cache->dir);
	struct dirent *entry;

	while (list && (entry = readdir(list))) {
		pid_t pid = guest_pid__parse(entry->d_name);

		if (pid > 0 && guest_mount__is_stale(pid, cache->path))
			forget(cache, pid);
	}
	if (list)
		closedir(list);
}

int guest_cache__open(struct guest_cache *cache, const char *path, const struct guest *guest,
		      unsigned int what)
{
	struct boot boot;
	int err;

	*cache = (struct guest_cache) { .path = path, .pid = guest->pid };
	cache->dir = open_dir(path);
	if (cache->dir < 0)
		return cache->dir;
	/* one at a time, without waiting: two of one guest at once are rare */
	err = flock(cache->dir, LOCK_EX | LOCK_NB) < 0 ? -errno : read_boot(guest, &boot);
	if (err) {
		close(cache->dir);
		return err;
	}
	snprintf(cache->key, sizeof(cache->key), "perf %s\nboot %s\nmodules %08x\nwhat %u\n",
		 perf_version_string, boot.id, boot.modules, what);
	forget_ended(cache);
	return 0;
}

void guest_cache__close(struct guest_cache *cache)
{
	close(cache->dir);
}

struct copy {
	struct guest_dir out;
	int		 root;
	u32		 names;
	u64		 symbols;
};

static bool comes_with_a_module(void *arg __maybe_unused, const char *module)
{
	return strcmp(module, "bpf") && !strstarts(module, "__builtin__");
}

static int copy_kallsyms(struct copy *copy, const char *path)
{
	FILE *file = guest_dir__fcreate(&copy->out, path);

	if (!file)
		return copy->out.err ?: -EIO;
	copy->symbols = guest_snapshot__copy_kallsyms(copy->root, file, comes_with_a_module, NULL);
	return guest_dir__fadd(&copy->out, file, path);
}

static int copy_dir(struct copy *copy, const char *path, int depth);

static int copy_one(struct copy *copy, const char *path, int depth)
{
	struct stat st;
	s64 size;

	if (++copy->names > GUEST_SNAPSHOT_NAMES || depth > DEPTH_MAX)
		return -E2BIG;
	if (fstatat(copy->root, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return copy_dir(copy, path, depth);
	if (!strcmp(path, "proc/kallsyms"))
		return copy_kallsyms(copy, path);
	size = guest_file__copy(copy->root, path, &copy->out, path, GUEST_CACHE_MAX);
	return min_t(s64, size, 0);
}

static int copy_dir(struct copy *copy, const char *path, int depth)
{
	int fd = guest_file__opendir(copy->root, *path ? path : "."), err = 0;
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	char name[PATH_MAX];

	if (!list) {
		if (fd >= 0)
			close(fd);
		return fd < 0 ? fd : -ENOMEM;
	}
	while (!err && (entry = readdir(list))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (snprintf(name, sizeof(name), "%s%s%s", path, *path ? "/" : "",
			     entry->d_name) >= (int)sizeof(name))
			err = -ENAMETOOLONG;
		else
			err = copy_one(copy, name, depth + 1);
	}
	closedir(list);
	return err;
}

static int copy_child(void *arg, void *result, int root)
{
	struct copy *copy = arg;
	int err;

	copy->root = root;
	err = copy_dir(copy, "", 0);
	*(u64 *)result = copy->symbols;
	return err;
}

/* Both are perf's, but what is in the files was made by the guest. */
static int copy_tree(int from, int to, u64 *symbols)
{
	struct copy copy = { .out = { .fd = to } };
	char path[32];
	const struct guest_child child = {
		.fn = copy_child, .arg = &copy, .dir = path, .out = to,
		.input = from, .idle_ms = IDLE_MS, .file_max = GUEST_CACHE_MAX,
	};

	/* which it has, as its input, when it opens its directory */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", from);
	guest_dir__limit(&copy.out, GUEST_CACHE_MAX);
	return guest_child__run(&child, symbols, sizeof(*symbols));
}

static int open_place(const struct guest_cache *cache)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", cache->pid);
	return guest_dir__open(cache->dir, name, O_RDONLY | O_DIRECTORY, 0);
}

static bool read_key(const struct guest_cache *cache, int place, struct guest_snapshot *snapshot)
{
	char text[sizeof(cache->key) + 64];
	size_t len = strlen(cache->key);
	unsigned int kernel;

	if (guest_file__read(place, KEY, text, sizeof(text)) <= 0 ||
	    strncmp(text, cache->key, len) ||
	    sscanf(text + len, "taken %" SCNu32 " %" SCNu32 " %u\n", &snapshot->modules,
		   &snapshot->module_files, &kernel) != 3)
		return false;
	snapshot->kernel = kernel;
	return true;
}

int guest_cache__get(const struct guest_cache *cache, int out, struct guest_snapshot *snapshot)
{
	int place = open_place(cache), kernel, err = -ENOENT;

	if (place < 0)
		return place;
	kernel = guest_dir__open(place, KERNEL, O_RDONLY | O_DIRECTORY, 0);
	if (kernel >= 0 && read_key(cache, place, snapshot)) {
		err = copy_tree(kernel, out, &snapshot->symbols);
		if (err)
			guest_dir__empty(out);
	}
	if (kernel >= 0)
		close(kernel);
	close(place);
	return err;
}

static int write_key(const struct guest_cache *cache, int place,
		     const struct guest_snapshot *snapshot)
{
	struct guest_dir dir = { .fd = place };
	FILE *file = guest_dir__fcreate(&dir, KEY);

	if (!file)
		return -EIO;
	fprintf(file, "%staken %" PRIu32 " %" PRIu32 " %u\n", cache->key, snapshot->modules,
		snapshot->module_files, snapshot->kernel);
	return guest_dir__fadd(&dir, file, KEY);
}

static int fill(const struct guest_cache *cache, int from, const struct guest_snapshot *snapshot)
{
	int place = open_place(cache), kernel, err;
	u64 symbols;

	if (place < 0)
		return place;
	err = mkdirat(place, KERNEL, 0700) < 0 ? -errno : 0;
	kernel = guest_dir__open(place, KERNEL, O_RDONLY | O_DIRECTORY, 0);
	if (kernel >= 0) {
		err = copy_tree(from, kernel, &symbols);
		/* the child may have been the guest's */
		if (!err && !guest_dir__holds(kernel, 2 * GUEST_CACHE_MAX, GUEST_SNAPSHOT_NAMES))
			err = -EBADMSG;
		err = err ?: write_key(cache, place, snapshot);
		close(kernel);
	}
	close(place);
	return err;
}

void guest_cache__put(const struct guest_cache *cache, int from,
		      const struct guest_snapshot *snapshot)
{
	const struct guest guest = { .pid = cache->pid, .name = "guest" };
	char name[16];
	int err;

	forget(cache, cache->pid);
	if (!guest_dir__holds(cache->dir, GUEST_CACHE_ALL, GUEST_CACHE_NAMES))
		return;
	snprintf(name, sizeof(name), "%d", cache->pid);
	err = guest_mount__set_owner(&guest, cache->path);
	if (!err && mkdirat(cache->dir, name, 0700) < 0)
		err = -errno;
	err = err ?: fill(cache, from, snapshot);
	if (!err)
		return;
	pr_debug("%s/%d: not kept: %s\n", cache->path, cache->pid, strerror(-err));
	forget(cache, cache->pid);
}
