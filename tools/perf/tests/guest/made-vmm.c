// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include "tests/guest/made-files.h"
#include "tests/guest/made-vmm.h"
#include "debug.h"
#include "util.h"

static int put_slots(const struct made_vmm *vmm)
{
	unsigned long long at = (unsigned long)vmm->memory.ram;
	char lines[256];

	snprintf(lines, sizeof(lines), "%d 0\n%llx %llx %llx 0\n0 %llx %llx 2\n", getpid(),
		 MADE_VMM_SLOT, MADE_RAM_SIZE - MADE_VMM_SLOT, at + MADE_VMM_SLOT, MADE_VMM_SLOT,
		 at);
	return made_file__put(vmm->dir, MADE_VMM_SLOTS, lines, strlen(lines));
}

int made_vmm__begin(struct made_vmm *vmm)
{
	memset(vmm, 0, sizeof(*vmm));
	strcpy(vmm->dir, "/tmp/perf-guest-memory-XXXXXX");
	if (!mkdtemp(vmm->dir))
		return -1;
	vmm->memory.ram = mmap(NULL, MADE_RAM_SIZE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vmm->memory.ram == MAP_FAILED)
		return -1;
	/* a huge page would have no holes */
	madvise(vmm->memory.ram, MADE_RAM_SIZE, MADV_NOHUGEPAGE);
	return put_slots(vmm);
}

void made_vmm__end(struct made_vmm *vmm)
{
	munmap(vmm->memory.ram, MADE_RAM_SIZE);
	rm_rf(vmm->dir);
}

int made_vmm__take(const struct made_vmm *vmm, struct guest_memory *memory)
{
	struct guest guest = { .pid = getpid(), .name = "made" };
	char path[PATH_MAX];
	int out, err;

	snprintf(path, sizeof(path), "%s/out", vmm->dir);
	rm_rf(path);
	mkdir_p(path, 0700);
	out = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/kvm", vmm->dir);
	memset(memory, 0, sizeof(*memory));
	err = guest_memory__take(&guest, path, out, memory);
	close(out);
	pr_debug("taken: %d, %s\n", err, err ? guest_memory__why(err) : "ok");
	return err;
}
