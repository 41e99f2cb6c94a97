/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The process that serves pages: no privileges, no files, no network but the browsers that come
 * to its socket.
 */
#ifndef __PERF_GUEST_SERVE_WEB_H
#define __PERF_GUEST_SERVE_WEB_H

#include <linux/compiler.h>

struct serve_guard;
struct serve_listen;

/**
 * serve_web__run - serve until the recorder has ended
 * @socket: to the recorder
 *
 * In a process of its own, as it shuts itself in.
 */
void __noreturn serve_web__run(const struct serve_listen *listen, int socket,
			       struct serve_guard *guard);

#endif /* __PERF_GUEST_SERVE_WEB_H */
