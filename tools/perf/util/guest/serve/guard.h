/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who may have pages: a browser that came with a token, and only for pages that are ours.
 */
#ifndef __PERF_GUEST_SERVE_GUARD_H
#define __PERF_GUEST_SERVE_GUARD_H

#include <stdbool.h>

#define SERVE_SECRET_SIZE	33	/* 128 bits in hexadecimal digits, and NUL */
#define SERVE_SESSIONS		16

/**
 * struct serve_guard - what is let in
 * @loopback: hosts of other machines are not
 * @token:    that can be exchanged for a session, once; empty if it has been
 * @sessions: secrets of browsers
 * @next:     which session is replaced next
 */
struct serve_guard {
	bool loopback;
	char token[SERVE_SECRET_SIZE];
	char sessions[SERVE_SESSIONS][SERVE_SECRET_SIZE];
	unsigned int next;
};

/** serve_guard__invite - make a new token; the last one is worth nothing. Return: 0 or an error */
int serve_guard__invite(struct serve_guard *guard);

/** serve_guard__enter - take a token; Return: the secret of a new session, NULL if it is wrong */
const char *serve_guard__enter(struct serve_guard *guard, const char *token);

/** serve_guard__knows - is that a session's secret? */
bool serve_guard__knows(const struct serve_guard *guard, const char *secret);

/**
 * serve_guard__host - may a browser have asked for this host?
 *
 * A name that somebody else has control of could lead here, and a page from there be taken for
 * ours (DNS rebinding): only localhost and addresses are no such name.
 */
bool serve_guard__host(const struct serve_guard *guard, const char *host);

/** serve_guard__origin - does a request come from a page of @host itself? */
bool serve_guard__origin(const char *origin, const char *host);

#endif /* __PERF_GUEST_SERVE_GUARD_H */
