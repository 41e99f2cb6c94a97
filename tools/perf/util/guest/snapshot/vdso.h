/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The vDSO of a guest's processes: code that is mapped in all of them and is in no file
 * but the kernel's. It is taken along out of a process's memory; if that is not to be
 * had, it is looked for in the kernel's file.
 */
#ifndef __PERF_GUEST_VDSO_H
#define __PERF_GUEST_VDSO_H

#include <stdbool.h>
#include <stddef.h>

#define GUEST_VDSO_MAX	(64 << 10)

/**
 * guest_vdso__find - find the vDSO for 64-bit processes in a kernel
 * @kernel, @size: vmlinux, unpacked; anything at all may be in it
 * @vdso, @vdso_size: set to the part of it that is the vDSO
 *
 * Return: false if there is none.
 */
bool guest_vdso__find(const void *kernel, size_t size, const void **vdso, size_t *vdso_size);

/**
 * guest_vdso__open - the vDSO of 64-bit processes as a file
 * @root: of a guest's directory in a snapshot
 *
 * Return: a file descriptor, or a negative error: -ENOENT if neither it nor the
 * kernel's file was taken along.
 */
int guest_vdso__open(int root);

#endif /* __PERF_GUEST_VDSO_H */
