// SPDX-License-Identifier: GPL-2.0
/*
 * Make, find and remove guest mounts.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <subcmd/run-command.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include "config.h"
#include "debug.h"
#include "guest/vm/facts.h"
#include "guest/untrusted/child.h"
#include "guest/untrusted/file.h"
#include "guest/vm/kallsyms.h"
#include "guest/vm/vm.h"
#include "guest/vm/mount.h"
#include "guest/vm/mount-owner.h"
#include "symbol_conf.h"
#include "util.h"

#define DEFAULT_DIR	"/run/perf-kvm-callchain"

static char configured_dir[PATH_MAX];

static int config_guestmount(const char *var, const char *value, void *data __maybe_unused)
{
	if (!strcmp(var, "kvm-callchain.guestmount") && value)
		strlcpy(configured_dir, value, sizeof(configured_dir));
	return 0;
}

const char *guest_mount__dir(void)
{
	if (!*configured_dir) {
		strlcpy(configured_dir, DEFAULT_DIR, sizeof(configured_dir));
		perf_config(config_guestmount, NULL);
	}
	return configured_dir;
}

struct look {
	struct guest_facts	facts;
	bool			empty;		/* a directory with nothing mounted */
};

static int look_child(void *arg __maybe_unused, void *result, int root)
{
	struct look *look = result;

	guest_facts__read(&look->facts, root);
	look->empty = !*look->facts.release && look->facts.kallsyms == GUEST_KALLSYMS_NONE &&
		      !guest_init__is_there(root);
	return 0;
}

static bool look_is_valid(const void *result)
{
	const struct look *look = result;

	return guest_facts__valid(&look->facts) && *(const u8 *)&look->empty <= 1;
}

/* Return: 0 or a negative error, what does not answer being said. */
static int look_at(const struct guest *guest, const char *path, struct look *look)
{
	char waiting[GUEST_NAME_MAX + 64];
	const struct guest_child child = {
		.fn = look_child, .check = look_is_valid, .dir = path, .mounted = true,
		.idle_ms = GUEST_MOUNT_IDLE_MS, .total_ms = 3 * GUEST_MOUNT_IDLE_MS,
		.waiting = waiting,
	};
	int err;

	snprintf(waiting, sizeof(waiting), "%s: looking at its guest mount", guest->name);
	err = guest_child__run(&child, look, sizeof(*look));
	if (err == -ETIMEDOUT)
		pr_warning("%s does not answer: left out\n", path);
	return err;
}

static void guest__look(struct guest *guest, const char *dir)
{
	char path[PATH_MAX];
	struct look look;

	if (snprintf(path, sizeof(path), "%s/%d", dir, guest->pid) >= (int)sizeof(path)) {
		pr_warning("%s/%d: %s: left out\n", dir, guest->pid, strerror(ENAMETOOLONG));
		return;
	}
	if (guest_mount__is_stale(guest->pid, dir)) {
		pr_warning("%s is of a guest that has ended: not used. Mount it again for %s\n",
			   path, guest->name);
		return;
	}
	if (look_at(guest, path, &look) || look.empty)
		return;
	guest->facts = look.facts;
	strlcpy(guest->mount, path, sizeof(guest->mount));
}

void guests__look(struct guests *guests, const char *dir)
{
	int i;

	for (i = 0; i < guests->nr; i++)
		guest__look(&guests->guest[i], dir);
}

/* "[user@]host[:port]", host perhaps an IPv6 address in brackets */
static bool split_port(char *from, const char **port)
{
	char *colon = strrchr(from, ':'), *bracket = strrchr(from, ']');

	*port = NULL;
	if (!colon || colon < bracket)
		return true;
	*colon = '\0';
	*port = colon + 1;
	return **port && strspn(*port, "0123456789") == strlen(*port);
}

static int mount_sshfs(const char *path, const char *from)
{
	char host[256], source[sizeof(host) + 2];
	const char *argv[16], *port;
	int n = 0, ret;

	/* what starts with a dash would be an option to sshfs */
	if (*from == '-' || !*from || strlcpy(host, from, sizeof(host)) >= sizeof(host) ||
	    !split_port(host, &port) || !*host) {
		pr_err("%s is not [user@]host[:port] or a directory\n", from);
		return -EINVAL;
	}
	snprintf(source, sizeof(source), "%s:/", host);

	argv[n++] = "sshfs";
	argv[n++] = source;
	argv[n++] = path;
	/* files in the guest's /proc say they are empty: read them all the same */
	argv[n++] = "-oro,direct_io,nosuid,nodev,reconnect";
	/* a guest that hangs is found out by ssh */
	argv[n++] = "-oConnectTimeout=10,ServerAliveInterval=5,ServerAliveCountMax=3";
	if (port) {
		argv[n++] = "-p";
		argv[n++] = port;
	}
	argv[n] = NULL;

	ret = run_command_v_opt(argv, 0);
	if (!ret)
		return 0;
	if (ret == -ERR_RUN_COMMAND_EXEC)
		pr_err("sshfs cannot be run: is it installed (package sshfs)?\n");
	else
		pr_err("sshfs %s %s failed\n", source, path);
	return -EIO;
}

static int make_dir(const char *path, mode_t mode)
{
	char buf[PATH_MAX];

	strlcpy(buf, path, sizeof(buf));
	if (!mkdir_p(buf, mode))
		return 0;
	pr_err("%s: %s\n", path, strerror(errno));
	return -errno;
}

/* A host's name has no slash; what is here by that name is more likely meant. */
static bool is_path(const char *from)
{
	return strchr(from, '/') || !access(from, F_OK);
}

static void say_what_lacks(const struct guest *guest, const char *path, const char *from)
{
	struct look look;

	if (look_at(guest, path, &look))
		return;
	if (look.facts.kallsyms == GUEST_KALLSYMS_NONE)
		pr_warning("%s has no proc/kallsyms, so no symbols of the guest's kernel: it is to be the guest's root directory, with its /proc\n",
			   from);
}

/* Somebody else has mounted it: @path becomes a link to there. */
static int mount_link(const struct guest *guest, const char *path, const char *from)
{
	char real[PATH_MAX];
	struct stat st;

	if (!realpath(from, real) || stat(real, &st)) {
		pr_err("%s: %s\n", from, strerror(errno));
		return -errno;
	}
	if (!S_ISDIR(st.st_mode)) {
		pr_err("%s: %s\n", from, strerror(ENOTDIR));
		return -ENOTDIR;
	}
	/* an earlier link, or a directory that nothing is mounted on */
	if (unlink(path))
		rmdir(path);
	if (symlink(real, path)) {
		pr_err("%s: %s\n", path, errno == EEXIST ?
		       "something is mounted there: perf kvm-callchain umount it first" :
		       strerror(errno));
		return -errno;
	}
	say_what_lacks(guest, path, from);
	return 0;
}

static int mount_at(const struct guest *guest, const char *path, const char *from)
{
	int err;

	if (is_path(from))
		return mount_link(guest, path, from);
	err = make_dir(path, 0700);
	if (!err)
		err = mount_sshfs(path, from);
	if (err)
		rmdir(path);
	return err;
}

int guest_mount__add(const struct guest *guest, const char *dir, const char *from)
{
	char path[PATH_MAX];
	int err;

	/* others' processes have no business in a guest's files */
	err = make_dir(dir, 0700);
	if (err)
		return err;
	snprintf(path, sizeof(path), "%s/%d", dir, guest->pid);

	/* of an earlier guest with that pid */
	if (guest_mount__is_stale(guest->pid, dir) &&
	    !faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW)) {
		err = guest_mount__remove(guest->pid, dir);
		if (err)
			return err;
	}
	err = mount_at(guest, path, from);
	if (err)
		return err;
	err = guest_mount__set_owner(guest, dir);
	if (err)
		guest_mount__remove(guest->pid, dir);
	return err;
}

static int unmount_unprivileged(const char *path)
{
	const char *argv[5] = { "fusermount3", "-u", "-z", path };

	return run_command_v_opt(argv, 0) ? -EPERM : 0;
}

static int unmount(const char *path)
{
	if (!unlink(path))
		return 0;	/* the link to a mount of somebody else's */

	/* detached at once, answering server or not */
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 &&
	    (errno != EPERM || unmount_unprivileged(path) < 0)) {
		pr_err("%s: %s\n", path, strerror(errno));
		return -errno;
	}
	if (rmdir(path) < 0) {
		pr_err("%s: %s\n", path, strerror(errno));
		return -errno;
	}
	return 0;
}

int guest_mount__remove(pid_t pid, const char *dir)
{
	char path[PATH_MAX];
	int err;

	snprintf(path, sizeof(path), "%s/%d", dir, pid);
	err = unmount(path);
	if (!err)
		guest_mount__forget_owner(pid, dir);
	return err;
}

/* 0 or a negative error. A file is not opened: it may be a pipe. */
static int check_readable(const char *path, bool dir)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (dir != !!S_ISDIR(st.st_mode))
		return dir ? -ENOTDIR : -EISDIR;
	if (faccessat(AT_FDCWD, path, dir ? R_OK | X_OK : R_OK, AT_EACCESS))
		return -errno;
	return 0;
}

/* What keeps an option's file from being used, or NULL. */
static const char *wrong_given(const char *option, const char *path, bool dir)
{
	int err = check_readable(path, dir);

	if (err)
		return strerror(-err);
	return strcmp(option, "guestkallsyms") ? NULL : guest_kallsyms__wrong(path);
}

int guest_files__check_given(void)
{
	const struct {
		const char *option, *path;
		bool dir;
	} given[] = {
		{ "guestkallsyms", symbol_conf.default_guest_kallsyms, .dir = false },
		{ "guestmodules",  symbol_conf.default_guest_modules, .dir = false },
		{ "guestvmlinux",  symbol_conf.default_guest_vmlinux_name, .dir = false },
		{ "guestmount",	   symbol_conf.guestmount, .dir = true },
	};
	const char *wrong;
	int ret = 0;
	size_t i;

	for (i = 0; perf_guest && i < ARRAY_SIZE(given); i++) {
		wrong = given[i].path ?
			wrong_given(given[i].option, given[i].path, given[i].dir) : NULL;
		if (wrong) {
			pr_err("--%s=%s: %s\n", given[i].option, given[i].path, wrong);
			ret = -1;
		}
	}
	return ret;
}
