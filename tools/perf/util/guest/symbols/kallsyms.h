/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __PERF_GUEST_SYMBOLS_KALLSYMS_H
#define __PERF_GUEST_SYMBOLS_KALLSYMS_H

#include <stdbool.h>

struct dso;
struct map;
struct maps;
struct symbol;

/**
 * guest_kallsyms__map - the map for a symbol that kallsyms has of a module
 * @maps:   the kernel's
 * @module: with brackets
 * @sym:    the symbol, in a tree of kallsyms' symbols by address
 * @kernel: the map that kallsyms is loaded for
 *
 * What a kernel calls modules without having them in its list, [bpf] and [__builtin__...],
 * gets a map for each run of symbols; the code of a guest's kernel itself
 * is the kernel's whatever it is called.
 *
 * Return: a reference; NULL if the symbol is to be left out.
 */
struct map *guest_kallsyms__map(struct maps *maps, const char *module, struct symbol *sym,
				struct map *kernel);

/**
 * guest_kallsyms__load - dso__load_kallsyms() for a guest's kernel
 *
 * Return: the number of symbols; 0 or a negative error that was reported.
 */
int guest_kallsyms__load(struct dso *dso, const char *filename, struct map *map);

/** guest_kallsyms__is_made - is a map, not the kernel's, one of those made for such a run? */
bool guest_kallsyms__is_made(struct map *map);

#endif /* __PERF_GUEST_SYMBOLS_KALLSYMS_H */
