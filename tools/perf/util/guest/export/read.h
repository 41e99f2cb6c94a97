/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recording, as perf report sees it, as stacks and what is missing from them.
 */
#ifndef __PERF_GUEST_EXPORT_READ_H
#define __PERF_GUEST_EXPORT_READ_H

#include <stdbool.h>
#include <linux/types.h>

struct stacks;

/**
 * struct recording - what was read
 * @stacks:	   sorted
 * @hostname, @release, @cmdline: of the host and of perf record; NULL if not known
 * @first, @last:  the times of samples, in ns; @first is above @last if there are none
 * @lost:	   samples
 * @left_out:	   samples of the host, which were not asked for
 * @guest_samples: those with a frame of a guest; of them,
 * @short_stacks:  those without a caller, and
 * @unnamed:	   those where the guest was in code that has no name
 */
struct recording {
	struct stacks	*stacks;
	char		*hostname, *release, *cmdline;
	u64		first, last;
	u64		lost;
	u64		left_out;
	u64		guest_samples;
	u64		short_stacks;
	u64		unnamed;
};

/**
 * recording__read
 * @path:  of a perf.data; NULL for the one that perf commands read
 * @force: whoever owns it
 *
 * Samples are those that perf_guest and perf_host say.
 *
 * Return: 0, and recording__exit() has to be called; or a negative error, reported.
 */
int recording__read(struct recording *recording, const char *path, bool force);
void recording__exit(struct recording *recording);

#endif /* __PERF_GUEST_EXPORT_READ_H */
