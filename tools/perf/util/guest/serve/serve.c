// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include "debug.h"
#include "guest/serve/guard.h"
#include "guest/serve/listen.h"
#include "guest/serve/recorder.h"
#include "guest/serve/serve.h"
#include "guest/serve/store.h"
#include "guest/serve/web.h"

static void print_link(const struct serve_listen *listen, const struct serve_guard *guard)
{
	printf("http://%s/?token=%s\n", listen->name, guard->token);
	printf("Open this link in a browser: it is good for one, once. Ctrl-C ends.\n");
	fflush(stdout);
}

static int run(const struct serve_store *store, const struct serve_listen *listen)
{
	struct serve_guard guard = { .loopback = listen->loopback };
	int sockets[2], err = serve_guard__invite(&guard);
	pid_t web;

	if (!err && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		err = -errno;
	if (err)
		return err;
	web = fork();
	if (!web)
		serve_web__run(listen, sockets[1], &guard);
	err = web < 0 ? -errno : 0;
	close(sockets[1]);
	close(listen->fd);
	if (!err) {
		print_link(listen, &guard);
		return serve_recorder__run(store, sockets[0], web);
	}
	close(sockets[0]);
	return err;
}

int guest_serve__run(const struct guest_serve *serve)
{
	struct serve_listen listen;
	struct serve_store store;
	int err;

	if (geteuid()) {
		pr_err("Recording guests takes root, and so does perf kvm-callchain serve: sudo\n");
		return -EPERM;
	}
	err = serve_store__open(&store, serve->directory, (u64)serve->quota << 20);
	if (err)
		return err;
	err = serve_listen__open(&listen, serve->listen);
	if (!err) {
		err = run(&store, &listen);
		if (err)
			pr_err("perf kvm-callchain serve: %s\n", strerror(-err));
	}
	close(store.dir);
	return err;
}
