// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <microhttpd.h>
#include <sys/socket.h>
#include "guest/serve/exchange.h"

static struct serve_exchange *waiting;
static u32 last_serial;

bool serve_exchange__ask(struct serve_exchange *exchange, int socket,
			 struct serve_request *request)
{
	request->serial = ++last_serial ?: ++last_serial;
	if (send(socket, request, sizeof(*request), MSG_DONTWAIT | MSG_NOSIGNAL) !=
	    sizeof(*request))
		return false;
	exchange->serial = request->serial;
	exchange->next = waiting;
	waiting = exchange;
	MHD_suspend_connection(exchange->connection);
	return true;
}

static int descriptor(struct msghdr *msg)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
	int fd = 0;

	if (cmsg && cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

/* Return: who waits for it, no more from now on; NULL if nobody does */
static struct serve_exchange *find(u32 serial)
{
	struct serve_exchange **at, *found;

	for (at = &waiting; *at; at = &(*at)->next) {
		if ((*at)->serial == serial) {
			found = *at;
			*at = found->next;
			return found;
		}
	}
	return NULL;
}

bool serve_exchange__take(int socket)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct serve_answer answer;
	struct iovec iov = { .iov_base = &answer, .iov_len = sizeof(answer) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct serve_exchange *exchange;
	int fd;

	if (recvmsg(socket, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != sizeof(answer))
		return false;
	fd = descriptor(&msg);
	exchange = find(answer.serial);
	if (!exchange) {
		if (fd)
			close(fd);
		return true;
	}
	answer.text[sizeof(answer.text) - 1] = '\0';
	exchange->answer = answer;
	exchange->answered = true;
	exchange->fd = fd;
	MHD_resume_connection(exchange->connection);
	return true;
}

void serve_exchange__delete(struct serve_exchange *exchange)
{
	if (!exchange)
		return;
	if (exchange->serial && !exchange->answered)
		find(exchange->serial);
	if (exchange->fd)
		close(exchange->fd);
	free(exchange);
}
