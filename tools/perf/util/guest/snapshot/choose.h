/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Show the samples of some of a recording's guests only: --guest of what reads recordings.
 */
#ifndef __PERF_GUEST_SNAPSHOT_CHOOSE_H
#define __PERF_GUEST_SNAPSHOT_CHOOSE_H

#include <stdbool.h>
#include <sys/types.h>

struct guest_names;

#define GUEST_CHOICE_HELP	"show this guest only (pid or name)"

/** guest_choice - for guest_names__parse(); empty for all guests */
extern struct guest_names guest_choice;

/**
 * guest_choice__apply - a recording is being opened: find the guests that were chosen in it
 *
 * If one is not in it, the process ends with a message that names those that are: nothing has
 * been read yet, and what opens a recording knows of no such error.
 */
void guest_choice__apply(void);

/** guest_choice__is_made - are some guests to be left out? */
bool guest_choice__is_made(void);

/** guest_choice__has - are samples with a VMM's pid to be shown? */
bool guest_choice__has(pid_t pid);

#endif /* __PERF_GUEST_SNAPSHOT_CHOOSE_H */
