/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __PERF_GUEST_DEBUGINFO_H
#define __PERF_GUEST_DEBUGINFO_H

#include <stdbool.h>

struct dso;
struct map;

/**
 * guest_debuginfo__has_symbols - is --guestvmlinux to give a guest's symbols, for want of kallsyms?
 *
 * Return: true if it was given without --guestkallsyms. That it cannot be read is reported.
 */
bool guest_debuginfo__has_symbols(void);

/**
 * guest_debuginfo__loaded - have the code and source lines of a guest's kernel be in a vmlinux
 * @dso: a kernel's, any
 * @map: of it
 * @nr:  the number of its symbols; there being none in --guestvmlinux is reported
 *
 * For the symbols of a guest's kallsyms, that is the file of --guestvmlinux, if it is this guest's
 * by its build-id, or, where the guest has not said what that is, by where its functions are; else
 * a warning says that it is not. Symbols stay those of kallsyms, which has those of modules, too.
 */
void guest_debuginfo__loaded(struct dso *dso, struct map *map, int nr);

#endif /* __PERF_GUEST_DEBUGINFO_H */
