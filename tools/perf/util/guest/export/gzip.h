/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file that is compressed as it is written.
 */
#ifndef __PERF_GUEST_EXPORT_GZIP_H
#define __PERF_GUEST_EXPORT_GZIP_H

#include <stddef.h>
#include <stdio.h>

struct export_gzip;

/**
 * export_gzip__open
 * @fp: where to; nothing else may be written to it until export_gzip__close()
 *
 * A perf that is built without zlib writes it as it is.
 *
 * Return: NULL without memory.
 */
struct export_gzip *export_gzip__open(FILE *fp);

/** export_gzip__write - errors are those of export_gzip__close() */
void export_gzip__write(struct export_gzip *gzip, const void *bytes, size_t size);

/** export_gzip__close - Return: 0, or a negative error if all could not be written */
int export_gzip__close(struct export_gzip *gzip);

#endif /* __PERF_GUEST_EXPORT_GZIP_H */
