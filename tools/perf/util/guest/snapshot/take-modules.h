/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of a snapshot that is about modules' files.
 */
#ifndef __PERF_GUEST_SNAPSHOT_MODULES_H
#define __PERF_GUEST_SNAPSHOT_MODULES_H

#include <linux/types.h>

struct guest_dir;

/** guest_module_sections - those of a module's sections that may hold code */
#define GUEST_MODULE_SECTIONS	7
extern const char * const guest_module_sections[GUEST_MODULE_SECTIONS];

/*
 * The part that is about modules: sources of the names in @modules, @nr of them.
 * @root is the guest's, @out the guest's directory in the snapshot. Return: files copied.
 */
u32 guest_snapshot__take_modules(int root, struct guest_dir *out, const char *release,
				 char modules[][64], u32 nr);

#endif /* __PERF_GUEST_SNAPSHOT_MODULES_H */
