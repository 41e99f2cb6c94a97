/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The process that keeps its privileges. It reads requests of a fixed size, and what its own
 * children write goes to the web process by descriptor: nothing of a guest's is parsed here.
 */
#ifndef __PERF_GUEST_SERVE_RECORDER_H
#define __PERF_GUEST_SERVE_RECORDER_H

#include <sys/types.h>

struct serve_store;

/**
 * serve_recorder__run - answer the web process
 * @socket: to it
 * @web:    its pid
 *
 * Until SIGINT, SIGTERM or SIGHUP, or until the web process ends. No child is left then.
 *
 * Return: 0; a negative error if the web process has ended by itself.
 */
int serve_recorder__run(const struct serve_store *store, int socket, pid_t web);

#endif /* __PERF_GUEST_SERVE_RECORDER_H */
