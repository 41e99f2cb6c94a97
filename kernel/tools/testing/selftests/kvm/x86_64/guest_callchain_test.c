// SPDX-License-Identifier: GPL-2.0
/*
 * Callchains of guests (perf_event_attr::guest_callchain): a guest whose call path is
 * known is sampled by its own VMM, this process. Each sample that interrupts it has a cookie,
 * one record answers that cookie, behind the samples that have it, and has exactly that path.
 *
 * The format is in linux/perf_guest_callchain.h.
 */
#include <linux/perf_event.h>
#include <linux/perf_guest_callchain.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kvm_util.h"
#include "processor.h"
#include "test_util.h"
#include "ucall_common.h"

#define PAGES		256
#define SAMPLES_MIN	50
#define PERIOD_NS	1000000

/*
 * path_root calls path_0, that path_1, and so on; each but the root has a frame. The last one
 * is busy between path_busy and path_busy_end for as many rounds as are in rdi.
 */
asm(".text\n"
	"path_root:	call path_0\n"
	"path_root_ret:	ret\n"
	"path_0:	push %rbp; mov %rsp, %rbp; call path_1\n"
	"path_0_ret:	pop %rbp; ret\n"
	"path_1:	push %rbp; mov %rsp, %rbp; call path_2\n"
	"path_1_ret:	pop %rbp; ret\n"
	"path_2:	push %rbp; mov %rsp, %rbp\n"
	"path_busy:	dec %rdi; jnz path_busy\n"
	"path_busy_end:	pop %rbp; ret\n");

extern const char path_root[], path_root_ret[], path_0_ret[], path_1_ret[];
extern const char path_busy[], path_busy_end[];

static void guest_code(uint64_t rounds)
{
	asm volatile("xor %%ebp, %%ebp; call path_root"
		     : "+D" (rounds) : : "rbp", "memory", "cc");
	GUEST_DONE();
}

struct ring {
	int fd;
	struct perf_event_mmap_page *page;
};

/* What came out of it. */
struct counts {
	unsigned int samples, in_path, records;
};

static int open_event(struct perf_event_attr *attr)
{
	return syscall(__NR_perf_event_open, attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static bool has_guest_callchains(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_DUMMY, .size = sizeof(attr),
		.sample_type = PERF_SAMPLE_CALLCHAIN, .guest_callchain = 1,
	};
	int fd = open_event(&attr);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static struct ring ring_open(bool exclude_guest)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CPU_CLOCK,
		.size = sizeof(attr), .sample_period = PERIOD_NS,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN,
		.exclude_callchain_user = 1, .exclude_guest = exclude_guest,
		.guest_callchain = 1,
	};
	struct ring ring = { .fd = open_event(&attr) };

	TEST_ASSERT(ring.fd >= 0, "perf_event_open() failed: %m");
	ring.page = mmap(NULL, (PAGES + 1) * getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED,
			 ring.fd, 0);
	TEST_ASSERT(ring.page != MAP_FAILED, "mmap() of the event failed: %m");
	return ring;
}

static void ring_close(struct ring *ring)
{
	munmap(ring->page, (PAGES + 1) * getpagesize());
	close(ring->fd);
}

/* The event at *@pos, copied; false if that was the last one. */
static bool ring_next(struct ring *ring, uint64_t *pos, void *event, size_t size)
{
	uint64_t head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
	const char *data = (const char *)ring->page + ring->page->data_offset;
	struct perf_event_header *header = event;
	uint64_t i;

	if (*pos >= head)
		return false;
	for (i = 0; i < sizeof(*header); i++)
		((char *)event)[i] = data[(*pos + i) % ring->page->data_size];
	TEST_ASSERT(header->size <= size, "event of %u bytes", header->size);
	for (; i < header->size; i++)
		((char *)event)[i] = data[(*pos + i) % ring->page->data_size];
	*pos += header->size;
	return true;
}

struct sample {
	struct perf_event_header header;
	uint64_t ip, nr, ips[];
};

struct record {
	struct perf_event_header header;
	uint64_t cookie;
	uint32_t vcpu_id, flags;
	uint64_t root, nr, ips[];
};

static bool in_guest(const struct sample *sample)
{
	return (sample->header.misc & PERF_RECORD_MISC_CPUMODE_MASK) ==
	       PERF_RECORD_MISC_GUEST_KERNEL;
}

/* The cookie of a sample, 0 if it has none. */
static uint64_t sample_cookie(const struct sample *sample)
{
	if (sample->nr < 2 || sample->ips[sample->nr - 2] != (uint64_t)PERF_CONTEXT_GUEST_DEFERRED)
		return 0;
	return sample->ips[sample->nr - 1];
}

static bool is_busy(uint64_t ip)
{
	return ip >= (uintptr_t)path_busy && ip < (uintptr_t)path_busy_end;
}

static void check_record(const struct record *record, const struct kvm_vm *vm)
{
	const uint64_t path[] = {
		PERF_CONTEXT_GUEST_KERNEL, record->ips[1], (uintptr_t)path_1_ret,
		(uintptr_t)path_0_ret, (uintptr_t)path_root_ret,
	};
	uint64_t i;

	TEST_ASSERT_EQ(record->vcpu_id, 0);
	TEST_ASSERT_EQ(record->root, vm->pgd);
	TEST_ASSERT_EQ(record->flags & PERF_GUEST_CALLCHAIN_MODE, PERF_GUEST_CALLCHAIN_MODE_64);
	TEST_ASSERT_EQ(record->flags & PERF_GUEST_CALLCHAIN_SHORT, 0);
	TEST_ASSERT_EQ(record->nr, ARRAY_SIZE(path));
	for (i = 0; i < ARRAY_SIZE(path); i++)
		TEST_ASSERT(record->ips[i] == path[i], "frame %lu is %lx, not %lx", i,
			    record->ips[i], path[i]);
}

/* All that is in the ring, in its order. */
static struct counts read_ring(struct ring *ring, const struct kvm_vm *vm)
{
	static union {
		struct perf_event_header header;
		struct sample sample;
		struct record record;
		char bytes[65536];
	} event;
	uint64_t pos = 0, cookie = 0, ip = 0;
	struct counts counts = {};

	while (ring_next(ring, &pos, &event, sizeof(event))) {
		if (event.header.type == PERF_RECORD_SAMPLE && in_guest(&event.sample)) {
			/* a timer that is late comes twice in one exit */
			TEST_ASSERT(!cookie || (sample_cookie(&event.sample) == cookie &&
						event.sample.ip == ip),
				    "no record for cookie %lx", cookie);
			cookie = sample_cookie(&event.sample);
			ip = event.sample.ip;
			counts.samples++;
		} else if (event.header.type == PERF_RECORD_GUEST_CALLCHAIN) {
			/* one of the host's samples may have asked for it */
			if (cookie) {
				TEST_ASSERT_EQ(event.record.cookie, cookie);
				TEST_ASSERT_EQ(event.record.ips[1], ip);
			}
			cookie = 0;
			counts.records++;
			if (event.record.nr > 1 && is_busy(event.record.ips[1])) {
				check_record(&event.record, vm);
				counts.in_path++;
			}
		}
		TEST_ASSERT(event.header.type != PERF_RECORD_LOST, "the ring is too small");
	}
	return counts;
}

static struct counts sample_guest(bool exclude_guest)
{
	struct kvm_vcpu *vcpu;
	struct kvm_vm *vm = vm_create_with_one_vcpu(&vcpu, guest_code);
	struct ring ring = ring_open(exclude_guest);
	struct counts counts;
	struct ucall uc;

	vcpu_args_set(vcpu, 1, 100000000UL);
	vcpu_run(vcpu);
	TEST_ASSERT_EQ(get_ucall(vcpu, &uc), UCALL_DONE);
	TEST_ASSERT(!ioctl(ring.fd, PERF_EVENT_IOC_DISABLE, 0), "disabling failed: %m");
	counts = read_ring(&ring, vm);
	ring_close(&ring);
	kvm_vm_free(vm);
	return counts;
}

int main(void)
{
	struct counts counts;

	TEST_REQUIRE(has_guest_callchains());

	counts = sample_guest(false);
	pr_info("%u samples of the guest, %u records, %u on the known path\n", counts.samples,
		counts.records, counts.in_path);
	TEST_ASSERT(counts.in_path >= SAMPLES_MIN, "too few samples on the known path");

	counts = sample_guest(true);
	TEST_ASSERT(!counts.records, "%u records for an event without guests", counts.records);
	return 0;
}
