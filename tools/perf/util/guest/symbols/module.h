/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The symbols of a guest's modules and files.
 */
#ifndef __PERF_GUEST_SYMBOLS_MODULE_H
#define __PERF_GUEST_SYMBOLS_MODULE_H

#include <stdbool.h>

struct dso;
struct map;

/**
 * guest_dso__load - symbols of a guest's module, or of a file of its processes
 * @dso: the module's or the file's, locked and not loaded
 * @map: where the guest has it
 * @ret: what dso__load() is to return
 *
 * For a module, kallsyms says where each function is. A module's file only says where it is in
 * its section, and where sections are the guest alone knows. So where kallsyms has
 * nothing of it, there are no symbols.
 *
 * Return: false if this is no guest's, nor one of a host that is not here.
 */
bool guest_dso__load(struct dso *dso, struct map *map, int *ret);

#endif /* __PERF_GUEST_SYMBOLS_MODULE_H */
