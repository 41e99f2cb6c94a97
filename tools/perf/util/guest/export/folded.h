/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Folded stacks, as flamegraph.pl and inferno read them: a line a stack, outermost frame
 * first, and how many samples it has.
 */
#ifndef __PERF_GUEST_EXPORT_FOLDED_H
#define __PERF_GUEST_EXPORT_FOLDED_H

#include <stdio.h>
#include <linux/types.h>

struct recording;
struct stacks;

/**
 * export_folded - write them
 *
 * Where there are several events, a stack begins with its event.
 *
 * Return: 0 or -ENOMEM; what cannot be written is in @fp's error.
 */
int export_folded(const struct recording *recording, FILE *fp);

/** export_folded__frames - a stack alone: @nr frames, of stacks__path() */
void export_folded__frames(const struct stacks *stacks, const u32 *path, u32 nr, FILE *fp);

#endif /* __PERF_GUEST_EXPORT_FOLDED_H */
