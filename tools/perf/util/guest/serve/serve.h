/* SPDX-License-Identifier: GPL-2.0 */
/*
 * perf kvm-callchain serve: recordings, by a browser. Two processes: one has privileges and
 * takes requests of numbers alone (recorder.h), the other speaks HTTP and has nothing (web.h).
 */
#ifndef __PERF_GUEST_SERVE_H
#define __PERF_GUEST_SERVE_H

#include <linux/types.h>

#define GUEST_SERVE_DIRECTORY	"/var/lib/kvm-callchain/serve"
#define GUEST_SERVE_QUOTA	4096

/**
 * struct guest_serve - what is asked for
 * @listen:    ADDRESS:PORT; NULL for the default
 * @directory: for the recordings
 * @quota:     MiB that they may have
 */
struct guest_serve {
	const char *listen, *directory;
	unsigned int quota;
};

/**
 * guest_serve__run - serve, until SIGINT, SIGTERM or SIGHUP
 *
 * Return: 0 or a negative error, reported.
 */
int guest_serve__run(const struct guest_serve *serve);

#endif /* __PERF_GUEST_SERVE_H */
