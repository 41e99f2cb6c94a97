/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guests as the command line has them: by pid or name, an option for each.
 */
#ifndef __PERF_GUEST_NAMES_H
#define __PERF_GUEST_NAMES_H

struct option;

/** struct guest_names - what was given, in its order; free(3) releases @name */
struct guest_names {
	const char **name;
	int	   nr;
};

/** guest_names__parse - callback of an option whose value is a struct guest_names. @arg is kept */
int guest_names__parse(const struct option *opt, const char *arg, int unset);

#endif /* __PERF_GUEST_NAMES_H */
