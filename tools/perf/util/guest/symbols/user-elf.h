/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions in the files of a guest's processes.
 */
#ifndef __PERF_GUEST_USER_ELF_H
#define __PERF_GUEST_USER_ELF_H

#include <stdbool.h>

struct dso;

/**
 * guest_user__load - the symbols of a file that was taken along with a guest's processes
 * @dso: its, locked and not loaded
 *
 * They are read by another process: the file is the guest's.
 *
 * Return: false if @dso is no such file.
 */
bool guest_user__load(struct dso *dso);

#endif /* __PERF_GUEST_USER_ELF_H */
