// SPDX-License-Identifier: GPL-2.0
/*
 * record: run a command under perf events with guest callchains and print what
 * came, without any of perf. Written from the ABI's description alone, as a second
 * reader of it.
 *
 *	record [-F HZ] [-e EVENT] [-n EVENTS] [-a] [-f] [-c] [-s MAX-STACK] [-w] [-u BYTES] [-k]
 *	       COMMAND...
 *
 * EVENT is cpu-clock, page-faults or a tracepoint's path below events/ in tracefs.
 * -n opens that many of it at a time; -a counts CPU 0 instead of the command;
 * -f asks for no guest callchains (flat), -c for no callchains at all; -w asks for words
 * of the guest kernel's stack, -u for so much of the user stack; -k for no frames of kernels.
 *
 * Equal chains are printed once, with their number:
 *
 *	chain NUMBER misc=K|U flags=HEX host=WORDS IP...
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* As the ABI has them, spelled out on purpose. */
#define ATTR_GUEST_CALLCHAIN	(1ULL << 63)
#define ATTR_GUEST_STACK_WORDS	(1ULL << 62)
#define ATTR_FLAGS_OFFSET	40
#define CONTEXT_GUEST_DEFERRED	((uint64_t)-2688)
#define RECORD_GUEST_CALLCHAIN	63
#define FLAG_SECTIONS		0x10

/* What the guest has where a device's registers are, or half of that (guest64.S) */
#define POISON		0x80dead00

#define MAX_EVENTS	4
#define MAX_PENDING	4096
#define MAX_CHAINS	4096
#define MAX_IPS		200
#define RING_PAGES	256
#define PAGE		4096UL

/* PERF_SAMPLE_IDENTIFIER | IP | TID | TIME | CPU | CALLCHAIN, in their order */
struct sample {
	struct perf_event_header header;
	uint64_t id, ip;
	uint32_t pid, tid;
	uint64_t time;
	uint32_t cpu, res;
	uint64_t nr, ips[];
};

struct guest_record {
	struct perf_event_header header;
	uint64_t cookie;
	uint32_t vcpu, flags;
	uint64_t root, nr, ips[];
};

struct sample_id {
	uint32_t pid, tid;
	uint64_t time;
	uint32_t cpu, res;
	uint64_t id;
};

/* A sample whose record has not come. */
struct pending {
	uint64_t cookie, ip, time;
	uint16_t misc;
	uint16_t host;		/* words of host callchain in front */
};

struct chain {
	uint64_t number, ips[MAX_IPS];
	uint32_t flags, nr;
	uint16_t misc, host;
};

struct event {
	int fd;
	uint64_t id;
	struct perf_event_mmap_page *ring;
};

static struct counts {
	unsigned int samples, guest, records, matched, no_record, no_sample, late;
	unsigned int sections, poison;
	unsigned int host_matched, duplicate, lost, throttled, bad, ip_differs, roots, host_words;
} count;

static struct event events[MAX_EVENTS];
static struct pending pending[MAX_PENDING];
static unsigned int nr_pending;
static struct chain chains[MAX_CHAINS];
static unsigned int nr_chains;
static uint64_t last_root;

static int nr_events = 1, frequency = 1000, max_stack;
static const char *event_name = "cpu-clock";
static bool flat, no_chains, whole_cpu, stack_words, user_only;
static unsigned int user_stack;
static pid_t command;

static void die(const char *what)
{
	fprintf(stderr, "record: %s: %m\n", what);
	exit(1);
}

/* ---- opening ---- */

static uint64_t tracepoint_id(void)
{
	char path[256];
	unsigned long id = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/tracing/events/%s/id", event_name);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%lu", &id) != 1)
		die(path);
	fclose(f);
	return id;
}

static int open_event(struct event *e, bool deferred)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
			       PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_CALLCHAIN,
		.sample_max_stack = max_stack,
		.exclude_callchain_kernel = user_only,
		.sample_id_all = 1,
		.disabled = 1,
		.enable_on_exec = !whole_cpu,
		.freq = 1,
		.sample_freq = frequency,
	};
	uint64_t flags;

	if (strcmp(event_name, "cpu-clock")) {
		attr.freq = 0;
		attr.sample_period = 1;
		attr.config = PERF_COUNT_SW_PAGE_FAULTS;
	}
	if (strchr(event_name, '/')) {
		attr.type = PERF_TYPE_TRACEPOINT;
		attr.config = tracepoint_id();
	}
	if (no_chains)
		attr.sample_type &= ~PERF_SAMPLE_CALLCHAIN;
	if (user_stack) {
		attr.sample_type |= PERF_SAMPLE_STACK_USER;
		attr.sample_stack_user = user_stack;
	}
	if (deferred) {
		memcpy(&flags, (char *)&attr + ATTR_FLAGS_OFFSET, sizeof(flags));
		flags |= ATTR_GUEST_CALLCHAIN | (stack_words ? ATTR_GUEST_STACK_WORDS : 0);
		memcpy((char *)&attr + ATTR_FLAGS_OFFSET, &flags, sizeof(flags));
	}
	e->fd = syscall(SYS_perf_event_open, &attr, whole_cpu ? -1 : command,
			whole_cpu ? 0 : -1, -1, PERF_FLAG_FD_CLOEXEC);
	return e->fd;
}

static void open_events(void)
{
	for (int i = 0; i < nr_events; i++) {
		struct event *e = &events[i];

		if (open_event(e, !flat) < 0) {
			if (flat || open_event(e, false) < 0)
				die("perf_event_open");
			printf("record: this kernel has no guest callchains\n");
			flat = true;
		}
		if (ioctl(e->fd, PERF_EVENT_IOC_ID, &e->id) < 0)
			die("PERF_EVENT_IOC_ID");
		e->ring = mmap(NULL, (1 + RING_PAGES) * PAGE, PROT_READ | PROT_WRITE,
			       MAP_SHARED, e->fd, 0);
		if (e->ring == MAP_FAILED)
			die("mmap of the ring");
	}
}

/* ---- reading ---- */

static void add_chain(const struct pending *p, const struct guest_record *r)
{
	struct chain c = {
		.flags = r ? r->flags : 0, .nr = r ? r->nr : 0, .misc = p->misc,
		.host = p->host,
	};

	if (c.nr > MAX_IPS)
		c.nr = MAX_IPS;
	if (r)
		memcpy(c.ips, r->ips, c.nr * 8);
	else
		c.ips[c.nr++] = p->ip;
	for (unsigned int i = 0; i < nr_chains; i++) {
		c.number = chains[i].number;
		if (!memcmp(&chains[i], &c, sizeof(c))) {
			chains[i].number++;
			return;
		}
	}
	c.number = 1;
	if (nr_chains < MAX_CHAINS)
		chains[nr_chains++] = c;
	else
		count.bad++;
}

static bool is_guest(uint16_t misc)
{
	misc &= PERF_RECORD_MISC_CPUMODE_MASK;
	return misc == PERF_RECORD_MISC_GUEST_KERNEL || misc == PERF_RECORD_MISC_GUEST_USER;
}

static void read_sample(const struct sample *s)
{
	struct pending p = {
		.ip = s->ip, .time = s->time,
		.misc = s->header.misc & PERF_RECORD_MISC_CPUMODE_MASK,
	};

	count.samples++;
	count.guest += is_guest(p.misc);
	if (no_chains)
		return;
	/* the size of the VMM's user stack, which is not there in a guest's sample */
	if (sizeof(*s) + (s->nr + (user_stack && is_guest(p.misc))) * 8 != s->header.size &&
	    (!user_stack || is_guest(p.misc))) {
		count.bad++;
		return;
	}
	for (; p.host < s->nr && s->ips[p.host] != CONTEXT_GUEST_DEFERRED; p.host++)
		;
	if (p.host == s->nr) {
		if (count.host_words < s->nr)
			count.host_words = s->nr;
		if (is_guest(p.misc)) {
			count.no_record += !flat;
			add_chain(&p, NULL);
		}
		return;
	}
	if (s->nr - p.host != 2 || nr_pending == MAX_PENDING) {
		count.bad++;
		return;
	}
	p.cookie = s->ips[p.host + 1];
	pending[nr_pending++] = p;
}

static bool well_formed(const struct guest_record *r, const struct event *e)
{
	const struct sample_id *id;
	size_t size = sizeof(*r) + r->nr * 8;

	if (r->nr > 65535 / 8 || r->header.size < size)
		return false;
	if (r->flags & FLAG_SECTIONS)
		size += sizeof(uint64_t) + *(const uint64_t *)((const char *)r + size);
	if (size + sizeof(*id) != r->header.size)
		return false;
	id = (const void *)((const char *)r + size);
	return id->id == e->id && (int)id->pid == command && is_guest(r->header.misc);
}

static void look_for_poison(const uint32_t *data, size_t bytes)
{
	for (size_t i = 0; i < bytes / sizeof(*data); i++) {
		if (data[i] == POISON) {
			count.poison++;
			return;
		}
	}
}

static void read_guest_record(const struct guest_record *r, const struct event *e)
{
	unsigned int found = 0, kept = 0;

	count.records++;
	if (!well_formed(r, e)) {
		count.bad++;
		return;
	}
	count.sections += !!(r->flags & FLAG_SECTIONS);
	look_for_poison((const void *)r->ips, r->header.size - sizeof(*r));
	/* one that says STALE has nothing of the guest */
	if (r->nr) {
		count.roots += r->root != last_root;
		last_root = r->root;
	}
	for (unsigned int i = 0; i < nr_pending; i++) {
		struct pending *p = &pending[i];

		if (p->cookie != r->cookie) {
			pending[kept++] = *p;
			continue;
		}
		found++;
		if (!is_guest(p->misc)) {
			count.host_matched++;
			p->misc = 0;
		} else {
			count.matched++;
			count.bad += p->misc != (r->header.misc & PERF_RECORD_MISC_CPUMODE_MASK);
			count.ip_differs += r->nr < 2 || r->ips[1] != p->ip;
		}
		add_chain(p, r);
	}
	count.no_sample += !found;
	/* What is still pending was taken before: its record should have come. */
	count.late += kept;
	nr_pending = kept;
}

static void read_one(const struct perf_event_header *h, const struct event *e)
{
	switch (h->type) {
	case PERF_RECORD_SAMPLE:
		read_sample((const void *)h);
		break;
	case RECORD_GUEST_CALLCHAIN:
		read_guest_record((const void *)h, e);
		break;
	case PERF_RECORD_LOST:
		count.lost += ((const uint64_t *)(h + 1))[1];
		break;
	case PERF_RECORD_THROTTLE:
		count.throttled++;
		break;
	}
}

static void read_ring(struct event *e)
{
	static uint64_t copy[65536 / 8];
	uint64_t size = RING_PAGES * PAGE, tail = 0;
	uint64_t head = __atomic_load_n(&e->ring->data_head, __ATOMIC_ACQUIRE);
	const char *data = (const char *)e->ring + e->ring->data_offset;

	nr_pending = 0;
	while (tail < head) {
		const struct perf_event_header *h = (const void *)(data + tail % size);
		uint16_t len = h->size;

		if (len < sizeof(*h) || tail + len > head) {
			count.bad++;
			break;
		}
		for (uint16_t i = 0; i < len; i++)
			((char *)copy)[i] = data[(tail + i) % size];
		read_one((const void *)copy, e);
		tail += len;
	}
	for (unsigned int i = 0; i < nr_pending; i++)
		count.no_record += is_guest(pending[i].misc);
}

/* ---- the command ---- */

static int start(char **argv)
{
	int go[2];
	char c;

	if (pipe(go))
		die("pipe");
	fflush(stdout);
	command = fork();
	if (command < 0)
		die("fork");
	if (command == 0) {
		close(go[1]);
		if (read(go[0], &c, 1) != 1)
			_exit(126);
		execv(argv[0], argv);
		_exit(127);
	}
	close(go[0]);
	return go[1];
}

static void print_all(void)
{
	const struct {
		const char *name;
		unsigned int value;
	} counts[] = {
		{ "samples", count.samples }, { "guest", count.guest },
		{ "records", count.records }, { "matched", count.matched },
		{ "host-matched", count.host_matched }, { "no-record", count.no_record },
		{ "no-sample", count.no_sample }, { "late", count.late },
		{ "lost", count.lost }, { "throttled", count.throttled },
		{ "bad", count.bad }, { "ip-differs", count.ip_differs },
		{ "roots", count.roots }, { "host-words", count.host_words },
		{ "sections", count.sections }, { "poison", count.poison },
	};

	printf("record:");
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		printf(" %s %u", counts[i].name, counts[i].value);
	printf("\n");
	for (unsigned int i = 0; i < nr_chains; i++) {
		struct chain *c = &chains[i];

		printf("chain %lu misc=%s flags=%x host=%u", c->number,
		       !c->misc ? "H" : c->misc == PERF_RECORD_MISC_GUEST_USER ? "U" : "K",
		       c->flags, c->host);
		for (unsigned int j = 0; j < c->nr; j++)
			printf(" %lx", c->ips[j]);
		printf("\n");
	}
}

static int parse(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+F:e:n:acfs:wu:k")) != -1) {
		if (c == 'F')
			frequency = atoi(optarg);
		else if (c == 'e')
			event_name = optarg;
		else if (c == 'n')
			nr_events = atoi(optarg);
		else if (c == 's')
			max_stack = atoi(optarg);
		else if (c == 'w')
			stack_words = true;
		else if (c == 'k')
			user_only = true;
		else if (c == 'u')
			user_stack = atoi(optarg);
		else if (c == 'a')
			whole_cpu = true;
		else if (c == 'f')
			flat = true;
		else if (c == 'c')
			no_chains = flat = true;
		else
			exit(2);
	}
	if (optind >= argc || nr_events < 1 || nr_events > MAX_EVENTS)
		exit(2);
	return optind;
}

int main(int argc, char **argv)
{
	int first = parse(argc, argv), go, status;

	go = start(argv + first);
	open_events();
	for (int i = 0; whole_cpu && i < nr_events; i++)
		ioctl(events[i].fd, PERF_EVENT_IOC_ENABLE, 0);
	if (write(go, "", 1) != 1 || waitpid(command, &status, 0) < 0)
		die("the command");
	for (int i = 0; i < nr_events; i++) {
		ioctl(events[i].fd, PERF_EVENT_IOC_DISABLE, 0);
		read_ring(&events[i]);
	}
	print_all();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
