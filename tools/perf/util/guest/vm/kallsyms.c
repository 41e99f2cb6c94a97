// SPDX-License-Identifier: GPL-2.0
/* Is a file that was named as a guest's kallsyms one? */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <symbol/kallsyms.h>
#include <sys/stat.h>
#include "debug.h"
#include "guest/untrusted/file.h"
#include "guest/vm/kallsyms.h"

static int is_shown(void *arg, const char *name __maybe_unused, char type __maybe_unused,
		    u64 start)
{
	*(bool *)arg = true;
	/* one address, and they are not hidden */
	return !!start;
}

static bool is_elf(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is_elf = guest_fd__is_elf(fd);

	if (fd >= 0)
		close(fd);
	return is_elf;
}

/* @fd: by O_PATH: what is not regular is not opened */
static const char *wrong_fd(int fd)
{
	bool some = false;
	struct stat st;
	char path[32];

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return "is no regular file";
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (is_elf(path))
		return "is an ELF file: use --guestvmlinux";
	if (!kallsyms__parse(path, &some, is_shown) && some)
		return "hides addresses: copy it as root, or with kernel.kptr_restrict=0 there";
	return NULL;
}

const char *guest_kallsyms__wrong(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	const char *wrong;

	if (fd < 0)
		return strerror(errno);
	wrong = wrong_fd(fd);
	close(fd);
	return wrong;
}

int guest_kallsyms__check(const char *path)
{
	const char *wrong = guest_kallsyms__wrong(path);

	if (!wrong)
		return 0;
	pr_err("%s %s\n", path, wrong);
	return -1;
}
