/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The symbols of a guest's modules.
 */
#ifndef __PERF_GUEST_SYMBOLS_MODULE_H
#define __PERF_GUEST_SYMBOLS_MODULE_H

#include <stdbool.h>

struct dso;
struct map;

/**
 * guest_module__load - symbols of a guest's module, from the guest's kallsyms
 * @dso: the module's, locked and not loaded
 * @map: where the guest has it
 *
 * kallsyms says where each function is. A module's file only says where it is in
 * its section, and where sections are the guest alone knows. So where kallsyms has
 * nothing of it, there are no symbols.
 *
 * Return: false if this is no guest's, nor one of a host that is not here.
 */
bool guest_module__load(struct dso *dso, struct map *map);

#endif /* __PERF_GUEST_SYMBOLS_MODULE_H */
