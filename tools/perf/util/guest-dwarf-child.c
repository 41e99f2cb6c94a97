// SPDX-License-Identifier: GPL-2.0
/*
 * Unwind in another process, and do without it if that ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/time64.h>
#include <linux/zalloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "debug.h"
#include "guest-dwarf-child.h"

/* What it may take on top of what perf has. */
#define CHILD_MEMORY	(1ULL << 30)
/* The first sample may have to load all files of a process. */
#define SAMPLE_MS	10000
/* What is slow with every sample is given up, too: replies later than a moment, in all. */
#define MOMENT_MS	20
#define PATIENCE_MS	60000

#ifndef SYS_close_range
#define SYS_close_range	436
#endif

struct request {
	u32			  max;
	struct guest_dwarf_sample sample;
};

#define REQUEST_HEAD	offsetof(struct request, sample.stack)

/* The first one, before any request, has @processes only. */
struct reply {
	u32 processes;
	u32 nr;
	u32 end;
	u64 ips[GUEST_DWARF_FRAMES_MAX];
};

static void limit_memory(void)
{
	struct rlimit none = { 0, 0 }, memory;
	unsigned long data = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file) {
		if (fscanf(file, "%*u %*u %*u %*u %*u %lu", &data) != 1)
			data = 0;
		fclose(file);
	}
	memory.rlim_cur = memory.rlim_max = data * sysconf(_SC_PAGESIZE) + CHILD_MEMORY;
	setrlimit(RLIMIT_DATA, &memory);
	setrlimit(RLIMIT_CORE, &none);
}

static bool serve(struct guest_dwarf *gd, int fd)
{
	struct reply reply = { .nr = 0 };
	enum guest_dwarf_end end;
	struct request request;
	ssize_t n;

	n = recv(fd, &request, sizeof(request), 0);
	if (n < 0 && errno == EINTR)
		return true;
	if (n < (ssize_t)REQUEST_HEAD || request.sample.size > n - REQUEST_HEAD ||
	    request.max > GUEST_DWARF_FRAMES_MAX)
		return false;
	reply.nr = guest_dwarf__unwind(gd, &request.sample, reply.ips, request.max, &end);
	reply.end = end;
	return send(fd, &reply, sizeof(reply), MSG_NOSIGNAL) == sizeof(reply);
}

/* Keep nothing of perf's: its pager waits for the last one that may write to it. */
static int keep_only(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), i;

	for (i = 0; i < 3; i++)
		dup2(null, i);
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (fd > 3) {
		dup2(fd, 3);
		fd = 3;
	}
	syscall(SYS_close_range, 4, ~0U, 0);
	return fd;
}

static void __noreturn child_main(int fd, const char *dir)
{
	struct reply hello = { .nr = 0 };
	struct guest_dwarf *gd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* perf has a rest to do then; its end is known by the signal above and the socket */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	/* perf's own handler prints a backtrace; for perf itself it is not */
	signal(SIGSEGV, SIG_DFL);
	signal(SIGFPE, SIG_DFL);
	limit_memory();
	fd = keep_only(fd);
	gd = guest_dwarf__new(dir);
	if (!gd)
		_exit(1);
	hello.processes = guest_dwarf__processes(gd);
	if (send(fd, &hello, sizeof(hello), MSG_NOSIGNAL) != sizeof(hello))
		_exit(1);
	while (serve(gd, fd))
		;
	_exit(0);
}

static void stop(struct guest_dwarf_child *child)
{
	if (child->fd < 0)
		return;
	close(child->fd);
	child->fd = -1;
	/* it waits for no file server: its files are copies */
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
}

static u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * MSEC_PER_SEC + ts.tv_nsec / NSEC_PER_MSEC;
}

static bool get_reply(struct guest_dwarf_child *child, struct reply *reply)
{
	struct pollfd pfd = { .fd = child->fd, .events = POLLIN };
	u64 begin = now_ms(), took;
	int ret;

	do {
		ret = poll(&pfd, 1, child->sample_ms);
	} while (ret < 0 && errno == EINTR);

	took = now_ms() - begin;
	if (took > MOMENT_MS)
		child->slow_ms += took;
	if (child->slow_ms > PATIENCE_MS) {
		child->started = GUEST_DWARF_CHILDREN;	/* and no other one */
		return false;
	}
	return ret == 1 && recv(child->fd, reply, sizeof(*reply), 0) == sizeof(*reply);
}

static int start(struct guest_dwarf_child *child)
{
	struct reply hello;
	int fds[2];

	if (child->started == GUEST_DWARF_CHILDREN)
		return -EIO;
	child->started++;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	child->pid = fork();
	if (!child->pid) {
		close(fds[0]);
		child_main(fds[1], child->dir);
	}
	close(fds[1]);
	if (child->pid < 0) {
		close(fds[0]);
		return -EAGAIN;
	}
	child->fd = fds[0];
	if (!get_reply(child, &hello)) {
		stop(child);
		return -EIO;
	}
	child->processes = hello.processes;
	return 0;
}

int guest_dwarf_child__init(struct guest_dwarf_child *child, const char *dir)
{
	*child = (struct guest_dwarf_child) {
		.dir = strdup(dir), .fd = -1, .sample_ms = SAMPLE_MS,
	};
	return child->dir ? start(child) : -ENOMEM;
}

void guest_dwarf_child__exit(struct guest_dwarf_child *child)
{
	stop(child);
	zfree(&child->dir);
}

u32 guest_dwarf_child__unwind(struct guest_dwarf_child *child,
			      const struct guest_dwarf_sample *sample, u64 *ips, u32 max,
			      enum guest_dwarf_end *end)
{
	struct request request = { .max = min_t(u32, max, GUEST_DWARF_FRAMES_MAX) };
	struct reply reply;
	size_t size;

	*end = GUEST_DWARF_FAILED;
	if (sample->size > sizeof(sample->stack) || (child->fd < 0 && start(child)))
		return 0;
	memcpy(&request.sample, sample, offsetof(struct guest_dwarf_sample, stack));
	memcpy(request.sample.stack, sample->stack, sample->size);
	size = REQUEST_HEAD + sample->size;
	if (send(child->fd, &request, size, MSG_NOSIGNAL) != (ssize_t)size ||
	    !get_reply(child, &reply) || reply.nr > request.max ||
	    reply.end >= GUEST_DWARF_NR_ENDS) {
		pr_debug("what unwinds the user stacks of %s has ended\n", child->dir);
		stop(child);
		return 0;
	}
	memcpy(ips, reply.ips, reply.nr * sizeof(*ips));
	*end = reply.end;
	return reply.nr;
}
