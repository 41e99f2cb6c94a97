// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <sys/socket.h>
#include "debug.h"
#include "guest/serve/listen.h"

#define DEFAULT		"127.0.0.1:8707"
#define FIRST_FD	3	/* of those that systemd passes */

static bool is_loopback(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *in = (const void *)address;
	const struct sockaddr_in6 *in6 = (const void *)address;

	if (address->ss_family == AF_INET)
		return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return address->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static int describe(struct serve_listen *listen)
{
	char host[INET6_ADDRSTRLEN], port[8];
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	if (getsockname(listen->fd, (void *)&address, &len) ||
	    getnameinfo((void *)&address, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV)) {
		pr_err("What is to be listened at is no socket of TCP\n");
		return -EINVAL;
	}
	listen->port = atoi(port);
	listen->loopback = is_loopback(&address);
	snprintf(listen->name, sizeof(listen->name),
		 address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	return 0;
}

/* Return: a descriptor, 0 if systemd has passed none */
static int systemds(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	bool ours = pid && fds && atoi(pid) == getpid() && atoi(fds) == 1;

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	if (!ours)
		return 0;
	fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC);
	fcntl(FIRST_FD, F_SETFL, O_NONBLOCK);
	return FIRST_FD;
}

/* Return: a list to be freed; NULL if that is no address and port */
static struct addrinfo *parse(const char *where)
{
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM,
	}, *found = NULL;
	const char *colon = strrchr(where, ':');
	char host[INET6_ADDRSTRLEN + 2];
	size_t len = colon ? colon - where : 0;

	if (len > 2 && where[0] == '[' && where[len - 1] == ']') {
		where++;
		len -= 2;
	}
	if (!len || len >= sizeof(host))
		return NULL;
	memcpy(host, where, len);
	host[len] = '\0';
	return getaddrinfo(host, colon + 1, &hints, &found) ? NULL : found;
}

static int listen_at(const char *where)
{
	struct addrinfo *address = parse(where);
	int fd, one = 1, err = 0;

	if (!address) {
		pr_err("--listen %s: that is not ADDRESS:PORT, as in " DEFAULT "\n", where);
		return -EINVAL;
	}
	fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, address->ai_addr, address->ai_addrlen) || listen(fd, 64)) {
		err = -errno;
		pr_err("--listen %s: %s\n", where, strerror(-err));
	}
	freeaddrinfo(address);
	if (err && fd >= 0)
		close(fd);
	return err ?: fd;
}

int serve_listen__open(struct serve_listen *listen, const char *where)
{
	int err;

	listen->fd = where ? 0 : systemds();
	if (!listen->fd)
		listen->fd = listen_at(where ?: DEFAULT);
	if (listen->fd < 0)
		return listen->fd;
	err = describe(listen);
	if (err)
		close(listen->fd);
	else if (!listen->loopback)
		pr_warning("%s can be reached from other machines, without encryption: who reads along can record this host's guests. ssh -L to 127.0.0.1 is safe\n",
			   listen->name);
	return err;
}
