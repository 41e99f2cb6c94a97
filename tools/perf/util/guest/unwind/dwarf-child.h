/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A process that unwinds a guest's user stacks for perf: libelf and libdw read files that
 * are the guest's, and should one of these make them crash, loop or take all memory, it
 * is not perf's end.
 */
#ifndef __PERF_GUEST_DWARF_CHILD_H
#define __PERF_GUEST_DWARF_CHILD_H

#include "guest/unwind/dwarf.h"

/* After so many of them no more is started. */
#define GUEST_DWARF_CHILDREN	3

/**
 * struct guest_dwarf_child - of one guest
 * @dir:       the guest's directory
 * @fd:	       to talk to it; -1 if there is none
 * @started:   how many there have been
 * @processes: the guest's processes that are known
 * @sample_ms: time it has for a sample
 * @slow_ms:   what samples took beyond a moment each
 */
struct guest_dwarf_child {
	char  *dir;
	pid_t pid;
	int   fd;
	int   started;
	u32   processes;
	int   sample_ms;
	s64   slow_ms;
};

/**
 * guest_dwarf_child__init - start it
 * @dir: the guest's directory, which no one changes
 *
 * Return: 0 or a negative error; to be freed by guest_dwarf_child__exit() in any case.
 */
int guest_dwarf_child__init(struct guest_dwarf_child *child, const char *dir);
void guest_dwarf_child__exit(struct guest_dwarf_child *child);

/** guest_dwarf_child__unwind - guest_dwarf__unwind(), in the other process */
u32 guest_dwarf_child__unwind(struct guest_dwarf_child *child,
			      const struct guest_dwarf_sample *sample, u64 *ips, u32 max,
			      enum guest_dwarf_end *end);

#endif /* __PERF_GUEST_DWARF_CHILD_H */
