/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The directory with the recordings: DIR/ID/perf.data, perf.data.guests, log (what perf said)
 * and asked (what it was asked for). It is root's alone; what is below it anybody may read who
 * is led there.
 */
#ifndef __PERF_GUEST_SERVE_STORE_H
#define __PERF_GUEST_SERVE_STORE_H

#include <stddef.h>
#include <linux/types.h>
#include "guest/serve/protocol.h"

#define SERVE_RECORDINGS_MAX	1000

/**
 * struct serve_store - the directory
 * @dir:   its descriptor, locked as long as that is open
 * @quota: bytes that may be in it
 */
struct serve_store {
	int dir;
	u64 quota;
};

/**
 * serve_store__open - make it, if it is not there, and take it
 *
 * Return: 0 or a negative error, reported: it is in use, or not root's alone.
 */
int serve_store__open(struct serve_store *store, const char *path, u64 quota);

/**
 * serve_store__new - a directory for a recording
 * @asked: a request that has been checked; @id is filled in
 *
 * Return: its descriptor or a negative error.
 */
int serve_store__new(const struct serve_store *store, struct serve_request *asked);

/**
 * serve_store__get - the directory of a recording
 * @asked: what was asked for; NULL if that is of no interest
 *
 * Return: its descriptor or a negative error.
 */
int serve_store__get(const struct serve_store *store, u64 id, struct serve_request *asked);

void serve_store__remove(const struct serve_store *store, u64 id);

/** serve_store__list - fill in ids, oldest first; Return: how many there are */
int serve_store__list(const struct serve_store *store, u64 ids[SERVE_RECORDINGS_MAX]);

/** serve_store__share - let who is led to this directory read what is in it; Return: its bytes */
u64 serve_store__share(int dir);

/**
 * serve_store__tidy - remove the oldest recordings until the rest is within the quota
 * @current: the one that is not to be removed
 *
 * Return: the bytes that are left.
 */
u64 serve_store__tidy(const struct serve_store *store, u64 current);

/** serve_store__log - the end of what perf said; printable ASCII and line feeds */
void serve_store__log(int dir, char *text, size_t size);

#endif /* __PERF_GUEST_SERVE_STORE_H */
