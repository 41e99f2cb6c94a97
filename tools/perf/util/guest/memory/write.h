/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Write what is found in a guest's memory as the guest's files would have it, so that all else
 * need not know where it comes from.
 */
#ifndef __PERF_GUEST_MEMORY_WRITE_H
#define __PERF_GUEST_MEMORY_WRITE_H

#include <stdbool.h>
#include <linux/types.h>

struct guest_dir;
struct guest_view;
struct guest_vmcoreinfo;

/**
 * struct guest_written - what was written
 * @symbols: of the kernel and its modules
 * @modules: how many
 * @tables:  modules of these with tables to unwind them by
 * @orc:     tables to unwind the kernel by
 * @why:     0, or why there are no modules, as guest_ram_modules__read() has it; of
 *	     guest_memory__take() -ENOMSG as well, for a kernel that was found by the last try alone
 */
struct guest_written {
	u64 symbols;
	u32 modules, tables;
	bool orc;
	int why;
};

/**
 * guest_memory__write - write proc/kallsyms, proc/modules, proc/version,
 * sys/kernel/notes, and if the kernel has ORC tables, boot/vmlinux-RELEASE and of modules
 * lib/modules/RELEASE/MODULE.ko and sys/module/MODULE/sections/.text
 * @view: the kernel's address space
 * @modules: or without modules
 * @until: in guest_child__now_ms(): no file of a module is begun after that
 *
 * Return: 0 or a negative error; of modules, only -EINVAL and -EFAULT: they may be read when
 * tried again.
 */
int guest_memory__write(struct guest_dir *out, struct guest_view *view,
			const struct guest_vmcoreinfo *info, bool modules, s64 until,
			struct guest_written *written);

#endif /* __PERF_GUEST_MEMORY_WRITE_H */
