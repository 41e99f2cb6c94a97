/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How guesses in a callchain are told from frames: by symbols of their own.
 */
#ifndef __PERF_GUEST_GUESS_H
#define __PERF_GUEST_GUESS_H

struct symbol;

/** __guest_callchain__guess - see guest_callchain__symbol() */
struct symbol *__guest_callchain__guess(struct symbol *sym);

#endif /* __PERF_GUEST_GUESS_H */
