// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include "guest/serve/live.h"
#include "guest/untrusted/dir.h"
#include "util/header.h"

#define CHUNK	(256 << 10)	/* more than the largest event */

int serve_live__open(struct serve_live *live, int dir, const char *name)
{
	struct perf_file_header header;
	int fd = guest_dir__open(dir, name, O_RDWR, 0);

	if (fd < 0)
		return fd;
	if (pread(fd, &header, sizeof(header), 0) != sizeof(header) || !header.data.offset) {
		close(fd);
		return -EBADMSG;
	}
	*live = (struct serve_live) {
		.fd = fd, .begin = header.data.offset, .end = header.data.offset,
	};
	return 0;
}

/* Return: bytes of the events in @chunk that are there as a whole, or a negative error */
static ssize_t whole_events(const char *chunk, ssize_t len)
{
	struct perf_event_header event;
	ssize_t at = 0;

	while (at + (ssize_t)sizeof(event) <= len) {
		memcpy(&event, chunk + at, sizeof(event));
		if (event.size < sizeof(event))
			return -EBADMSG;
		if (at + event.size > len)
			break;
		at += event.size;
	}
	return at;
}

/* Two writes may have an event between them. */
static int find_end(struct serve_live *live)
{
	char *chunk = malloc(CHUNK);
	ssize_t len = -1;

	while (chunk) {
		len = pread(live->fd, chunk, CHUNK, live->end);
		if (len < 0) {
			len = -errno;
			break;
		}
		len = whole_events(chunk, len);
		if (len <= 0)
			break;
		live->end += len;
	}
	free(chunk);
	return chunk ? min_t(ssize_t, len, 0) : -ENOMEM;
}

int serve_live__update(struct serve_live *live)
{
	static const char no_features[sizeof(((struct perf_file_header *)0)->adds_features)];
	u64 size;
	int err = find_end(live);

	if (err)
		return err;
	size = live->end - live->begin;
	if (pwrite(live->fd, no_features, sizeof(no_features),
		   offsetof(struct perf_file_header, adds_features)) != sizeof(no_features) ||
	    pwrite(live->fd, &size, sizeof(size),
		   offsetof(struct perf_file_header, data.size)) != sizeof(size))
		return -errno;
	return 0;
}

void serve_live__close(struct serve_live *live)
{
	if (live->fd > 0)
		close(live->fd);
	live->fd = 0;
}
