/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A line of perf kvm-callchain doctor.
 */
#ifndef __PERF_GUEST_DOCTOR_CHECK_H
#define __PERF_GUEST_DOCTOR_CHECK_H

#include <stdbool.h>
#include <stdio.h>

/**
 * struct guest_check - lines so far
 * @fp:   where they go
 * @well: none of them was a problem
 */
struct guest_check {
	FILE *fp;
	bool well;
};

/**
 * guest_check - print what was looked at, and what is wrong with it if it is not @good
 * @remedy: a command or a sentence; NULL if nothing helps
 */
void guest_check(struct guest_check *check, bool good, const char *what, const char *bad,
		 const char *remedy);

#endif /* __PERF_GUEST_DOCTOR_CHECK_H */
