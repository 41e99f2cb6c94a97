// SPDX-License-Identifier: GPL-2.0
/*
 * Run what reads a guest's files in another process.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/time64.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include "debug.h"
#include "guest/untrusted/child.h"
#include "guest/untrusted/syscalls.h"
#include "guest/untrusted/waiting.h"
#include "guest/untrusted/wall.h"

/*
 * A child that a hostile file makes eat memory should fail, not the host: what it may take
 * on top of what perf has.
 */
#define CHILD_MEMORY	(2ULL << 30)
#define CHILD_FILES	64
/* files that it may make, far more than there are of a guest */
#define CHILD_NAMES	(1U << 20)

/* How often the parent looks whether its time is up, or the disk full */
#define WAIT_MS		100
#define DISK_MS		10

s64 guest_child__now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (s64)ts.tv_sec * MSEC_PER_SEC + ts.tv_nsec / NSEC_PER_MSEC;
}

/* In a child: who has started it. */
static pid_t perf;

/*
 * What a child lets its parent see
 * @progress: counts what it has got from the guest's files
 * @no_wall:  why there is no wall around it, as errno
 */
struct seen {
	u64 progress;
	int no_wall;
};

/* In a child that has a parent to see it. */
static struct seen *shown;

void guest_child__got_something(void)
{
	if (shown)
		WRITE_ONCE(shown->progress, shown->progress + 1);
}

static void set_limits(const struct guest_child *child)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long all = 0, data = 0;

	if (file) {
		if (fscanf(file, "%lu %*u %*u %*u %*u %lu", &all, &data) != 2)
			all = data = 0;
		fclose(file);
	}
	guest_wall__limit(RLIMIT_DATA, (u64)data * sysconf(_SC_PAGESIZE) + CHILD_MEMORY);
	/* shared memory is in none of the others */
	guest_wall__limit(RLIMIT_AS, (u64)all * sysconf(_SC_PAGESIZE) + CHILD_MEMORY);
	guest_wall__limit(RLIMIT_CORE, 0);
	guest_wall__limit(RLIMIT_NOFILE, CHILD_FILES);
	guest_wall__limit(RLIMIT_FSIZE, child->file_max ?: CHILD_MEMORY);
}

/* perf's own handlers print a backtrace, or end what is perf's. */
static void default_signals(void)
{
	static const int signals[] = { SIGTERM, SIGQUIT, SIGHUP, SIGSEGV, SIGFPE };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_DFL);
	/* after Ctrl-C perf has a rest to do, and it is perf that ends its children */
	signal(SIGINT, SIG_IGN);
}

static int cmp_fds(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Nothing of perf's but @keep, 0 being none: its pager waits for the last to have its end. */
static int close_others(int *keep, size_t nr)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), from = 3;
	size_t i;

	if (null < 0)
		return -errno;
	for (i = 0; i < 3; i++)
		dup2(null, i);
	qsort(keep, nr, sizeof(*keep), cmp_fds);
	for (i = 0; i < nr; i++) {
		if (keep[i] > from)
			syscall(SYS_close_range, from, keep[i] - 1, 0);
		from = max(from, keep[i] + 1);
	}
	return syscall(SYS_close_range, from, ~0U, 0) ? -errno : 0;
}

static int shut_in(const struct guest_child *child, int to, int *root)
{
	struct guest_wall wall = {
		.root = -1, .mounted = child->mounted, .memfd = child->memfd, .out = child->out,
		.input = child->input,
	};
	int keep[] = { to, child->out, child->fd, child->input };
	int err;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != perf)
		return -ESRCH;
	default_signals();
	set_limits(child);
	err = close_others(keep, ARRAY_SIZE(keep));
	if (err)
		return err;
	/* here, as a guest mount may hang */
	if (child->dir) {
		wall.root = open(child->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (wall.root < 0)
			return -errno;
	}
	*root = wall.root;
	err = guest_wall__enter(&wall);
	if (err && shown)
		WRITE_ONCE(shown->no_wall, -err);
	return err;
}

static bool send_result(int to, int ret, const void *result, size_t size)
{
	return write(to, &ret, sizeof(ret)) == sizeof(ret) &&
	       (ret || write(to, result, size) == (ssize_t)size);
}

static void __noreturn child_main(const struct guest_child *child, int to, void *result,
				  size_t size)
{
	int root = -1, ret = shut_in(child, to, &root);

	if (!ret)
		ret = child->fn(child->arg, result, root);
	_exit(to && !send_result(to, ret, result, size));
}

/*
 * What a child that writes files leaves of their disk. One that is the guest's by now may have
 * many of them, with names and without: only the disk knows.
 */
struct disk {
	int fd;			/* of a directory on it; 0 for none */
	u64 bytes, files;	/* that must stay free */
};

static u64 must_stay(u64 there, u64 max)
{
	return there - min(there - there / 4, max);
}

static void disk__init(struct disk *disk, const struct guest_child *child)
{
	struct statvfs fs;

	*disk = (struct disk) { .fd = child->out };
	if (!child->out || fstatvfs(child->out, &fs))
		return;
	disk->bytes = must_stay((u64)fs.f_bavail * fs.f_frsize,
				2 * (child->file_max ?: CHILD_MEMORY));
	disk->files = must_stay(fs.f_favail, CHILD_NAMES);
}

static bool disk__is_used_up(const struct disk *disk)
{
	struct statvfs fs;

	return disk->fd && !fstatvfs(disk->fd, &fs) &&
	       ((u64)fs.f_bavail * fs.f_frsize < disk->bytes || fs.f_favail < disk->files);
}

struct deadline {
	struct disk disk;
	const u64 *progress;
	u64 last;
	s64 idle_ms;
	s64 idle, total;	/* in guest_child__now_ms() */
	struct guest_waiting waiting;
};

static bool deadline__is_over(struct deadline *deadline)
{
	s64 now = guest_child__now_ms();

	if (READ_ONCE(*deadline->progress) != deadline->last) {
		deadline->last = READ_ONCE(*deadline->progress);
		deadline->idle = now + deadline->idle_ms;
	}
	return now >= deadline->idle || now >= deadline->total;
}

/* Return: 0 with all of @buf read, or a negative error. */
static int read_until(int fd, void *buf, size_t size, struct deadline *deadline)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int wait_ms = deadline->disk.fd ? DISK_MS : WAIT_MS;
	ssize_t n;

	while (size) {
		if (deadline__is_over(deadline))
			return -ETIMEDOUT;
		if (disk__is_used_up(&deadline->disk))
			return -ENOSPC;
		if (poll(&pfd, 1, min_t(s64, deadline->idle_ms, wait_ms)) <= 0) {
			guest_waiting__show(&deadline->waiting);
			continue;
		}
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
void guest_child__end(pid_t pid)
{
	unsigned int us;

	kill(pid, SIGKILL);
	for (us = 64; us < USEC_PER_SEC; us *= 2) {
		if (waitpid(pid, NULL, WNOHANG))
			return;
		usleep(us);
	}
}

static int read_result(const struct guest_child *child, int from, struct deadline *deadline,
		       void *result, size_t size)
{
	int err, ret = -EIO;

	err = read_until(from, &ret, sizeof(ret), deadline);
	if (err)
		return err;
	/* no more is to be expected from a child that is the guest's by now */
	if (ret)
		return ret < 0 && ret >= -4095 ? ret : -EBADMSG;
	err = read_until(from, result, size, deadline);
	if (!err && child->check && !child->check(result))
		err = -EBADMSG;
	return err;
}

static int get_result(const struct guest_child *child, int from, const struct seen *seen,
		      void *result, size_t size)
{
	s64 total_ms = child->total_ms ?: (s64)child->idle_ms * GUEST_CHILD_PATIENCE;
	s64 now = guest_child__now_ms();
	struct deadline deadline = {
		.progress = &seen->progress,
		.idle_ms  = child->idle_ms,
		.idle	  = now + child->idle_ms,
		.total	  = now + total_ms,
		.waiting  = { .what = child->waiting, .begin = now },
	};
	int err;

	disk__init(&deadline.disk, child);
	err = read_result(child, from, &deadline, result, size);
	guest_waiting__end(&deadline.waiting);
	return err;
}

/* Return: the pid, with the end of a pipe at @from that the result comes out of */
static pid_t start(const struct guest_child *child, void *result, size_t size, int *from,
		   struct seen *seen)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	perf = getpid();
	pid = fork();
	if (!pid) {
		shown = seen;
		child_main(child, fds[1], result, size);
	}
	if (pid < 0) {
		pid = -errno;
		close(fds[0]);
	}
	close(fds[1]);
	*from = fds[0];
	return pid;
}

int guest_child__run(const struct guest_child *child, void *result, size_t size)
{
	struct seen *seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	void *got = malloc(size ?: 1);
	int from = -1, err = -ENOMEM;
	pid_t pid;

	if (seen == MAP_FAILED || !got)
		goto out;
	pid = start(child, result, size, &from, seen);
	err = min(pid, 0);
	if (err)
		goto out;
	err = get_result(child, from, seen, got, size);
	if (err && seen->no_wall)
		pr_warning_once("A guest's files are read behind a wall (namespaces, Landlock, seccomp), which this host does not let perf put up: %s. They are not read\n",
				strerror(seen->no_wall));
	if (!err && size)
		memcpy(result, got, size);
	close(from);
	guest_child__end(pid);
out:
	if (seen != MAP_FAILED)
		munmap(seen, sizeof(*seen));
	free(got);
	return err;
}

pid_t guest_child__start(const struct guest_child *child)
{
	pid_t pid;

	perf = getpid();
	pid = fork();
	if (!pid)
		child_main(child, 0, NULL, 0);
	return pid < 0 ? -errno : pid;
}
