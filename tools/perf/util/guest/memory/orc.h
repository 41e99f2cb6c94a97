/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ORC tables of a guest's kernel as they are in its memory, as a file like the kernel's own:
 * an ELF file with the sections that guest/unwind/orc-table.h looks for, at the addresses at
 * which they are.
 */
#ifndef __PERF_GUEST_MEMORY_ORC_H
#define __PERF_GUEST_MEMORY_ORC_H

#include <linux/types.h>
#include "guest/memory/elf-out.h"

struct guest_dir;
struct guest_view;
struct guest_vmcoreinfo;

/**
 * struct guest_ram_orc - where they are
 * @ip, @entries: .orc_unwind_ip and .orc_unwind
 * @header:	  .orc_header, which says how entries are laid out; kernels before 6.4 have none
 * @btf:	  .BTF, which says so of a layout that is not known; not all kernels have it
 * @text:	  the kernel's code
 * @image_end:	  of all that belongs to the kernel
 */
struct guest_ram_orc {
	struct guest_range ip, entries, header, btf, text;
	u64		   image_end;
};

/**
 * guest_ram_orc__write - write boot/vmlinux-RELEASE
 *
 * Return: 0; -ENODATA for a kernel without tables; -EINVAL for what are none; another
 * negative error.
 */
int guest_ram_orc__write(struct guest_dir *out, struct guest_view *view,
			 const struct guest_vmcoreinfo *info, const struct guest_ram_orc *orc);

#endif /* __PERF_GUEST_MEMORY_ORC_H */
