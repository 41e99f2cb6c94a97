// SPDX-License-Identifier: GPL-2.0
/*
 * tinyvmm: run one of the lab's small guests under /dev/kvm for a while, and
 * tell whether anything but the guest changed the guest's page tables.
 *
 *	tinyvmm [-t MILLISECONDS] [-b BASE] [-x] [-d DEVICE] [-c] [-m CHANGES] [-w] GUEST-ELF [SCENARIO]
 *
 * The guest gets its segments mapped page by page, p_vaddr to p_paddr, with all
 * accessed and dirty bits clear. After its first pass it writes to a port;
 * from then on it touches nothing new, and not one bit of the tables may
 * change. Read-only segments are never touched by the guest at all: their
 * entries must stay as they were made, at every level.
 *
 * -b gives all segments that base (32-bit guests).
 * -x reads the guest's memory, at the end, by a way that does set accessed bits:
 *    the comparison must then find a change, or it is no test.
 * -d gives the guest pages of that device, as VFIO does, at guest-physical REGISTERS.
 * -c has the guest's top page table in there.
 * -m changes memory slots so many times, and copies the guest's memory as a migration does,
 *    by the dirty log: at the end the copy must be the same. Then it ends.
 * -w makes user frames from WORST_FRAME on, one a page, each with tables of its own.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#define MEM_SIZE	0x400000UL
#define TABLES		0x300000UL
#define TABLES_SIZE	(MEM_SIZE - TABLES)
#define PAGE		4096UL

#define REGISTERS	0x50000000UL
#define REGISTERS_SIZE	(3 * PAGE)
#define REGISTERS_TOP_TABLE	(2 * PAGE)

/* Where the guest's "hole" is: a slot that comes and goes, and one that does so elsewhere. */
#define HOLE		0x40000000UL
#define ELSEWHERE	0x48000000UL
/* In the hole: a frame that returns there. */
#define HOLE_FRAME	64
#define HOLE_RET	0xffffffff80dead00UL

/* More frames than a walk has pages for, WORST_APART from one another. */
#define WORST_FRAME	0x8000000040UL
#define WORST_APART	(1UL << 39)
#define WORST_FRAMES	36
#define WORST_PAGES	0x240000UL
#define WORST_RET	0x401000UL

#define PTE_PRESENT	0x1
#define PTE_WRITE	0x2
#define PTE_USER	0x4

#define PORT_WARM	0x10
#define PORT_DONE	0x11
#define RESULTS		200

#define MAX_SEGS	16

struct seg {
	uint64_t vaddr, paddr, filesz, memsz, offset;
	bool write;
};

struct guest {
	bool is64;
	uint64_t entry, base;
	struct seg seg[MAX_SEGS];
	int nr_segs;
	uint8_t *mem;
	uint8_t *device;		/* its registers, NULL for none */
	bool tables_in_device;
	bool worst;
	uint64_t next_table;
	uint8_t made[TABLES_SIZE];	/* the tables as we made them */
	uint8_t warm[TABLES_SIZE];	/* ... after the guest's first pass */
	bool is_warm;
};

struct vm {
	int kvm, vm, vcpu;
	struct kvm_run *run;
};

/* A thread that changes slots, and what it makes of the guest's memory. */
struct slots {
	struct vm *vm;
	struct guest *g;
	uint8_t *hole;
	uint8_t copy[MEM_SIZE];
	unsigned long wanted, changes, rounds, copied;
	pthread_t thread;
};

static volatile sig_atomic_t time_is_up;

static void die(const char *what)
{
	fprintf(stderr, "tinyvmm: %s: %s\n", what, errno ? strerror(errno) : "failed");
	exit(1);
}

static void on_alarm(int sig)
{
	(void)sig;
	time_is_up = 1;
}

/* ---- the guest's memory ---- */

static void read_segs64(struct guest *g, const uint8_t *elf)
{
	const Elf64_Ehdr *eh = (const void *)elf;
	const Elf64_Phdr *ph = (const void *)(elf + eh->e_phoff);

	g->entry = eh->e_entry;
	for (int i = 0; i < eh->e_phnum && g->nr_segs < MAX_SEGS; i++)
		if (ph[i].p_type == PT_LOAD)
			g->seg[g->nr_segs++] = (struct seg){
				ph[i].p_vaddr, ph[i].p_paddr, ph[i].p_filesz,
				ph[i].p_memsz, ph[i].p_offset, ph[i].p_flags & PF_W };
}

static void read_segs32(struct guest *g, const uint8_t *elf)
{
	const Elf32_Ehdr *eh = (const void *)elf;
	const Elf32_Phdr *ph = (const void *)(elf + eh->e_phoff);

	g->entry = eh->e_entry;
	for (int i = 0; i < eh->e_phnum && g->nr_segs < MAX_SEGS; i++)
		if (ph[i].p_type == PT_LOAD)
			g->seg[g->nr_segs++] = (struct seg){
				ph[i].p_vaddr, ph[i].p_paddr, ph[i].p_filesz,
				ph[i].p_memsz, ph[i].p_offset, ph[i].p_flags & PF_W };
}

static void load_elf(struct guest *g, const char *path)
{
	int fd = open(path, O_RDONLY);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	uint8_t *elf;

	if (size <= 0)
		die(path);
	elf = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (elf == MAP_FAILED)
		die(path);
	g->is64 = elf[EI_CLASS] == ELFCLASS64;
	if (g->is64)
		read_segs64(g, elf);
	else
		read_segs32(g, elf);
	for (int i = 0; i < g->nr_segs; i++) {
		struct seg *s = &g->seg[i];

		if (s->filesz && s->paddr + s->filesz <= TABLES)
			memcpy(g->mem + s->paddr, elf + s->offset, s->filesz);
		else if (g->device && s->paddr - REGISTERS < REGISTERS_SIZE)
			memcpy(g->device + s->paddr - REGISTERS, elf + s->offset, s->filesz);
	}
	munmap(elf, size);
	close(fd);
}

static uint64_t *table(struct guest *g, uint64_t gpa)
{
	return (uint64_t *)(g->mem + gpa);
}

static uint64_t new_table(struct guest *g)
{
	uint64_t gpa = g->next_table;

	g->next_table += PAGE;
	if (g->next_table > MEM_SIZE)
		die("page tables are full");
	return gpa;
}

/* Entry of @va in the table of @level (0 is the last one), made when missing. */
static uint64_t *entry(struct guest *g, uint64_t va, int to_level)
{
	int level = g->is64 ? 3 : 2;
	uint64_t gpa = TABLES, *e;

	for (;; level--) {
		e = &table(g, gpa)[va >> (12 + 9 * level) & 511];
		if (level == to_level)
			return e;
		if (!*e) {
			*e = new_table(g) | PTE_PRESENT;
			/* PAE's four top entries have no such bits */
			if (g->is64 || level < 2)
				*e |= PTE_WRITE | PTE_USER;
		}
		gpa = *e & ~0xfffUL;
	}
}

/* What a walk can find at worst without five levels: for each frame four tables, three its own. */
static void make_worst(struct guest *g)
{
	for (uint64_t i = 0; i < WORST_FRAMES; i++) {
		uint64_t va = WORST_FRAME + i * WORST_APART, gpa = WORST_PAGES + i * PAGE;
		uint64_t *frame = table(g, gpa + va % PAGE);

		*entry(g, va, 0) = gpa | PTE_PRESENT | PTE_USER;
		frame[0] = va + WORST_APART;
		frame[1] = WORST_RET;
	}
}

static void make_tables(struct guest *g)
{
	g->next_table = TABLES + PAGE;
	for (int i = 0; i < g->nr_segs; i++) {
		struct seg *s = &g->seg[i];

		for (uint64_t off = 0; off < s->memsz; off += PAGE) {
			uint64_t pte = (s->paddr + off) | PTE_PRESENT;

			if (s->write)
				pte |= PTE_WRITE;
			if (g->is64 && !(s->vaddr >> 47))
				pte |= PTE_USER;
			*entry(g, s->vaddr + g->base + off, 0) = pte;
		}
	}
	if (g->worst)
		make_worst(g);
	if (g->tables_in_device)
		memcpy(g->device + REGISTERS_TOP_TABLE, g->mem + TABLES, PAGE);
	memcpy(g->made, g->mem + TABLES, TABLES_SIZE);
}

/* Entries, on any level, that differ from what @then has. */
static unsigned int tables_changed(struct guest *g, const uint8_t *then)
{
	const uint64_t *a = (const uint64_t *)then, *b = table(g, TABLES);
	unsigned int changed = 0;

	for (size_t i = 0; i < TABLES_SIZE / 8; i++)
		changed += a[i] != b[i];
	return changed;
}

/* Entries on the way to read-only pages that are not as they were made. */
static unsigned int cold_changed(struct guest *g)
{
	unsigned int changed = 0;

	for (int i = 0; i < g->nr_segs; i++) {
		struct seg *s = &g->seg[i];

		if (s->write)
			continue;
		for (uint64_t off = 0; off < s->memsz; off += PAGE)
			for (int level = 0; level < (g->is64 ? 4 : 3); level++) {
				uint64_t *e = entry(g, s->vaddr + g->base + off, level);
				size_t at = (uint8_t *)e - g->mem - TABLES;

				changed += memcmp(e, g->made + at, 8) != 0;
			}
	}
	return changed;
}

/* ---- the virtual machine ---- */

static void open_vm(struct vm *vm, struct guest *g)
{
	struct kvm_userspace_memory_region region = {
		.memory_size = MEM_SIZE,
		.userspace_addr = (uintptr_t)g->mem,
	};
	struct kvm_userspace_memory_region registers = {
		.slot = 1,
		.guest_phys_addr = REGISTERS,
		.memory_size = REGISTERS_SIZE,
		.userspace_addr = (uintptr_t)g->device,
	};
	int size;

	vm->kvm = open("/dev/kvm", O_RDWR);
	if (vm->kvm < 0)
		die("/dev/kvm");
	vm->vm = ioctl(vm->kvm, KVM_CREATE_VM, 0);
	if (vm->vm < 0)
		die("KVM_CREATE_VM");
	if (ioctl(vm->vm, KVM_SET_TSS_ADDR, 0xfffbd000UL) < 0)
		die("KVM_SET_TSS_ADDR");
	if (ioctl(vm->vm, KVM_SET_USER_MEMORY_REGION, &region) < 0)
		die("KVM_SET_USER_MEMORY_REGION");
	if (g->device && ioctl(vm->vm, KVM_SET_USER_MEMORY_REGION, &registers) < 0)
		die("KVM_SET_USER_MEMORY_REGION of the device");
	vm->vcpu = ioctl(vm->vm, KVM_CREATE_VCPU, 0);
	if (vm->vcpu < 0)
		die("KVM_CREATE_VCPU");
	size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	vm->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
	if (vm->run == MAP_FAILED)
		die("mmap of the vCPU");
}

static void set_cpuid(struct vm *vm)
{
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[100];
	} cpuid = { .head.nent = 100 };

	if (ioctl(vm->kvm, KVM_GET_SUPPORTED_CPUID, &cpuid) < 0 ||
	    ioctl(vm->vcpu, KVM_SET_CPUID2, &cpuid) < 0)
		die("cpuid");
}

static void set_sregs(struct vm *vm, struct guest *g)
{
	struct kvm_segment code = {
		.base = g->base, .limit = 0xffffffff, .selector = g->is64 ? 0x10 : 0x8,
		.type = 11, .present = 1, .s = 1, .g = 1, .l = g->is64, .db = !g->is64,
	};
	struct kvm_segment data = {
		.base = g->base, .limit = 0xffffffff, .selector = 0x18,
		.type = 3, .present = 1, .s = 1, .g = 1, .db = 1,
	};
	struct kvm_sregs sregs;

	if (ioctl(vm->vcpu, KVM_GET_SREGS, &sregs) < 0)
		die("KVM_GET_SREGS");
	sregs.cs = code;
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
	sregs.tr.type = 11;
	sregs.tr.s = 0;
	sregs.tr.present = 1;
	sregs.tr.limit = 103;
	sregs.ldt.unusable = 1;
	sregs.cr0 = 0x80010033;		/* PG WP NE ET MP PE */
	sregs.cr3 = g->tables_in_device ? REGISTERS + REGISTERS_TOP_TABLE : TABLES;
	sregs.cr4 = 0x20;		/* PAE */
	sregs.efer = g->is64 ? 0xd01 : 0;	/* NX LMA LME SCE */
	if (ioctl(vm->vcpu, KVM_SET_SREGS, &sregs) < 0)
		die("KVM_SET_SREGS");
}

static void set_regs(struct vm *vm, struct guest *g, unsigned long scenario)
{
	struct kvm_regs regs = {
		.rip = g->entry, .rdi = scenario, .rflags = 0x202,
	};

	if (ioctl(vm->vcpu, KVM_SET_REGS, &regs) < 0)
		die("KVM_SET_REGS");
}

static void start_clock(long ms)
{
	/* Again and again: the first one may hit just before KVM_RUN. */
	struct itimerval it = {
		.it_value = { ms / 1000, ms % 1000 * 1000 },
		.it_interval = { 0, 20000 },
	};
	struct sigaction sa = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
}

/* What is written to a share from now on must not be interrupted, it would be lost. */
static void stop_clock(void)
{
	setitimer(ITIMER_REAL, &(struct itimerval){}, NULL);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* On PORT_DONE the guest has RESULTS figures in front of where rdi points, in one piece of memory. */
static void print_results(struct vm *vm, struct guest *g)
{
	uint64_t v[RESULTS], paddr;
	struct kvm_regs regs;

	if (ioctl(vm->vcpu, KVM_GET_REGS, &regs) < 0)
		die("KVM_GET_REGS");
	regs.rdi -= sizeof(v);
	paddr = (*entry(g, regs.rdi, 0) & ~(PAGE - 1)) | regs.rdi % PAGE;
	if (paddr > TABLES - sizeof(v))
		die("results");
	memcpy(v, g->mem + paddr, sizeof(v));
	qsort(v, RESULTS, sizeof(v[0]), by_value);
	printf("vmm: exit min %lu median %lu max %lu\n", v[0], v[RESULTS / 2], v[RESULTS - 1]);
}

/* Returns false when the guest is done. */
static bool handle_exit(struct vm *vm, struct guest *g)
{
	struct kvm_run *run = vm->run;

	if (run->exit_reason == KVM_EXIT_IO &&
	    (run->io.port == PORT_WARM || run->io.port == PORT_DONE)) {
		if (!g->is_warm) {
			memcpy(g->warm, g->mem + TABLES, TABLES_SIZE);
			g->is_warm = true;
			return true;
		}
		print_results(vm, g);
		return false;
	}
	errno = 0;
	fprintf(stderr, "tinyvmm: exit reason %u, hardware reason %llx\n",
		run->exit_reason, run->hw.hardware_exit_reason);
	exit(1);
}

static void run_guest(struct vm *vm, struct guest *g)
{
	while (!time_is_up) {
		if (ioctl(vm->vcpu, KVM_RUN, 0) < 0) {
			if (errno == EINTR)
				continue;
			die("KVM_RUN");
		}
		if (!handle_exit(vm, g))
			return;
	}
}

/* ---- slots that change ---- */

static void set_slot(struct slots *s, uint32_t slot, uint32_t flags, uint64_t gpa, uint8_t *mem,
		     uint64_t size)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot, .flags = flags, .guest_phys_addr = gpa,
		.memory_size = size, .userspace_addr = (uintptr_t)mem,
	};

	if (ioctl(s->vm->vm, KVM_SET_USER_MEMORY_REGION, &region) < 0)
		die("KVM_SET_USER_MEMORY_REGION of a slot that changes");
	s->changes++;
}

/* Copy what has been written since the last time. */
static void copy_dirty(struct slots *s)
{
	static uint64_t bitmap[MEM_SIZE / PAGE / 64];
	struct kvm_dirty_log log = { .dirty_bitmap = bitmap };

	if (ioctl(s->vm->vm, KVM_GET_DIRTY_LOG, &log) < 0)
		die("KVM_GET_DIRTY_LOG");
	for (size_t page = 0; page < MEM_SIZE / PAGE; page++) {
		if (!(bitmap[page / 64] >> page % 64 & 1))
			continue;
		memcpy(s->copy + page * PAGE, s->g->mem + page * PAGE, PAGE);
		s->copied++;
	}
	s->rounds++;
}

static void log_dirty(struct slots *s, bool on)
{
	set_slot(s, 0, on ? KVM_MEM_LOG_DIRTY_PAGES : 0, 0, s->g->mem, MEM_SIZE);
	if (on)
		memcpy(s->copy, s->g->mem, MEM_SIZE);
}

/* Ends with logging on. */
static void *change_slots(void *arg)
{
	struct slots *s = arg;

	for (unsigned long n = 0; !time_is_up && s->changes < s->wanted; n++) {
		set_slot(s, 2, 0, HOLE, s->hole, PAGE);
		set_slot(s, 2, 0, ELSEWHERE, s->hole, PAGE);
		set_slot(s, 2, 0, HOLE, s->hole, PAGE);
		set_slot(s, 2, 0, HOLE, s->hole, 0);
		if (n % 8 == 0) {
			log_dirty(s, false);
			log_dirty(s, true);
		}
		copy_dirty(s);
	}
	start_clock(1);
	return NULL;
}

static void start_changes(struct slots *s, struct vm *vm, struct guest *g)
{
	const uint64_t frame[2] = { 0, HOLE_RET };

	s->vm = vm;
	s->g = g;
	s->hole = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->hole == MAP_FAILED)
		die("mmap");
	memcpy(s->hole + HOLE_FRAME, frame, sizeof(frame));
	log_dirty(s, true);
	errno = pthread_create(&s->thread, NULL, change_slots, s);
	if (errno)
		die("pthread_create");
}

/* Guest and changes have stopped: one more round must make the copy complete. */
static void end_changes(struct slots *s)
{
	unsigned int lost = 0;

	copy_dirty(s);
	for (size_t at = 0; at < MEM_SIZE; at += PAGE)
		lost += memcmp(s->copy + at, s->g->mem + at, PAGE) != 0;
	printf("vmm: slots changed %lu rounds %lu copied %lu lost %u\n",
	       s->changes, s->rounds, s->copied, lost);
}

/* KVM_TRANSLATE walks the guest's tables as the guest would: it marks them. */
static void touch_cold(struct vm *vm, struct guest *g)
{
	for (int i = 0; i < g->nr_segs; i++) {
		struct kvm_translation tr = { .linear_address = g->seg[i].vaddr };

		if (!g->seg[i].write && ioctl(vm->vcpu, KVM_TRANSLATE, &tr) < 0)
			die("KVM_TRANSLATE");
	}
}

static void report(struct guest *g)
{
	if (!g->is_warm) {
		printf("vmm: guest never finished its first pass\n");
		return;
	}
	printf("vmm: tables changed %u cold changed %u\n",
	       tables_changed(g, g->warm), cold_changed(g));
}

static uint8_t *map_device(const char *path)
{
	int fd = open(path, O_RDWR);
	void *device;

	if (fd < 0)
		die(path);
	device = mmap(NULL, REGISTERS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (device == MAP_FAILED)
		die(path);
	close(fd);
	return device;
}

int main(int argc, char **argv)
{
	static struct slots slots;
	static struct guest g;
	struct vm vm;
	bool touch = false;
	long ms = 300;
	int c;

	while ((c = getopt(argc, argv, "t:b:xd:cm:w")) != -1) {
		if (c == 't')
			ms = strtol(optarg, NULL, 0);
		else if (c == 'b')
			g.base = strtoul(optarg, NULL, 0);
		else if (c == 'x')
			touch = true;
		else if (c == 'd')
			g.device = map_device(optarg);
		else if (c == 'c')
			g.tables_in_device = true;
		else if (c == 'w')
			g.worst = true;
		else if (c == 'm')
			slots.wanted = strtoul(optarg, NULL, 0);
		else
			return 2;
	}
	if (optind >= argc || (g.tables_in_device && !g.device))
		return 2;
	g.mem = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g.mem == MAP_FAILED)
		die("mmap");
	load_elf(&g, argv[optind]);
	make_tables(&g);
	open_vm(&vm, &g);
	set_cpuid(&vm);
	set_sregs(&vm, &g);
	set_regs(&vm, &g, optind + 1 < argc ? strtoul(argv[optind + 1], NULL, 0) : 0);
	start_clock(ms);
	if (slots.wanted)
		start_changes(&slots, &vm, &g);
	run_guest(&vm, &g);
	if (slots.wanted)
		pthread_join(slots.thread, NULL);
	stop_clock();
	if (slots.wanted)
		end_changes(&slots);
	if (touch)
		touch_cold(&vm, &g);
	report(&g);
	return 0;
}
