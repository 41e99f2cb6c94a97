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
#include "guest/untrusted/origin.h"
#include "symbol_conf.h"

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

bool guest_path__in_mount(const char *path)
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
	return guest_path__in_mount(path);
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
