/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Do the symbols of a guest's kernel fit the guest?
 */
#ifndef __PERF_GUEST_FIT_H
#define __PERF_GUEST_FIT_H

struct dso;
struct map;

/**
 * guest_fit__loaded - a kernel's symbols have been loaded: are they that kernel's?
 * @dso: of the kernel; what --guestvmlinux names becomes its file, if it is that
 * @map: the kernel's
 * @nr:  the number of symbols, or a negative error
 *
 * Takes the names from guests whose kernel's symbols are another one's. Judges by what the
 * session's recording has of the kernel's addresses; a guest of which it has too few, and one
 * that does not come out of a file, keeps its names. The default guest's symbols are judged
 * for each guest that has none of its own. A line says of which guests there are no names, and
 * why.
 *
 * To be called with the dso's lock held, before anybody uses the symbols.
 */
void guest_fit__loaded(struct dso *dso, struct map *map, int nr);

#endif /* __PERF_GUEST_FIT_H */
