/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The page tables that a guest uses now, by which the kernel that runs is told from one that
 * was there before a reset.
 */
#ifndef __PERF_GUEST_ROOT_H
#define __PERF_GUEST_ROOT_H

#include <sys/types.h>
#include <linux/types.h>

/**
 * guest_root__read - the top page table of a vCPU, by one exit of the guest
 * @pid: the VMM's
 * @ms:	 how long to wait for one; a guest that has nothing to do has few
 *
 * Return: guest-physical address, without flags; 0 if there was no exit, or it cannot be seen.
 */
u64 guest_root__read(pid_t pid, unsigned int ms);

#endif /* __PERF_GUEST_ROOT_H */
