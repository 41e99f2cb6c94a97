/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __PERF_GUEST_DEBUGINFO_H
#define __PERF_GUEST_DEBUGINFO_H

struct dso;
struct map;

/**
 * guest_debuginfo__use - have the code and source lines of a guest's kernel be in a vmlinux
 * @dso: the kernel's, with the symbols of the guest's kallsyms
 * @map: where the guest has it
 *
 * That is the file of --guestvmlinux, if it is this guest's by its build-id, or, where the
 * guest has not said what that is, by where its functions are; else a warning says that it is
 * not. Symbols stay those of kallsyms, which has those of modules, too.
 */
void guest_debuginfo__use(struct dso *dso, struct map *map);

/**
 * guest_debuginfo__load - take a guest's symbols from --guestvmlinux, for want of kallsyms
 *
 * Return: the number of symbols; 0 or a negative error that was reported.
 */
int guest_debuginfo__load(struct dso *dso, struct map *map);

#endif /* __PERF_GUEST_DEBUGINFO_H */
