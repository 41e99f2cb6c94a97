// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <microhttpd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include "guest/serve/exchange.h"
#include "guest/serve/guard.h"
#include "guest/serve/listen.h"
#include "guest/serve/route.h"
#include "guest/serve/web.h"
#include "guest/untrusted/syscalls.h"
#include "guest/untrusted/wall.h"

#define CONNECTIONS	64u
#define SECONDS		10u	/* without a byte */
#define HEADERS		(16u << 10)	/* bytes of a request, which has no more than those */
#define MEMORY		(512ULL << 20)

/* MHD calls it for a request's headers, then for a body, of which there is none. */
static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version __maybe_unused,
			      const char *data __maybe_unused, size_t *size, void **own)
{
	struct serve_exchange *exchange = *own;

	if (!exchange) {
		exchange = calloc(1, sizeof(*exchange));
		if (!exchange)
			return MHD_NO;
		exchange->connection = connection;
		*own = exchange;
		return serve_route__begin(connection);
	}
	*size = 0;
	return serve_route__answer(cls, exchange, url, method);
}

static void completed(void *cls __maybe_unused, struct MHD_Connection *connection __maybe_unused,
		      void **own, enum MHD_RequestTerminationCode code __maybe_unused)
{
	serve_exchange__delete(*own);
	*own = NULL;
}

static struct MHD_Daemon *start(int fd, struct serve_route *route)
{
	/* the loop is ours: one thread, and nothing that is shared */
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle,
				route, MHD_OPTION_LISTEN_SOCKET, fd,
				MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
				MHD_OPTION_CONNECTION_TIMEOUT, SECONDS,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS,
				MHD_OPTION_STRICT_FOR_CLIENT, 1,
				MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_END);
}

static bool keep_only(int a, int b)
{
	int first = min(a, b), last = max(a, b);

	return (first <= 3 || !syscall(SYS_close_range, 3, first - 1, 0)) &&
	       (last <= first + 1 || !syscall(SYS_close_range, first + 1, last - 1, 0)) &&
	       !syscall(SYS_close_range, last + 1, ~0U, 0);
}

/* Nothing of the terminal's. Return: where to say that this is not to be, a negative error */
static int leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int err = dup(STDERR_FILENO), i;

	for (i = 0; null >= 0 && i < 3; i++)
		dup2(null, i);
	if (null < 0 || err < 0)
		return -errno;
	close(null);
	return err;
}

static int shut_in(void)
{
	const struct guest_wall wall = { .root = -1, .serves = true };

	guest_wall__limit(RLIMIT_CORE, 0);
	guest_wall__limit(RLIMIT_FSIZE, 0);
	guest_wall__limit(RLIMIT_AS, MEMORY);
	guest_wall__limit(RLIMIT_NOFILE, 4 * CONNECTIONS);
	return guest_wall__enter(&wall);
}

static void serve(struct MHD_Daemon *daemon, int socket)
{
	struct pollfd fds[] = {
		{ .fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
		  .events = POLLIN },
		{ .fd = socket, .events = POLLIN },
	};
	MHD_UNSIGNED_LONG_LONG ms;
	bool there = true;

	while (there) {
		if (MHD_get_timeout(daemon, &ms) != MHD_YES || ms > 1000)
			ms = 1000;
		poll(fds, ARRAY_SIZE(fds), ms);
		if (fds[1].revents)
			there = serve_exchange__take(socket);
		MHD_run(daemon);
	}
}

void __noreturn serve_web__run(const struct serve_listen *listen, int socket,
			       struct serve_guard *guard)
{
	struct serve_route route = { .guard = guard, .socket = socket };
	struct MHD_Daemon *daemon;
	int err, said;

	snprintf(route.cookie, sizeof(route.cookie), "kvm_callchain_%d", listen->port);
	/* a terminal's are for the recorder, whose end is that of all */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	signal(SIGSEGV, SIG_DFL);
	said = keep_only(listen->fd, socket) ? leave_terminal() : -errno;
	daemon = said < 0 ? NULL : start(listen->fd, &route);
	err = daemon ? shut_in() : -EIO;
	if (err) {
		dprintf(said, "The process that serves pages cannot be shut in: %s\n",
			strerror(-err));
		_exit(EXIT_FAILURE);
	}
	close(said);
	serve(daemon, socket);
	/* as it is: connections may wait for answers that never come */
	_exit(EXIT_SUCCESS);
}
