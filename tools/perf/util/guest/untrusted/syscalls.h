/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System calls that perf's copy of their numbers, or a host's headers, may lack; these are
 * everywhere the same.
 */
#ifndef __PERF_GUEST_SYSCALLS_H
#define __PERF_GUEST_SYSCALLS_H

#include <sys/syscall.h>

#ifndef SYS_open_tree
#define SYS_open_tree			428
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open			434
#endif
#ifndef SYS_close_range
#define SYS_close_range			436
#endif
#ifndef SYS_openat2
#define SYS_openat2			437
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr		442
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset	444
#define SYS_landlock_add_rule		445
#define SYS_landlock_restrict_self	446
#endif

#endif /* __PERF_GUEST_SYSCALLS_H */
