// SPDX-License-Identifier: GPL-2.0
/*
 * hostwork: what a page fault costs 20 frames deep in a host process. Run under
 * a page-faults event with and without callchains, the difference is the cost of
 * a host user callchain.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define FAULTS	200
#define PAGE	4096

void host_path(const char *pages, uint64_t *results, unsigned int nr);

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int main(void)
{
	static uint64_t results[FAULTS];
	char *pages = mmap(NULL, FAULTS * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		return 1;
	host_path(pages, results, FAULTS);
	qsort(results, FAULTS, sizeof(results[0]), by_value);
	printf("host: fault min %lu median %lu max %lu\n",
	       results[0], results[FAULTS / 2], results[FAULTS - 1]);
	return 0;
}
