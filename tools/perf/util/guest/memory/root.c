// SPDX-License-Identifier: GPL-2.0
/*
 * Sample exits of a guest for a moment: the first PERF_RECORD_GUEST_CALLCHAIN says where its
 * page tables are.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <api/fs/tracing_path.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include <linux/perf_guest_callchain.h>
#include <perf/event.h>
#include <perf/mmap.h>
#include <perf/threadmap.h>
#include <sys/mman.h>
#include "cloexec.h"
#include "guest/memory/root.h"
#include "guest/untrusted/child.h"
#include "internal/lib.h"
#include "internal/mmap.h"
#include "perf-sys.h"
#include "thread_map.h"

/* One vCPU of them is enough. */
#define THREADS_MAX	64
#define DATA_PAGES	8

/* Records of no flags but these have the address space of the guest's own kernel or programs. */
#define NO_ROOT		(PERF_GUEST_CALLCHAIN_NESTED | PERF_GUEST_CALLCHAIN_PROTECTED | \
			 PERF_GUEST_CALLCHAIN_STALE)

/* What PERF_RECORD_GUEST_CALLCHAIN begins with */
struct record {
	struct perf_event_header header;
	u64 cookie;
	u32 vcpu_id, flags;
	u64 root;
};

static u64 exit_event(void)
{
	char *path = get_events_file("kvm/kvm_exit/id");
	FILE *file = path ? fopen(path, "r") : NULL;
	unsigned long long id = 0;

	if (file) {
		if (fscanf(file, "%llu", &id) != 1)
			id = 0;
		fclose(file);
	}
	put_events_file(path);
	return id;
}

static int open_event(u64 id, pid_t tid)
{
	struct perf_event_attr attr = {
		.type		 = PERF_TYPE_TRACEPOINT,
		.config		 = id,
		.size		 = sizeof(attr),
		.sample_period	 = 1,
		.sample_type	 = PERF_SAMPLE_CALLCHAIN,
		.wakeup_events	 = 1,
		.guest_callchain = 1,
	};

	return sys_perf_event_open(&attr, tid, -1, -1, perf_event_open_cloexec_flag());
}

static bool open_ring(struct perf_mmap *ring, int fd)
{
	struct perf_mmap_param param = {
		.prot = PROT_READ | PROT_WRITE, .mask = DATA_PAGES * page_size - 1,
	};
	const struct perf_cpu any_cpu = { .cpu = -1 };

	perf_mmap__init(ring, /*prev=*/NULL, /*overwrite=*/false, /*unmap_cb=*/NULL);
	if (perf_mmap__mmap(ring, &param, fd, any_cpu))
		return false;
	/* at 1 it would be unmapped when it has been read */
	refcount_set(&ring->refcnt, 2);
	return true;
}

static u64 record__root(const struct record *record)
{
	if (record->header.type != PERF_RECORD_GUEST_CALLCHAIN ||
	    record->header.size < sizeof(*record) || record->flags & NO_ROOT)
		return 0;
	return record->root;
}

/* Return: that of the first record that has one, 0 without */
static u64 find_root(struct perf_mmap *ring)
{
	union perf_event *event;
	u64 root = 0;

	if (perf_mmap__read_init(ring) < 0)
		return 0;
	while (!root && (event = perf_mmap__read_event(ring))) {
		root = record__root((const void *)event);
		perf_mmap__consume(ring);
	}
	perf_mmap__read_done(ring);
	return root;
}

static u64 wait_for_root(struct pollfd *events, struct perf_mmap *rings, unsigned int nr,
			 unsigned int ms)
{
	s64 end = guest_child__now_ms() + ms, left;
	unsigned int i;
	u64 root = 0;

	while (!root && (left = end - guest_child__now_ms()) > 0) {
		if (poll(events, nr, left) < 0 && errno != EINTR)
			break;
		for (i = 0; !root && i < nr; i++)
			root = find_root(&rings[i]);
	}
	return root;
}

/* Which of its threads run vCPUs not every VMM says by their names: the others have no exits. */
static unsigned int open_rings(pid_t pid, struct pollfd *events, struct perf_mmap *rings)
{
	struct perf_thread_map *threads = thread_map__new_by_pid(pid);
	u64 id = exit_event();
	unsigned int nr = 0;
	int i, fd;

	for (i = 0; id && i < perf_thread_map__nr(threads) && nr < THREADS_MAX; i++) {
		fd = open_event(id, perf_thread_map__pid(threads, i));
		if (fd < 0)
			continue;
		if (open_ring(&rings[nr], fd))
			events[nr++] = (struct pollfd) { .fd = fd, .events = POLLIN };
		else
			close(fd);
	}
	perf_thread_map__put(threads);
	return nr;
}

u64 guest_root__read(pid_t pid, unsigned int ms)
{
	struct perf_mmap rings[THREADS_MAX] = {};
	struct pollfd events[THREADS_MAX];
	unsigned int nr = open_rings(pid, events, rings);
	u64 root = nr ? wait_for_root(events, rings, nr, ms) : 0;

	while (nr--) {
		perf_mmap__munmap(&rings[nr]);
		close(events[nr].fd);
	}
	return root;
}
