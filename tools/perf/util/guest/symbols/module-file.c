// SPDX-License-Identifier: GPL-2.0
/* Unpack a guest's module, in another process. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "debug.h"
#include "guest/snapshot/lookup.h"
#include "guest/symbols/module-file.h"
#include "guest/untrusted/child.h"
#include "guest/untrusted/file.h"
#include "guest/untrusted/origin.h"
#include "guest/untrusted/unpack.h"

#define UNPACK_IDLE_MS	15000

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
	child.mounted = !guest_snapshot__is_used() && guest_path__in_mount(dir);
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
