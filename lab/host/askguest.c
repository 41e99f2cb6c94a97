// SPDX-License-Identifier: GPL-2.0
/*
 * askguest: sample the whole host with guest callchains and count what comes, for events that
 * perf does not make. Written from the ABI's description, without any of perf.
 *
 *	askguest [-t MILLISECONDS] [-F HZ] [-x] [-w] [-p drop|pass|stackid]
 *
 * -x excludes guests; -w asks for words of the guest's kernel stack; -p attaches a BPF
 * program to each event: one that drops all samples, one that lets them pass, and one that
 * also collects the host's kernel stacks in a map.
 *
 * Prints one line: samples, those in a guest, those with a cookie, records, the lowest and the
 * highest cookie of CPU 0; of the map the stacks and those of them with
 * PERF_CONTEXT_GUEST_DEFERRED. The exit status is 1, and the line says why, if the kernel
 * refuses.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As the ABI has them, spelled out on purpose. */
#define ATTR_GUEST_STACK_WORDS	(1ULL << 62)
#define ATTR_GUEST_CALLCHAIN	(1ULL << 63)
#define ATTR_FLAGS_OFFSET	40
#define CONTEXT_GUEST_DEFERRED	((uint64_t)-2688)
#define RECORD_GUEST_CALLCHAIN	63

#define MAX_CPUS	8
#define RING_PAGES	512
#define PAGE		4096UL
#define MAX_DEPTH	127
#define MAX_STACKS	1024

/* PERF_SAMPLE_IP | CALLCHAIN */
struct sample {
	struct perf_event_header header;
	uint64_t ip, nr, ips[];
};

static struct {
	unsigned int samples, guest, cookies, records, stacks, deferred;
	uint64_t lowest, highest;
} count;

static void die(const char *what)
{
	printf("askguest: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int stack_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_STACK_TRACE, .key_size = sizeof(uint32_t),
		.value_size = MAX_DEPTH * sizeof(uint64_t), .max_entries = MAX_STACKS,
	};
	int fd = bpf(BPF_MAP_CREATE, &attr);

	if (fd < 0)
		die("BPF_MAP_CREATE");
	return fd;
}

static int load_program(const char *name, int map)
{
	struct bpf_insn result[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0,
		  .imm = strcmp(name, "drop") != 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct bpf_insn stackid[] = {
		{ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = BPF_REG_2,
		  .src_reg = BPF_PSEUDO_MAP_FD, .imm = map },
		{ .code = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_stackid },
		result[0], result[1],
	};
	bool collects = !strcmp(name, "stackid");
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_PERF_EVENT,
		.insns = (uintptr_t)(collects ? stackid : result),
		.insn_cnt = collects ? 6 : 2,
		.license = (uintptr_t)"GPL",
	};
	int fd = bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0)
		die("BPF_PROG_LOAD");
	return fd;
}

static void count_stacks(int map)
{
	uint32_t key, *before = NULL;
	uint64_t ips[MAX_DEPTH];
	union bpf_attr attr;

	for (;;) {
		attr = (union bpf_attr) { .map_fd = map, .key = (uintptr_t)before };
		attr.next_key = (uintptr_t)&key;
		if (bpf(BPF_MAP_GET_NEXT_KEY, &attr))
			return;
		attr = (union bpf_attr) { .map_fd = map, .key = (uintptr_t)&key };
		attr.value = (uintptr_t)ips;
		before = &key;
		if (bpf(BPF_MAP_LOOKUP_ELEM, &attr))
			continue;
		count.stacks++;
		for (int i = 0; i < MAX_DEPTH; i++) {
			if (ips[i] == CONTEXT_GUEST_DEFERRED) {
				count.deferred++;
				break;
			}
		}
	}
}

static int open_event(int cpu, int hz, bool exclude_guest, bool words)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN,
		.freq = 1, .sample_freq = hz, .disabled = 1,
		.exclude_guest = exclude_guest,
	};
	uint64_t flags;

	memcpy(&flags, (char *)&attr + ATTR_FLAGS_OFFSET, sizeof(flags));
	flags |= ATTR_GUEST_CALLCHAIN | (words ? ATTR_GUEST_STACK_WORDS : 0);
	memcpy((char *)&attr + ATTR_FLAGS_OFFSET, &flags, sizeof(flags));
	return syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

static void count_cookie(uint64_t cookie)
{
	count.cookies++;
	if (cookie >> 48)
		return;
	if (!count.lowest || cookie < count.lowest)
		count.lowest = cookie;
	if (cookie > count.highest)
		count.highest = cookie;
}

static void count_one(const struct perf_event_header *h)
{
	const struct sample *s = (const void *)h;
	uint16_t mode = h->misc & PERF_RECORD_MISC_CPUMODE_MASK;

	count.records += h->type == RECORD_GUEST_CALLCHAIN;
	if (h->type != PERF_RECORD_SAMPLE)
		return;
	count.samples++;
	count.guest += mode == PERF_RECORD_MISC_GUEST_KERNEL || mode == PERF_RECORD_MISC_GUEST_USER;
	for (uint64_t i = 0; i + 1 < s->nr; i++) {
		if (s->ips[i] == CONTEXT_GUEST_DEFERRED)
			count_cookie(s->ips[i + 1]);
	}
}

static void read_ring(const struct perf_event_mmap_page *ring)
{
	static uint64_t copy[65536 / 8];
	uint64_t size = RING_PAGES * PAGE, tail = 0;
	uint64_t head = __atomic_load_n(&ring->data_head, __ATOMIC_ACQUIRE);
	const char *data = (const char *)ring + ring->data_offset;
	const struct perf_event_header *h;

	for (; tail < head; tail += h->size) {
		h = (const void *)(data + tail % size);
		for (unsigned int i = 0; i < h->size; i++)
			((char *)copy)[i] = data[(tail + i) % size];
		count_one((const void *)copy);
	}
}

int main(int argc, char **argv)
{
	struct perf_event_mmap_page *ring[MAX_CPUS];
	bool exclude_guest = false, words = false;
	int fd[MAX_CPUS], c, map = -1, program = -1;
	int cpus = sysconf(_SC_NPROCESSORS_ONLN), ms = 3000, hz = 500;

	while ((c = getopt(argc, argv, "t:F:xwp:")) != -1) {
		if (c == 't')
			ms = atoi(optarg);
		else if (c == 'F')
			hz = atoi(optarg);
		else if (c == 'x')
			exclude_guest = true;
		else if (c == 'w')
			words = true;
		else if (c == 'p')
			program = load_program(optarg, map = stack_map());
		else
			return 2;
	}
	for (int i = 0; i < cpus && i < MAX_CPUS; i++) {
		fd[i] = open_event(i, hz, exclude_guest, words);
		if (fd[i] < 0)
			die("perf_event_open");
		ring[i] = mmap(NULL, (1 + RING_PAGES) * PAGE, PROT_READ | PROT_WRITE,
			       MAP_SHARED, fd[i], 0);
		if (ring[i] == MAP_FAILED)
			die("mmap");
		if (program >= 0 && ioctl(fd[i], PERF_EVENT_IOC_SET_BPF, program))
			die("PERF_EVENT_IOC_SET_BPF");
	}
	for (int i = 0; i < cpus && i < MAX_CPUS; i++)
		ioctl(fd[i], PERF_EVENT_IOC_ENABLE, 0);
	usleep(ms * 1000);
	for (int i = 0; i < cpus && i < MAX_CPUS; i++) {
		ioctl(fd[i], PERF_EVENT_IOC_DISABLE, 0);
		read_ring(ring[i]);
	}
	if (map >= 0)
		count_stacks(map);
	printf("samples %u guest %u cookies %u records %u lowest %lu highest %lu stacks %u deferred %u\n",
	       count.samples, count.guest, count.cookies, count.records, count.lowest, count.highest,
	       count.stacks, count.deferred);
	return 0;
}
