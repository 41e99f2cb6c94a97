// SPDX-License-Identifier: GPL-2.0
/*
 * tinyvmm: run one of the lab's small guests under /dev/kvm for a while, and
 * tell whether anything but the guest changed the guest's page tables.
 *
 *	tinyvmm [-t MILLISECONDS] [-b BASE] [-x] GUEST-ELF [SCENARIO]
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
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
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
	uint64_t next_table;
	uint8_t made[TABLES_SIZE];	/* the tables as we made them */
	uint8_t warm[TABLES_SIZE];	/* ... after the guest's first pass */
	bool is_warm;
};

struct vm {
	int kvm, vm, vcpu;
	struct kvm_run *run;
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
	sregs.cr3 = TABLES;
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

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* On PORT_DONE the guest has RESULTS figures in front of where rdi points. */
static void print_results(struct vm *vm, struct guest *g)
{
	uint64_t v[RESULTS], paddr;
	struct kvm_regs regs;

	if (ioctl(vm->vcpu, KVM_GET_REGS, &regs) < 0)
		die("KVM_GET_REGS");
	paddr = regs.rdi - sizeof(v) - g->entry + 0x100000;
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

int main(int argc, char **argv)
{
	static struct guest g;
	struct vm vm;
	bool touch = false;
	long ms = 300;
	int c;

	while ((c = getopt(argc, argv, "t:b:x")) != -1) {
		if (c == 't')
			ms = strtol(optarg, NULL, 0);
		else if (c == 'b')
			g.base = strtoul(optarg, NULL, 0);
		else if (c == 'x')
			touch = true;
		else
			return 2;
	}
	if (optind >= argc)
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
	run_guest(&vm, &g);
	if (touch)
		touch_cold(&vm, &g);
	report(&g);
	return 0;
}
