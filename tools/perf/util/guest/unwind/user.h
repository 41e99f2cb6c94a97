/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The user part of a guest's callchain, unwound from the registers and the stack in the
 * record. Used by guest/unwind/select.c only.
 */
#ifndef __PERF_GUEST_UNWIND_USER_H
#define __PERF_GUEST_UNWIND_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <linux/types.h>

struct guest_users;

/** guest_users__new - the guests of a session. Return: NULL without memory. */
struct guest_users *guest_users__new(void);
void guest_users__delete(struct guest_users *users);

/** guest_users__unwind - as guest_unwinds__user() */
u32 guest_users__unwind(struct guest_users *users, pid_t pid, u64 root, const u64 *sections,
			size_t size, u64 *ips, u32 max, bool *complete);

/** guest_users__report - a line for each guest: how well its user code was unwound */
void guest_users__report(const struct guest_users *users);

#endif /* __PERF_GUEST_UNWIND_USER_H */
