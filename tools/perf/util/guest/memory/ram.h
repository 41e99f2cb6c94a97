/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest's physical memory, read in its VMM.
 *
 * What is read here is not looked at, but for the beginning of pages: that is for the child
 * behind the wall (guest/memory/broker.h).
 */
#ifndef __PERF_GUEST_RAM_H
#define __PERF_GUEST_RAM_H

#include <stddef.h>
#include <sys/types.h>
#include <linux/types.h>
#include "guest/memory/slots.h"

/**
 * struct guest_ram - a guest's memory
 * @pid:     the VMM's
 * @pidfd:   the same: as long as it has not ended, @pid is not another's
 * @pagemap: descriptor of its /proc/PID/pagemap
 */
struct guest_ram {
	pid_t		   pid;
	int		   pidfd, pagemap;
	struct guest_slots slots;
};

/**
 * guest_ram__open - get at a guest's memory
 * @ram: to be closed by guest_ram__close(), with success only
 * @dir: as for guest_slots__read()
 *
 * Return: 0, or what guest_slots__read() returns; -ESRCH if the VMM has ended.
 */
int guest_ram__open(struct guest_ram *ram, const char *dir, pid_t pid);
void guest_ram__close(struct guest_ram *ram);

/**
 * guest_ram__read - read guest-physical memory
 * @gpa, @size: in one slot
 *
 * Memory only, never the registers of a device that is passed through; and only what is there:
 * of a page that the VMM has not got nothing is made by looking at it.
 *
 * Return: 0; -EFAULT for what is no such memory, -ESRCH if the VMM has ended, -EPERM if its
 * memory must not be read.
 */
int guest_ram__read(const struct guest_ram *ram, u64 gpa, void *buf, size_t size);

/** GUEST_RAM_TEXT - bytes that guest_ram__find() may look for */
#define GUEST_RAM_TEXT	16

/**
 * guest_ram__find - look for pages that begin with a text
 * @text: what with; @size bytes, GUEST_RAM_TEXT at most
 * @gpas: gets where they are
 * @max:  how many of them at most
 * @ms:   the time it may take
 * @nr:   set to how many were found, with an error as well
 * @waiting: what a terminal shows meanwhile, as of struct guest_child
 *
 * Pages that the host has swapped out are left out: to look at them is to bring them back.
 *
 * Return: 0; -ETIME if that was not all, as the time was over, -EOVERFLOW if there are more
 * than @max; -ESRCH if the VMM has ended, -EPERM if its memory must not be read.
 */
int guest_ram__find(const struct guest_ram *ram, const char *text, size_t size, u64 *gpas,
		    unsigned int max, unsigned int ms, unsigned int *nr,
		    const char *waiting);

#endif /* __PERF_GUEST_RAM_H */
