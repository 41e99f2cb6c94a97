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
#include <linux/compiler.h>
#include <sys/mman.h>
#include "cloexec.h"
#include "guest/memory/root.h"
#include "guest/untrusted/child.h"
#include "guest/vm/vm.h"
#include "perf-sys.h"

#define VCPUS_MAX	8
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

/* The buffer of an event */
struct ring {
	struct perf_event_mmap_page *page;
	size_t size;
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

static bool ring__open(struct ring *ring, int fd)
{
	ring->size = (1 + DATA_PAGES) * sysconf(_SC_PAGESIZE);
	ring->page = mmap(NULL, ring->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return ring->page != MAP_FAILED;
}

static void copy_out(const struct ring *ring, u64 at, void *to, size_t size)
{
	const char *data = (const char *)ring->page + ring->page->data_offset;
	size_t i;

	for (i = 0; i < size; i++)
		((char *)to)[i] = data[(at + i) % ring->page->data_size];
}

/* Return: that of the first record that has one, 0 without */
static u64 find_root(const struct ring *ring)
{
	u64 at = ring->page->data_tail, head = READ_ONCE(ring->page->data_head), root = 0;
	struct record record;

	/* what is before the head has been written */
	__sync_synchronize();
	while (!root && head - at >= sizeof(record.header)) {
		copy_out(ring, at, &record.header, sizeof(record.header));
		if (!record.header.size)
			break;
		if (record.header.type == PERF_RECORD_GUEST_CALLCHAIN &&
		    record.header.size >= sizeof(record)) {
			copy_out(ring, at, &record, sizeof(record));
			root = record.flags & NO_ROOT ? 0 : record.root;
		}
		at += record.header.size;
	}
	__sync_synchronize();
	ring->page->data_tail = at;
	return root;
}

static u64 wait_for_root(struct pollfd *events, const struct ring *rings, unsigned int nr,
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

u64 guest_root__read(const struct guest *guest, unsigned int ms)
{
	struct pollfd events[VCPUS_MAX];
	struct ring rings[VCPUS_MAX];
	u64 id = exit_event(), root = 0;
	unsigned int nr = 0;
	int i, fd;

	for (i = 0; id && i < guest->nr_vcpus && nr < VCPUS_MAX; i++) {
		fd = guest->vcpus[i].tid ? open_event(id, guest->vcpus[i].tid) : -1;
		if (fd < 0)
			continue;
		if (ring__open(&rings[nr], fd))
			events[nr++] = (struct pollfd) { .fd = fd, .events = POLLIN };
		else
			close(fd);
	}
	if (nr)
		root = wait_for_root(events, rings, nr, ms);
	while (nr--) {
		munmap(rings[nr].page, rings[nr].size);
		close(events[nr].fd);
	}
	return root;
}
