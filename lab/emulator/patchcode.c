// SPDX-License-Identifier: GPL-2.0
/*
 * One CPU changes code that another runs: see patches/0005-code-changed-while-translated.patch.
 * The code is "mov $N, %eax; ret"; N is changed twice, a few microseconds apart, so that the
 * second change comes while the other CPU translates the first one's. Once the other has
 * executed CPUID, behind the change by a flag in memory, it must see the second N.
 * Prints how often it did not; exits 1 if so.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static uint32_t *number;		/* N, in the code */
static uint32_t (*code)(void);
static _Atomic uint32_t changed;	/* the last N, once it is in the code */
static _Atomic uint32_t seen;		/* and once the other CPU is behind it */
static uint32_t stale;

static void run_on(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		perror("sched_setaffinity");
}

static void serialize(void)
{
	uint32_t a = 0, b, c = 0, d;

	asm volatile("cpuid" : "+a" (a), "=b" (b), "+c" (c), "=d" (d) : : "memory");
}

static void *runner(void *rounds)
{
	uint32_t last = 0, n;

	run_on(1);
	while (last < (uintptr_t)rounds * 2) {
		code();
		n = changed;
		if (n == last)
			continue;
		serialize();
		if (code() != n)
			stale++;
		last = n;
		seen = n;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	uintptr_t rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 20000;
	uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t other;
	uint32_t n;

	if (page == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	memcpy(page + 3, "\xb8\0\0\0\0\xc3", 6);	/* N is aligned: changed at once */
	number = (uint32_t *)(page + 4);
	code = (uint32_t (*)(void))(page + 3);
	run_on(0);
	if (pthread_create(&other, NULL, runner, (void *)rounds)) {
		perror("pthread_create");
		return 2;
	}
	for (n = 1; n <= rounds * 2; n += 2) {
		*(volatile uint32_t *)number = n;
		for (uint32_t wait = n * 2654435761u % 4096; wait; wait--)
			asm volatile("");
		*(volatile uint32_t *)number = n + 1;
		changed = n + 1;
		while (seen != n + 1)
			;
	}
	pthread_join(other, NULL);
	printf("%u of %lu changes were not seen\n", stale, rounds);
	return stale != 0;
}
