/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The files of a guest's modules, which perf's own process does not unpack.
 */
#ifndef __PERF_GUEST_MODULE_FILE_H
#define __PERF_GUEST_MODULE_FILE_H

#include <stddef.h>

/**
 * guest_module__unpack - unpack a guest's module, in another process
 * @name: of the file
 * @path: gets the name of the unpacked one, to be unlinked by the caller
 * @size: bytes of @path, sizeof(GUEST_UNPACKED_NAME) at least
 *
 * Return: a file descriptor of it or -1.
 */
int guest_module__unpack(const char *name, char *path, size_t size);

#endif /* __PERF_GUEST_MODULE_FILE_H */
