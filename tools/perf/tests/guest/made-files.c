// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>
#include <linux/types.h>
#include "debug.h"
#include "tests/guest/made-files.h"
#include "util/guest/snapshot/take.h"
#include "util/guest/unwind/select.h"
#include "util/util.h"

FILE *made_file__create(const char *dir, const char *path)
{
	char name[PATH_MAX + 64], *slash;

	snprintf(name, sizeof(name), "%s/%s", dir, path);
	slash = strrchr(name, '/');
	*slash = '\0';
	mkdir_p(name, 0755);
	*slash = '/';
	return fopen(name, "w");
}

int made_file__put(const char *dir, const char *path, const void *data, size_t size)
{
	FILE *file = made_file__create(dir, path);
	bool bad;

	if (!file)
		return -1;
	bad = fwrite(data, 1, size, file) != size;
	return fclose(file) || bad ? -1 : 0;
}

bool made_file__is(const char *dir, const char *path, const char *text)
{
	char name[PATH_MAX], buf[4096];
	ssize_t n;
	int fd;

	snprintf(name, sizeof(name), "%s/%s", dir, path);
	fd = open(name, O_RDONLY | O_NOFOLLOW);
	if (fd < 0)
		return !text && errno == ENOENT;
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	buf[n < 0 ? 0 : n] = '\0';
	pr_debug("%s:\n%s\n", path, buf);
	return text && !strcmp(buf, text);
}

int made_snapshot__take(const struct guest *guest, const char *out, unsigned int what,
			struct guest_snapshot *snapshot)
{
	char name[PATH_MAX];
	int fd, err;

	snprintf(name, sizeof(name), "%s", out);
	mkdir_p(name, 0700);
	fd = open(out, O_RDONLY | O_DIRECTORY);
	err = fd < 0 ? -errno : guest_snapshot__take(guest, fd, what | guest_unwind__takes(),
							    NULL, snapshot);
	close(fd);
	return err;
}
