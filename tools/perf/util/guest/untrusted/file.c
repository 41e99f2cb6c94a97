// SPDX-License-Identifier: GPL-2.0
/*
 * Read files under a guest mount without trusting what is there.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/openat2.h>
#include <linux/zalloc.h>
#include <sys/stat.h>
#include "guest/untrusted/child.h"
#include "guest/untrusted/dir.h"
#include "guest/untrusted/file.h"
#include "guest/untrusted/syscalls.h"
#include "guest/untrusted/wall.h"

#define CHUNK	(64 * 1024)

static int open_in(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags	 = O_RDONLY | O_CLOEXEC | flags,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	guest_child__got_something();
	return fd < 0 ? -errno : fd;
}

int guest_file__root(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int guest_file__opendir(int root, const char *path)
{
	return open_in(root, path, O_DIRECTORY);
}

/*
 * Opening a device can do things already: find out first what it is. The path is
 * opened again through the descriptor of what was looked at.
 */
int guest_file__open(int root, const char *path)
{
	struct stat st;
	int fd, ret;

	fd = open_in(root, path, O_PATH);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		ret = -errno;
	else if (!S_ISREG(st.st_mode))
		ret = -EINVAL;
	else
		ret = guest_wall__reopen(fd, O_NONBLOCK | O_NOCTTY);
	close(fd);
	return ret;
}

static ssize_t read_some(int fd, char *buf, size_t size)
{
	ssize_t n;

	do {
		n = read(fd, buf, size);
	} while (n < 0 && errno == EINTR);
	guest_child__got_something();
	return n < 0 ? -errno : n;
}

ssize_t guest_file__pread(int fd, void *buf, size_t size, u64 offset)
{
	size_t done = 0;
	ssize_t n;

	do {
		n = pread(fd, buf + done, size - done, offset + done);
		guest_child__got_something();
		if (n > 0)
			done += n;
	} while (done < size && (n > 0 || (n < 0 && errno == EINTR)));
	return n < 0 ? -errno : (ssize_t)done;
}

ssize_t guest_file__read(int root, const char *path, char *buf, size_t size)
{
	size_t nr = 0;
	ssize_t n;
	int fd;

	fd = guest_file__open(root, path);
	if (fd < 0)
		return fd;
	do {
		n = read_some(fd, buf + nr, size - nr);
		if (n > 0)
			nr += n;
	} while (n > 0 && nr < size);
	close(fd);
	if (n < 0)
		return n;
	if (nr == size)
		return -EFBIG;
	buf[nr] = '\0';
	return nr;
}

/* Return: 0 at the end of the file, or a negative error. */
static int read_all(int fd, u64 limit, char **buf, size_t *size)
{
	size_t alloc = 0;
	char *larger;
	ssize_t n;

	do {
		if (*size == alloc) {
			alloc = alloc ? alloc * 2 : CHUNK;
			larger = realloc(*buf, alloc);
			if (!larger)
				return -ENOMEM;
			*buf = larger;
		}
		n = read_some(fd, *buf + *size, alloc - *size);
		if (n > 0)
			*size += n;
		if (*size > limit)
			return -EFBIG;
	} while (n > 0);
	return n;
}

int guest_file__load_fd(int fd, u64 limit, void **data, size_t *size)
{
	char *buf = NULL;
	int err;

	*size = 0;
	err = read_all(fd, limit, &buf, size);
	if (err)
		free(buf);
	else
		*data = buf;
	return err;
}

int guest_file__load(int root, const char *path, u64 limit, void **data, size_t *size)
{
	int fd = guest_file__open(root, path), err;

	if (fd < 0)
		return fd;
	err = guest_file__load_fd(fd, limit, data, size);
	close(fd);
	return err;
}

struct lines {
	char	buf[CHUNK];
	size_t	used;
	bool	skip;		/* in a line that is too long */
	int	(*line)(void *arg, char *line);
	void	*arg;
};

/* Deliver the whole lines, keep the rest. */
static int lines__deliver(struct lines *l)
{
	char *start = l->buf, *end = l->buf + l->used, *newline;
	int ret = 0;

	while (!ret && (newline = memchr(start, '\n', end - start))) {
		*newline = '\0';
		if (!l->skip && newline - start < GUEST_LINE_MAX &&
		    strlen(start) == (size_t)(newline - start))
			ret = l->line(l->arg, start);
		l->skip = false;
		start = newline + 1;
	}
	l->used = end - start;
	if (l->used >= GUEST_LINE_MAX) {
		l->skip = true;
		l->used = 0;
	}
	memmove(l->buf, start, l->used);
	return ret;
}

static int lines__read(struct lines *l, int fd, u64 limit)
{
	ssize_t n = 0;
	int ret = 0;

	while (!ret && (n = read_some(fd, l->buf + l->used, sizeof(l->buf) - 1 - l->used)) > 0) {
		if ((u64)n > limit)
			return -EFBIG;
		limit -= n;
		l->used += n;
		ret = lines__deliver(l);
	}
	if (ret || n < 0)
		return ret ?: n;
	if (l->used) {		/* the last line has no newline */
		l->buf[l->used++] = '\n';
		ret = lines__deliver(l);
	}
	return ret;
}

int guest_file__lines(int root, const char *path, u64 limit,
		      int (*line)(void *arg, char *line), void *arg)
{
	struct lines *l;
	int fd, ret;

	fd = guest_file__open(root, path);
	if (fd < 0)
		return fd;
	l = zalloc(sizeof(*l));
	if (l) {
		l->line = line;
		l->arg = arg;
		ret = lines__read(l, fd, limit);
		free(l);
	} else {
		ret = -ENOMEM;
	}
	close(fd);
	return ret;
}

static int write_all(int fd, const char *buf, size_t size)
{
	ssize_t n;

	while (size) {
		n = write(fd, buf, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		buf += n;
		size -= n;
	}
	return 0;
}

/* @bad: set to what has kept it from being written */
static s64 copy_fd(int in, int out, u64 limit, int *bad)
{
	static char buf[CHUNK];
	u64 copied = 0;
	ssize_t n;

	while ((n = read_some(in, buf, sizeof(buf))) > 0) {
		copied += n;
		if (copied > limit)
			return -EFBIG;
		*bad = write_all(out, buf, n);
		if (*bad)
			return *bad;
	}
	return n ?: (s64)copied;
}

s64 guest_file__copy(int root, const char *from, struct guest_dir *out, const char *to,
		     u64 limit)
{
	int in, fd, bad = 0;
	u64 left;
	s64 ret;

	in = guest_file__open(root, from);
	if (in < 0)
		return in;
	fd = guest_dir__create(out, to);
	if (fd < 0) {
		ret = fd;
		goto out_close;
	}
	left = guest_dir__left(out);
	ret = copy_fd(in, fd, min(limit, left), &bad);
	if (ret == -EFBIG && left < limit)
		out->left_out++;
	if (ret >= 0 || bad)
		bad = guest_dir__add(out, fd, to, bad);
	else
		guest_dir__drop(out, fd);
	ret = bad ?: ret;
out_close:
	close(in);
	return ret;
}

bool guest_fd__is_elf(int fd)
{
	char magic[SELFMAG];

	return fd >= 0 && pread(fd, magic, SELFMAG, 0) == SELFMAG &&
	       !memcmp(magic, ELFMAG, SELFMAG);
}

bool guest_file__is_elf(int root, const char *path)
{
	int fd = guest_file__open(root, path);
	bool is_elf = guest_fd__is_elf(fd);

	if (fd >= 0)
		close(fd);
	return is_elf;
}
