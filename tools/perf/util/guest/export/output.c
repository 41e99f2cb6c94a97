// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <linux/kernel.h>
#include "debug.h"
#include "guest/export/output.h"

/* That of the file it replaces, or as open() would have it, which mkostemp() has not. */
static int set_mode(int fd, const char *path)
{
	mode_t mask = umask(0);
	struct stat st;

	umask(mask);
	return fchmod(fd, lstat(path, &st) ? 0666 & ~mask : st.st_mode & 0777);
}

static FILE *open_temp(struct export_output *output)
{
	FILE *fp = NULL;
	int fd;

	if (snprintf(output->temp, sizeof(output->temp), "%s.XXXXXX", output->path) >=
	    (int)sizeof(output->temp)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	fd = mkostemp(output->temp, O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (!set_mode(fd, output->path))
		fp = fdopen(fd, "w");
	if (!fp) {
		unlink(output->temp);
		close(fd);
	}
	return fp;
}

/* A recording may be a directory, with its samples in "data". */
static bool is_of_recording(const struct stat *st, const char *input)
{
	static const char * const parts[] = { "", "/data" };
	char part[PATH_MAX];
	struct stat of;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		snprintf(part, sizeof(part), "%s%s", input, parts[i]);
		if (!stat(part, &of) && of.st_dev == st->st_dev && of.st_ino == st->st_ino)
			return true;
	}
	return false;
}

int export_output__check(const char *path, const char *input)
{
	bool to_stdout = !strcmp(path, "-");
	struct stat st;

	if (to_stdout ? fstat(STDOUT_FILENO, &st) : stat(path, &st))
		return 0;
	if (!is_of_recording(&st, input ?: "perf.data"))
		return 0;
	pr_err("%s is the recording itself: choose another file to write\n",
	       to_stdout ? "standard output" : path);
	return -EINVAL;
}

int export_output__open(struct export_output *output, const char *path)
{
	struct stat st;
	int err;

	output->path = NULL;
	output->temp[0] = '\0';
	output->fp = stdout;
	if (!strcmp(path, "-"))
		return 0;

	output->path = path;
	/* a link, a FIFO or a device is not to be replaced, but written to */
	if (!lstat(path, &st) && !S_ISREG(st.st_mode))
		output->fp = fopen(path, "we");
	else
		output->fp = open_temp(output);
	if (output->fp)
		return 0;
	err = -errno;
	pr_err("%s: %s\n", path, strerror(-err));
	return err;
}

int export_output__close(struct export_output *output, int err)
{
	/* of an earlier write that failed, errno may be gone: nearly always it is this */
	if (!err && ferror(output->fp))
		err = -ENOSPC;
	if (fflush(output->fp) && !err)
		err = -errno;
	if (output->path && fclose(output->fp) && !err)
		err = -errno;
	if (!err && *output->temp && rename(output->temp, output->path))
		err = -errno;
	if (err && *output->temp)
		unlink(output->temp);
	if (err)
		pr_err("%s: %s\n", output->path ?: "standard output", strerror(-err));
	return err;
}
