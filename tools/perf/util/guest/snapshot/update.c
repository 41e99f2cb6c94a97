// SPDX-License-Identifier: GPL-2.0
/*
 * What has become of a guest whose symbol sources were taken: modules that were loaded
 * meanwhile are added. What cannot be told apart is left out, for no symbol is better than
 * a wrong one.
 */
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
#include <linux/time64.h>
#include <linux/zalloc.h>
#include "guest/untrusted/child.h"
#include "guest/untrusted/dir.h"
#include "guest/vm/facts.h"
#include "guest/untrusted/file.h"
#include "guest/vm/vm.h"
#include "guest/snapshot/take-modules.h"
#include "guest/snapshot/take.h"
#include "guest/snapshot/update.h"
#include "time-utils.h"

#define AGAIN_IDLE_MS	5000

/* A list of modules; @skip: not to be in the new one */
struct modules {
	int		    nr;
	struct guest_module module[GUEST_MODULES_MAX];
	bool		    skip[GUEST_MODULES_MAX];
};

/* @names: of modules that are new, @nr of them */
struct again {
	int	       root;
	struct guest_dir out;
	struct modules before, now;
	char	       names[GUEST_MODULES_MAX][GUEST_NAME_MAX];
	u32	       nr;
};

static bool overlap(const struct guest_module *a, const struct guest_module *b)
{
	return b->start - a->start < a->size || a->start - b->start < b->size;
}

/* Of a module that is new, or at another place: does it leave anything unclear? */
static void compare_new(struct again *again, int i, struct guest_snapshot_change *change)
{
	struct guest_module *module = &again->now.module[i];
	struct modules *before = &again->before;
	bool unclear = false;
	int j;

	for (j = 0; j < i; j++)
		unclear = unclear || overlap(&again->now.module[j], module);
	for (j = 0; j < before->nr; j++) {
		if (!strcmp(before->module[j].name, module->name))
			unclear = true;
		if (!overlap(&before->module[j], module))
			continue;
		unclear = true;
		change->unclear += !before->skip[j];
		before->skip[j] = true;
	}
	again->now.skip[i] = unclear;
	change->unclear += unclear;
	if (!unclear)
		strlcpy(again->names[again->nr++], module->name, GUEST_NAME_MAX);
}

static bool was_there(const struct modules *before, const struct guest_module *module)
{
	int j;

	for (j = 0; j < before->nr; j++) {
		const struct guest_module *old = &before->module[j];

		if (!strcmp(old->name, module->name))
			return old->start == module->start && old->size == module->size;
	}
	return false;
}

static void compare(struct again *again, struct guest_snapshot_change *change)
{
	int i;

	for (i = 0; i < again->now.nr; i++) {
		if (was_there(&again->before, &again->now.module[i]))
			again->now.skip[i] = true;
		else
			compare_new(again, i, change);
	}
	change->modules = again->nr;
}

static void write_modules(const struct modules *modules, FILE *file)
{
	int i;

	for (i = 0; i < modules->nr; i++) {
		if (!modules->skip[i])
			guest_module__fprintf(&modules->module[i], file);
	}
}

static bool is_new(void *arg, const char *module)
{
	const struct again *again = arg;
	u32 i;

	for (i = 0; *module && i < again->nr; i++) {
		if (!strcmp(again->names[i], module))
			return true;
	}
	return false;
}

/* The old ones have been written by this perf: no line of them is left out or changed. */
static int add_symbols(struct again *again)
{
	FILE *file = guest_dir__fcreate(&again->out, "proc/kallsyms");

	if (!file)
		return again->out.err ?: -EIO;
	guest_snapshot__copy_kallsyms(again->out.fd, file, NULL, NULL);
	guest_snapshot__copy_kallsyms(again->root, file, is_new, again);
	return guest_dir__fadd(&again->out, file, "proc/kallsyms");
}

static int take_changes(struct again *again)
{
	char release[GUEST_NAME_MAX];
	FILE *file;
	int err;

	file = guest_dir__fcreate(&again->out, "proc/modules");
	if (!file)
		return again->out.err ?: -EIO;
	write_modules(&again->before, file);
	write_modules(&again->now, file);
	err = guest_dir__fadd(&again->out, file, "proc/modules");
	if (err || !again->nr)
		return err;
	if (!guest_file__release(again->root, release, sizeof(release)))
		guest_snapshot__take_modules(again->root, &again->out, release, again->names,
					     again->nr);
	return add_symbols(again) ?: again->out.err;
}

/* By the first number of /proc/uptime; without one it may always have been up. */
static s64 boot_time(int root)
{
	s64 now = rdclock();
	char text[64];
	u32 uptime;

	if (guest_file__read(root, "proc/uptime", text, sizeof(text)) <= 0 ||
	    sscanf(text, "%" SCNu32, &uptime) != 1)
		return INT64_MIN / 2;
	return now - (s64)uptime * NSEC_PER_SEC;
}

static int look(struct again *again, struct guest_snapshot_change *change)
{
	char before[GUEST_BOOT_ID_SIZE], now[GUEST_BOOT_ID_SIZE];
	int err;

	if (guest_file__boot_id(again->out.fd, before)) {
		if (!guest_file__boot_id(again->root, now))
			return -ENOENT;
		change->rebooted = strcmp(before, now);
		if (change->rebooted) {
			change->booted = boot_time(again->root);
			return 0;
		}
	}
	err = guest_modules__read(again->out.fd, again->before.module, &again->before.nr) ?:
	      guest_modules__read(again->root, again->now.module, &again->now.nr);
	if (err)
		return 0;
	compare(again, change);
	return change->modules || change->unclear ? take_changes(again) : 0;
}

static int look_child(void *arg, void *result, int root)
{
	struct again *again = zalloc(sizeof(*again));

	if (!again)
		return -ENOMEM;
	again->out = *(const struct guest_dir *)arg;
	again->root = root;
	return look(again, result);
}

static bool change_is_valid(const void *result)
{
	const struct guest_snapshot_change *change = result;

	return *(const u8 *)&change->unknown <= 1 && *(const u8 *)&change->rebooted <= 1 &&
	       change->modules <= GUEST_MODULES_MAX && change->unclear <= 2 * GUEST_MODULES_MAX;
}

/* Out of the guest's memory, if it has no mount. */
static bool has_symbols(const struct guest *guest, int dir)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "%d/proc/kallsyms", guest->pid);
	fd = guest_dir__open(dir, path, O_RDONLY, 0);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int guest_snapshot__look_again(const struct guest *guest, int dir,
			       struct guest_snapshot_change *change)
{
	char waiting[GUEST_NAME_MAX + 64];
	struct guest_dir out = { .err = 0 };
	struct guest_child child = {
		.fn = look_child, .arg = &out, .check = change_is_valid,
		.dir = guest->mount, .mounted = true, .idle_ms = AGAIN_IDLE_MS,
		.total_ms = 6 * AGAIN_IDLE_MS, .waiting = waiting, .file_max = GUEST_SNAPSHOT_MAX,
	};
	int err, finish_err;

	memset(change, 0, sizeof(*change));
	if (!*guest->mount) {
		/* its memory does not say how often it has booted: only samples may */
		change->unknown = has_symbols(guest, dir);
		return 0;
	}
	out.fd = guest_snapshot__open(dir, guest->pid);
	if (out.fd < 0)
		return out.fd;
	snprintf(waiting, sizeof(waiting), "%s: looking at it again", guest->name);
	guest_dir__limit(&out, GUEST_SNAPSHOT_MAX);
	child.out = out.fd;
	err = guest_child__run(&child, change, sizeof(*change));
	finish_err = guest_snapshot__finish(guest, out.fd);
	close(out.fd);
	return err ?: finish_err;
}

int guest_snapshot__set_rebooted(int dir, pid_t pid, u64 time)
{
	char path[32], line[64];
	int fd, len, err = 0;

	snprintf(path, sizeof(path), "%d/guest", pid);
	fd = guest_dir__open(dir, path, O_WRONLY | O_APPEND, 0);
	if (fd < 0)
		return fd;
	len = snprintf(line, sizeof(line), "rebooted %" PRIu64 "\n", time);
	if (write(fd, line, len) != len)
		err = -errno ?: -ENOSPC;
	if (close(fd) < 0 && !err)
		err = -errno;
	return err;
}
