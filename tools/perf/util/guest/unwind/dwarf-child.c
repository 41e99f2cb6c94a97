// SPDX-License-Identifier: GPL-2.0
/*
 * Unwind in another process, and do without it if that ends.
 */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/zalloc.h>
#include <sys/socket.h>
#include "debug.h"
#include "guest/untrusted/child.h"
#include "guest/unwind/dwarf-child.h"
#include "guest/snapshot/vdso.h"

/* The first sample may have to load all files of a process. */
#define SAMPLE_MS	10000
/* What is slow with every sample is given up, too: more than a moment each, in all. */
#define MOMENT_MS	2
#define PATIENCE_MS	60000

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

/* In the other process. */
static int child_fn(void *arg, void *result __maybe_unused, int root)
{
	int fd = *(const int *)arg;
	struct reply hello = { .nr = 0 };
	struct guest_dwarf *gd;

	gd = guest_dwarf__new(root);
	if (!gd)
		return -ENOENT;
	hello.processes = guest_dwarf__processes(gd);
	if (send(fd, &hello, sizeof(hello), MSG_NOSIGNAL) != sizeof(hello))
		return -EPIPE;
	while (serve(gd, fd))
		;
	return 0;
}

static void stop(struct guest_dwarf_child *child)
{
	if (child->fd < 0)
		return;
	close(child->fd);
	child->fd = -1;
	guest_child__end(child->pid);
}

static bool get_reply(struct guest_dwarf_child *child, struct reply *reply)
{
	struct pollfd pfd = { .fd = child->fd, .events = POLLIN };
	s64 begin = guest_child__now_ms(), took;
	int ret;

	do {
		ret = poll(&pfd, 1, child->sample_ms);
	} while (ret < 0 && errno == EINTR);

	took = guest_child__now_ms() - begin;
	child->slow_ms = max_t(s64, child->slow_ms + took - MOMENT_MS, 0);
	if (child->slow_ms > PATIENCE_MS) {
		child->started = GUEST_DWARF_CHILDREN;	/* and no other one */
		return false;
	}
	return ret == 1 && recv(child->fd, reply, sizeof(*reply), 0) == sizeof(*reply);
}

static int start(struct guest_dwarf_child *child)
{
	int fds[2];
	struct guest_child process = {
		.fn = child_fn, .arg = &fds[1], .dir = child->dir,
		.memfd = true, .file_max = GUEST_VDSO_MAX,
	};
	struct reply hello;

	if (child->started == GUEST_DWARF_CHILDREN)
		return -EIO;
	child->started++;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	process.fd = fds[1];
	child->pid = guest_child__start(&process);
	close(fds[1]);
	if (child->pid < 0) {
		close(fds[0]);
		return child->pid;
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
	/* there is room for it, as a child that keeps to the rules has taken the last one */
	if (send(child->fd, &request, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size ||
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
