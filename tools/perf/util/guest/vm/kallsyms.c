// SPDX-License-Identifier: GPL-2.0
/* Is a file that was named as a guest's kallsyms one? */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <symbol/kallsyms.h>
#include <sys/stat.h>
#include "debug.h"
#include "guest/vm/kallsyms.h"

static int is_shown(void *arg, const char *name __maybe_unused, char type __maybe_unused,
		    u64 start)
{
	*(bool *)arg = true;
	/* one address, and they are not hidden */
	return !!start;
}

static const char *wrong_fd(int fd, const char *path)
{
	char magic[SELFMAG] = "";
	bool some = false;
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return "is no regular file";
	if (pread(fd, magic, SELFMAG, 0) == SELFMAG && !memcmp(magic, ELFMAG, SELFMAG))
		return "is an ELF file: use --guestvmlinux";
	if (!kallsyms__parse(path, &some, is_shown) && some)
		return "hides addresses: copy it as root, or with kernel.kptr_restrict=0 there";
	return NULL;
}

const char *guest_kallsyms__wrong(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *wrong;

	if (fd < 0)
		return strerror(errno);
	wrong = wrong_fd(fd, path);
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
