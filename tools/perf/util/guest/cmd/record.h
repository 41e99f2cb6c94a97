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
#include "guest/vm/names.h"
#include "guest/vm/vm.h"
#include "guest/cmd/output.h"

struct evlist;
struct option;
struct perf_data;
struct record_opts;

/*
 * perf record and perf top parse the whole command line. Our options are some more of
 * theirs, what was given is looked at where they keep it, and what was not is set there.
 * --guest-callchain and --guest-unwind are also for who is not perf kvm-callchain.
 */

/**
 * guest_record__main - perf kvm-callchain record
 * @argc, @argv: as given, with the command first
 *
 * Return: the exit status.
 */
int guest_record__main(int argc, const char **argv);

/** guest_record__top - perf kvm-callchain top */
int guest_record__top(int argc, const char **argv);

/**
 * guest_record__options - the options of a command, with ours before them
 * @theirs: the command's, ended by OPT_END()
 *
 * Has callchains of guests be asked for, unless the user says otherwise.
 *
 * Return: an array that is good until the next call.
 */
const struct option *guest_record__options(const struct option *theirs);

/**
 * guest_record__choose - choose guests, event and callchains where the user has not
 * @opts, @evlist: as parsed
 * @data:	   the output; NULL for perf top, which takes the symbols right away
 *
 * Does nothing if this is not perf kvm-callchain.
 *
 * Return: 0 or a negative error, reported.
 */
int guest_record__choose(struct record_opts *opts, struct evlist *evlist,
			 struct perf_data *data);

/**
 * guest_record__take - take the symbols, before it is looked which threads there are
 * @evlist: with all events
 *
 * Says what will be missing in the recording and why. A line if there is no guest is all for
 * who is not perf kvm-callchain.
 *
 * Return: 0 or a negative error, reported.
 */
int guest_record__take(struct evlist *evlist);

/**
 * guest_record__place - all options being right, the output is going to be opened
 * @evlist: with all events
 *
 * Finds out what to ask the kernel for, too.
 *
 * Return: 0 or a negative error, reported.
 */
int guest_record__place(struct evlist *evlist);

/**
 * guest_record__opened - have the id of what was taken in the recording's file, and guest
 * callchains in the form that every perf reads
 * @evlist: its events are open; the file's header is not written yet
 */
void guest_record__opened(struct evlist *evlist);

/**
 * guest_record__written - perf record has written a file
 * @split: it is one of several
 *
 * Says so if guests were to be recorded, and no sample is of one.
 */
void guest_record__written(struct evlist *evlist, const struct perf_data *data, bool split);

/**
 * struct guest_record - a recording of guests
 * @mount:  where the guest mounts are
 * @wanted: pids and names that were given
 * @host:   --host: the host as well
 * @exits:  --exits: exits of guests
 * @files:  --guest-files: take the programs' files along, too
 * @no_cache:  --no-guest-cache: nothing that was kept of a guest, and nothing to be kept
 * @no_memory: --no-guest-memory: nothing out of a guest's memory
 * @found:  guests that run
 * @chosen: those of them to be recorded
 * @pids:   the same as a list, NULL for all
 * @output: the recording's file
 * @place:  of what is taken along; or
 * @temp:   for perf top; in use if @taken
 * @guests: those that were taken, @nr_guests of them
 */
struct guest_record {
	const char	    *mount;
	struct guest_names  wanted;
	bool		    host, exits, files, no_cache, no_memory, taken;
	struct guests	    found;
	bool		    *chosen;
	char		    *pids;
	char		    output[PATH_MAX];
	struct guest_output place;
	struct guest_temp   temp;
	struct guest	    *guests;
	int		    nr_guests;
};

/**
 * guest_record__has_cycles - is there a counter that can be told to count guests only?
 *
 * True as well for who may not open it, which is for perf record to explain.
 */
bool guest_record__has_cycles(void);

#endif /* __PERF_GUEST_RECORD_H */
