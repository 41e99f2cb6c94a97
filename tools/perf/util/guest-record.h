/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What perf kvm-callchain does before and after perf record.
 */
#ifndef __PERF_GUEST_RECORD_H
#define __PERF_GUEST_RECORD_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>
#include <linux/types.h>
#include "guest-args.h"

struct guest;
struct option;

/**
 * struct guest_record - a recording of guests
 * @args:   command line for perf record or perf top; with strings of the caller's
 * @host:   --host: the host as well
 * @output: perf.data file
 * @dir:    its guests' symbol sources
 * @guest:  those in @dir, @guests of them
 */
struct guest_record {
	struct guest_args	args;
	bool			host;
	char			output[PATH_MAX];
	char			dir[PATH_MAX + 8];
	struct guest		*guest;
	int			guests;
	char			*pids;
};

/**
 * guest_record__prepare - choose guests, event and callchains; take the symbols
 * @rec:     zeroed, but @dir if that is where symbols are to go instead of beside
 *	     the output; to be freed by guest_record__exit()
 * @command: "record" or "top"
 * @argc, @argv: options of the user's, without the command
 * @theirs:  the command's options, see guest_args__parse()
 *
 * Says what was chosen, and what will be missing in the recording and why. An
 * earlier recording's symbols are kept under the name that perf record gives
 * to its file.
 *
 * Return: 0 or a negative error, reported.
 */
int guest_record__prepare(struct guest_record *rec, const char *command, int argc,
			  const char **argv, const struct option *theirs);
void guest_record__exit(struct guest_record *rec);

/**
 * guest_record__end - perf record has ended, and written its file
 *
 * Modules that were loaded meanwhile are taken along; of a guest that has rebooted it is
 * noted when. Says so, and prints the summary.
 */
void guest_record__end(struct guest_record *rec);

/**
 * guest_record__has_cycles - is there a counter that can be told to count guests only?
 *
 * True as well for who may not open it, which is for perf record to explain.
 */
bool guest_record__has_cycles(void);

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

/** guest_summary__print - one line of it; @dir: has the guests' names */
void guest_summary__print(const struct guest_summary *summary, const char *dir);

#endif /* __PERF_GUEST_RECORD_H */
