/* SPDX-License-Identifier: GPL-2.0 */
/* This process as the VMM of a guest whose memory a test has made. */
#ifndef __PERF_TESTS_MADE_VMM_H
#define __PERF_TESTS_MADE_VMM_H

#include "tests/guest/made-memory.h"
#include "util/guest/memory/find.h"

/* The memory is in two slots, of which the second one begins here. */
#define MADE_VMM_SLOT	0x180000ULL

/* Where KVM says so: the directory has the number of another thread. */
#define MADE_VMM_SLOTS	"kvm/1-11/guest_callchain_slots"

/**
 * struct made_vmm - it
 * @memory: with @ram
 * @dir:    a directory with kvm, as debugfs has it, and what was taken in out
 */
struct made_vmm {
	struct made_memory memory;
	char		   dir[64];
};

/** made_vmm__begin - make memory and directory; 0 or -1 */
int made_vmm__begin(struct made_vmm *vmm);
void made_vmm__end(struct made_vmm *vmm);

/** made_vmm__take - guest_memory__take() of it, to an empty directory */
int made_vmm__take(const struct made_vmm *vmm, struct guest_memory *memory);

#endif /* __PERF_TESTS_MADE_VMM_H */
