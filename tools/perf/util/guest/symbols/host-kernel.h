/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __PERF_HOST_KERNEL_H
#define __PERF_HOST_KERNEL_H

#include <stdbool.h>

struct dso;
struct machine;

/**
 * host_kernel__is_elsewhere - is a host's kernel, or a module, that of another machine?
 * @dso:     the kernel or the module
 * @machine: NULL if not known
 *
 * That is so if the recording says that it was made on another host, or with another kernel,
 * and not by its build-id which file this is. Then no file of the machine that perf runs on has
 * its symbols. Says so once.
 */
bool host_kernel__is_elsewhere(const struct dso *dso, const struct machine *machine);

#endif /* __PERF_HOST_KERNEL_H */
