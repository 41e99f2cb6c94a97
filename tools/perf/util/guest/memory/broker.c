// SPDX-License-Identifier: GPL-2.0
/*
 * Hand a guest's memory to a child, a piece at a time.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <sys/socket.h>
#include "guest/memory/broker.h"
#include "guest/memory/ram.h"
#include "guest/untrusted/child.h"

struct request {
	u64 gpa;
	u64 size;
};

struct reply {
	s64 err;
	u8  data[GUEST_BROKER_MAX];
};

#define REPLY_HEAD	offsetof(struct reply, data)

static int answer(struct guest_broker *broker, const struct request *request, struct reply *reply)
{
	u64 costs = request->size + GUEST_SLOT_PAGE;

	if (!request->size || request->size > sizeof(reply->data))
		return -EINVAL;
	if (costs > broker->left)
		return -EDQUOT;
	broker->left -= costs;
	return guest_ram__read(broker->ram, request->gpa, reply->data, request->size);
}

static void *serve(void *arg)
{
	struct guest_broker *broker = arg;
	struct request request;
	struct reply reply;
	size_t size;

	/* it ends when the other end is closed */
	while (recv(broker->perf, &request, sizeof(request), 0) == sizeof(request)) {
		reply.err = answer(broker, &request, &reply);
		size = REPLY_HEAD + (reply.err ? 0 : request.size);
		if (send(broker->perf, &reply, size, MSG_NOSIGNAL) != (ssize_t)size)
			break;
	}
	shutdown(broker->perf, SHUT_RDWR);
	return NULL;
}

int guest_broker__start(struct guest_broker *broker, const struct guest_ram *ram)
{
	sigset_t all, before;
	int fds[2], err;

	*broker = (struct guest_broker) { .ram = ram, .left = GUEST_BROKER_TOTAL };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	broker->perf = fds[0];
	broker->child = fds[1];
	/* signals are for perf's main thread */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&broker->thread, NULL, serve, broker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!err)
		return 0;
	close(fds[0]);
	close(fds[1]);
	return -err;
}

void guest_broker__end(struct guest_broker *broker)
{
	/* a child that could not be killed may hold its end open */
	shutdown(broker->child, SHUT_RDWR);
	pthread_join(broker->thread, NULL);
	close(broker->child);
	close(broker->perf);
}

int guest_broker__read(int fd, u64 gpa, void *buf, size_t size)
{
	struct request request = { .gpa = gpa, .size = size };
	struct reply reply;
	ssize_t n;

	if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) != sizeof(request))
		return -EPIPE;
	do {
		n = recv(fd, &reply, sizeof(reply), 0);
	} while (n < 0 && errno == EINTR);
	if (n < (ssize_t)REPLY_HEAD)
		return -EPIPE;
	guest_child__got_something();
	if (reply.err)
		return reply.err;
	if (n != (ssize_t)(REPLY_HEAD + size))
		return -EPIPE;
	memcpy(buf, reply.data, size);
	return 0;
}
