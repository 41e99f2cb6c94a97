// SPDX-License-Identifier: GPL-2.0
/*
 * Tell a guest's files from the host's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "debug.h"
#include "guest-child.h"
#include "guest-file.h"
#include "guest-snapshot.h"
#include "guest-untrusted.h"
#include "guest-vmlinuz.h"
#include "symbol_conf.h"

#define UNPACK_IDLE_MS	15000

/* "100/..." */
static bool is_guest_dir(const char *name)
{
	size_t digits = strspn(name, "0123456789");

	return digits && name[digits] == '/';
}

/*
 * Is a directory of this name one of recorded guests? While it is made, more follows; and the
 * recording may have a name like that, too.
 */
static bool is_snapshot(const char *name, size_t len)
{
	static const char guests[] = ".guests";
	const char *end = name + len;

	while ((name = memmem(name, end - name, guests, strlen(guests)))) {
		name += strlen(guests);
		if (name == end || *name == '.')
			return true;
	}
	return false;
}

static bool in_mount(const char *path)
{
	char real[PATH_MAX];
	size_t len;

	if (!symbol_conf.guestmount || !realpath(symbol_conf.guestmount, real))
		return false;
	len = strlen(real);
	return !strncmp(path, real, len) && path[len] == '/' && is_guest_dir(path + len + 1);
}

/* @path: without links */
static bool is_guests(const char *path)
{
	static const char unpacked[] = GUEST_UNPACKED_NAME;
	const char *name, *slash;

	if (!strncmp(path, unpacked, strlen(unpacked) - strlen("XXXXXX")))
		return true;
	for (name = path; (slash = strchr(name, '/')); name = slash + 1) {
		if (is_snapshot(name, slash - name) && is_guest_dir(slash + 1))
			return true;
	}
	return in_mount(path);
}

bool guest_path__is(const char *path)
{
	char real[PATH_MAX];

	return is_guests(path) || (realpath(path, real) && is_guests(real));
}

bool guest_fd__is(int fd)
{
	char self[32], path[PATH_MAX];
	ssize_t len;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	len = readlink(self, path, sizeof(path) - 1);
	if (len < 0)
		return true;
	path[len] = '\0';
	return is_guests(path);
}

#ifdef HAVE_LIBELF_SUPPORT
Elf *host_elf__begin(int fd, Elf_Cmd cmd, Elf *ref)
{
	if (!guest_fd__is(fd))
		return elf_begin(fd, cmd, ref);
	pr_debug2("a guest's file, not read by libelf\n");
	errno = EPERM;
	return NULL;
}
#endif

/* @name: in the directory; @to: the descriptor of the unpacked file */
struct unpack {
	const char *name;
	int	   to;
};

static int write_elf(int fd, const char *elf, size_t size)
{
	ssize_t n;

	for (; size; elf += n, size -= n) {
		n = write(fd, elf, size);
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
	}
	return 0;
}

/* In the other process. */
static int unpack_child(void *arg, void *result __maybe_unused, int root)
{
	const struct unpack *unpack = arg;
	size_t size, elf_size;
	const char *why;
	void *file, *elf;
	int err;

	err = guest_file__load(root, unpack->name, GUEST_VMLINUZ_MAX, &file, &size);
	if (!err)
		err = guest_vmlinuz__unpack(file, size, &elf, &elf_size, &why);
	return err ?: write_elf(unpack->to, elf, elf_size);
}

int guest_module__unpack(const char *name, char *path, size_t size)
{
	char dir[PATH_MAX], to[] = GUEST_UNPACKED_NAME, *slash;
	struct unpack unpack;
	struct guest_child child = {
		.fn = unpack_child, .arg = &unpack, .dir = dir,
		.file_max = GUEST_VMLINUZ_MAX, .idle_ms = UNPACK_IDLE_MS,
	};
	int err;

	if (size < sizeof(to) || !realpath(name, dir))
		return -1;
	child.mounted = !guest_snapshot__is_used() && in_mount(dir);
	slash = strrchr(dir, '/');
	*slash = '\0';
	unpack.name = slash + 1;
	unpack.to = child.fd = mkstemp(to);
	if (unpack.to < 0)
		return -1;
	err = guest_child__run(&child, NULL, 0);
	if (!err) {
		strlcpy(path, to, size);
		return unpack.to;
	}
	pr_debug("%s cannot be unpacked: %s\n", name, strerror(-err));
	close(unpack.to);
	unlink(to);
	return -1;
}
