// SPDX-License-Identifier: GPL-2.0
/*
 * Read files under a guest mount without trusting what is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/openat2.h>
#include <linux/time64.h>
#include <linux/zalloc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "guest-file.h"

#define CHUNK	(64 * 1024)

/* perf's copy of the system call numbers has only a few; this one is everywhere the same */
#ifndef SYS_openat2
#define SYS_openat2	437
#endif

/* A child that a hostile file makes eat memory should fail, not the host. */
#define CHILD_MEMORY	(2UL << 30)

static s64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (s64)ts.tv_sec * MSEC_PER_SEC + ts.tv_nsec / NSEC_PER_MSEC;
}

static void __noreturn
child_main(int fd, int (*fn)(void *arg, void *result), void *arg, void *result, size_t size)
{
	struct rlimit memory = { CHILD_MEMORY, CHILD_MEMORY }, core = { 0, 0 };
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_DATA, &memory);
	setrlimit(RLIMIT_CORE, &core);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	/* perf's handler prints a backtrace; should the guest's files do that, it is no news */
	signal(SIGSEGV, SIG_DFL);
	signal(SIGFPE, SIG_DFL);

	ret = fn(arg, result);
	if (write(fd, &ret, sizeof(ret)) != sizeof(ret) ||
	    (!ret && write(fd, result, size) != (ssize_t)size))
		_exit(1);
	_exit(0);
}

/* What a child has got from the guest's files: counted by the child, seen by its parent. */
static u64 *progress;

struct deadline {
	u64 seen;
	s64 idle_ms;
	s64 idle, total;	/* in now_ms() */
};

static bool deadline__is_over(struct deadline *deadline)
{
	s64 now = now_ms();

	if (progress && READ_ONCE(*progress) != deadline->seen) {
		deadline->seen = READ_ONCE(*progress);
		deadline->idle = now + deadline->idle_ms;
	}
	return now >= deadline->idle || now >= deadline->total;
}

/* Return: 0 with all of @buf read, or a negative error. */
static int read_until(int fd, void *buf, size_t size, struct deadline *deadline)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	ssize_t n;

	while (size) {
		if (deadline__is_over(deadline))
			return -ETIMEDOUT;
		if (poll(&pfd, 1, min_t(s64, deadline->idle_ms, 100)) <= 0)
			continue;
		n = read(fd, buf, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		buf += n;
		size -= n;
	}
	return 0;
}

/*
 * A process that waits for a file server can be killed with FUSE, NFS and 9p, but
 * there is no promise in that: do not wait for its end any longer than a moment.
 */
static void child_end(pid_t pid)
{
	int i;

	kill(pid, SIGKILL);
	for (i = 0; i < 100; i++) {
		if (waitpid(pid, NULL, WNOHANG))
			return;
		usleep(10 * USEC_PER_MSEC);
	}
}

int guest_child__run(int (*fn)(void *arg, void *result), void *arg,
		     void *result, size_t size, int idle_ms)
{
	struct deadline deadline = {
		.idle_ms = idle_ms,
		.idle	 = now_ms() + idle_ms,
		.total	 = now_ms() + (s64)idle_ms * GUEST_CHILD_PATIENCE,
	};
	int fds[2], err, ret = -EIO;
	void *buf;
	pid_t pid;

	buf = malloc(size ?: 1);
	if (!buf)
		return -ENOMEM;
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED || pipe2(fds, O_CLOEXEC) < 0) {
		err = -errno;
		goto out_unmap;
	}
	pid = fork();
	if (pid < 0) {
		err = -errno;
		close(fds[1]);
		goto out_close;
	}
	if (!pid)
		child_main(fds[1], fn, arg, result, size);

	close(fds[1]);
	err = read_until(fds[0], &ret, sizeof(ret), &deadline);
	if (!err)
		err = ret ?: read_until(fds[0], buf, size, &deadline);
	if (!err)
		memcpy(result, buf, size);
	child_end(pid);
out_close:
	close(fds[0]);
out_unmap:
	if (progress != MAP_FAILED)
		munmap(progress, sizeof(*progress));
	progress = NULL;
	free(buf);
	return err;
}

static void got_something(void)
{
	if (progress)
		WRITE_ONCE(*progress, *progress + 1);
}

static int open_in(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags	 = O_RDONLY | O_CLOEXEC | flags,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	got_something();
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
	char self[32];
	struct stat st;
	int fd, ret;

	fd = open_in(root, path, O_PATH);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		ret = -errno;
	else if (!S_ISREG(st.st_mode))
		ret = -EINVAL;
	else {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
		ret = open(self, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (ret < 0)
			ret = -errno;
	}
	close(fd);
	return ret;
}

static ssize_t read_some(int fd, char *buf, size_t size)
{
	ssize_t n;

	do {
		n = read(fd, buf, size);
	} while (n < 0 && errno == EINTR);
	got_something();
	return n < 0 ? -errno : n;
}

ssize_t guest_file__pread(int fd, void *buf, size_t size, u64 offset)
{
	size_t done = 0;
	ssize_t n;

	do {
		n = pread(fd, buf + done, size - done, offset + done);
		got_something();
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
static int load_fd(int fd, u64 limit, char **buf, size_t *size)
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

int guest_file__load(int root, const char *path, u64 limit, void **data, size_t *size)
{
	char *buf = NULL;
	int fd, err;

	fd = guest_file__open(root, path);
	if (fd < 0)
		return fd;
	*size = 0;
	err = load_fd(fd, limit, &buf, size);
	close(fd);
	if (err)
		free(buf);
	else
		*data = buf;
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

static s64 copy_fd(int in, int out, u64 limit)
{
	static char buf[CHUNK];
	u64 copied = 0;
	ssize_t n;
	int err;

	while ((n = read_some(in, buf, sizeof(buf))) > 0) {
		copied += n;
		if (copied > limit)
			return -EFBIG;
		err = write_all(out, buf, n);
		if (err)
			return err;
	}
	return n ?: (s64)copied;
}

s64 guest_file__copy(int root, const char *from, int out, const char *to, u64 limit)
{
	int in, fd;
	s64 ret;

	in = guest_file__open(root, from);
	if (in < 0)
		return in;
	fd = openat(out, to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		ret = -errno;
		goto out_close;
	}
	ret = copy_fd(in, fd, limit);
	if (close(fd) < 0 && ret >= 0)
		ret = -errno;
	if (ret < 0)
		unlinkat(out, to, 0);
out_close:
	close(in);
	return ret;
}
