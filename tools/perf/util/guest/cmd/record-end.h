/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is to be done when perf record has ended.
 */
#ifndef __PERF_GUEST_RECORD_END_H
#define __PERF_GUEST_RECORD_END_H

#include <stddef.h>

struct guest_record;

/**
 * guest_record__find_output - the file that was written
 * @path: set to it; that is the last one with --switch-output or --timestamp-filename
 */
void guest_record__find_output(const struct guest_record *rec, char *path, size_t size);

/**
 * guest_record__end - perf record has ended, and written its file
 *
 * Modules that were loaded meanwhile are taken along; of a guest that has rebooted it is
 * noted when. Says so, and prints the summary.
 */
void guest_record__end(struct guest_record *rec);

#endif /* __PERF_GUEST_RECORD_END_H */
