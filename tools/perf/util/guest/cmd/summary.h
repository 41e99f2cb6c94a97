/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a recording holds, guest by guest.
 */
#ifndef __PERF_GUEST_SUMMARY_H
#define __PERF_GUEST_SUMMARY_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

#define GUEST_SUMMARY_MAX	256

/**
 * struct guest_count - what there is of a guest
 * @firmware: time of the first sample out of the guest's kernel that was not in 64-bit mode,
 *	      after one that was: its machine had been reset. UINT64_MAX if there is none.
 */
struct guest_count {
	pid_t	pid;
	u64	samples;
	u64	with_callchain;
	bool	long_mode;
	u64	firmware;
};

/**
 * struct guest_summary - what a recording holds
 * @guest:  @nr of them, as they come
 * @newest: time of the newest sample
 */
struct guest_summary {
	int			nr;
	struct guest_count	guest[GUEST_SUMMARY_MAX];
	u64			lost;
	u64			newest;
};

/** guest_summary__read - go through a perf.data file; 0 or a negative error */
int guest_summary__read(struct guest_summary *summary, const char *perf_data);

/**
 * guest_summary__has_guest - is a sample in a perf.data file of a guest?
 *
 * Reads no further than the first. True if the file cannot be read.
 */
bool guest_summary__has_guest(const char *perf_data);

/** guest_summary__explain_none - why there may be none */
void guest_summary__explain_none(void);

/** guest_summary__print - one line of it; @dir: has the guests' names */
void guest_summary__print(const struct guest_summary *summary, const char *dir);

#endif /* __PERF_GUEST_SUMMARY_H */
