/* SPDX-License-Identifier: GPL-2.0 */
/* What is waited for, on a line of the terminal. */
#ifndef __PERF_GUEST_WAITING_H
#define __PERF_GUEST_WAITING_H

#include <linux/types.h>

/**
 * struct guest_waiting - it
 * @what:  printable; NULL for nothing to be shown
 * @begin: since when, in guest_child__now_ms()
 * @shown: seconds that are on the line; 0 before there is one
 */
struct guest_waiting {
	const char *what;
	s64	   begin, shown;
};

/** guest_waiting__show - write the line anew, if there is a terminal and another second is over */
void guest_waiting__show(struct guest_waiting *waiting);

/** guest_waiting__end - clear the line */
void guest_waiting__end(const struct guest_waiting *waiting);

#endif /* __PERF_GUEST_WAITING_H */
