/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the pages are served.
 */
#ifndef __PERF_GUEST_SERVE_LISTEN_H
#define __PERF_GUEST_SERVE_LISTEN_H

#include <stdbool.h>
#include <netinet/in.h>

/**
 * struct serve_listen - a socket that listens
 * @fd:	      its descriptor
 * @name:     address and port, as in a URL
 * @port:     the port
 * @loopback: only this machine gets there
 */
struct serve_listen {
	int  fd;
	char name[INET6_ADDRSTRLEN + 10];
	int  port;
	bool loopback;
};

/**
 * serve_listen__open - listen
 * @where: ADDRESS:PORT, with numbers alone; port 0 for any that is free. NULL for systemd's
 *	   socket (sd_listen_fds(3)), or else 127.0.0.1 and a port of our own
 *
 * Return: 0 or a negative error, reported.
 */
int serve_listen__open(struct serve_listen *listen, const char *where);

#endif /* __PERF_GUEST_SERVE_LISTEN_H */
