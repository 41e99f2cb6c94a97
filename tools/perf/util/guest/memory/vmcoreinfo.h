/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VMCOREINFO: what a Linux kernel says of itself to who reads its memory.
 *
 * A page of text, "KEY=VALUE" lines, that begins with OSRELEASE= (kernel/vmcore_info.c;
 * Documentation/admin-guide/kdump/vmcoreinfo.rst). Since 6.0 it has the addresses of the
 * tables that /proc/kallsyms is made of. Kernels with /proc/kcore or kexec have it.
 */
#ifndef __PERF_GUEST_VMCOREINFO_H
#define __PERF_GUEST_VMCOREINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include "guest/memory/ksyms.h"
#include "guest/vm/vm.h"

#define GUEST_VMCOREINFO_BEGIN	"OSRELEASE="
#define GUEST_BUILD_ID_MAX	20

/**
 * struct guest_vmcoreinfo - an x86-64 kernel
 * @release:	   as uname -r has it
 * @build_id:	   of the kernel, @build_id_size bytes
 * @swapper_pg_dir: address of the top page table
 * @phys_base:	   what an address in the kernel's image is moved by, see
 *		   guest_vmcoreinfo__gpa()
 * @five_levels:   of page tables
 * @ksyms:	   where its symbols are
 */
struct guest_vmcoreinfo {
	char		   release[GUEST_NAME_MAX];
	u8		   build_id[GUEST_BUILD_ID_MAX];
	u32		   build_id_size;
	u64		   swapper_pg_dir, phys_base;
	bool		   five_levels;
	struct guest_ksyms ksyms;
};

/**
 * guest_vmcoreinfo__parse - make something of the text
 * @text: of @size bytes; with NULs behind it or not
 *
 * Return: false if that is not an x86-64 kernel's, or does not have what is needed.
 */
bool guest_vmcoreinfo__parse(struct guest_vmcoreinfo *info, const char *text, size_t size);

/** guest_vmcoreinfo__gpa - where what is in the kernel's image is in physical memory */
u64 guest_vmcoreinfo__gpa(const struct guest_vmcoreinfo *info, u64 gva);

#endif /* __PERF_GUEST_VMCOREINFO_H */
