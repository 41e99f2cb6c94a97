/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unpack a guest's kernel image or module. The file is the guest's: whatever is in
 * it, unpacking ends, within the memory given below.
 */
#ifndef __PERF_GUEST_VMLINUZ_H
#define __PERF_GUEST_VMLINUZ_H

#include <stddef.h>

/** GUEST_VMLINUZ_MAX - bytes of a file, packed or unpacked, that are taken */
#define GUEST_VMLINUZ_MAX	(512UL << 20)

/**
 * guest_vmlinuz__unpack - get at the ELF file in a kernel image or module
 * @file, @size: an x86 bzImage (Documentation/arch/x86/boot.rst), a compressed
 *		 file as modules are, or an ELF file as it is
 * @elf, @elf_size: the ELF file, to be freed by the caller; only its magic number
 *		 was looked at
 * @why:	 in words, if that fails
 *
 * Return: 0 or a negative error: -EINVAL for what is none of these or is damaged,
 * -ENOTSUP for a compression not built in, -EFBIG, -ENOMEM.
 */
int guest_vmlinuz__unpack(const void *file, size_t size, void **elf, size_t *elf_size,
			  const char **why);

#endif /* __PERF_GUEST_VMLINUZ_H */
