/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest's callchain where frame pointers do not lead through it: the kernel part
 * unwound from the registers and stack words in the record, the user part from the
 * registers and the stack in it.
 */
#ifndef __PERF_GUEST_UNWIND_H
#define __PERF_GUEST_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <linux/types.h>

/*
 * In callchains in memory only: the guest kernel frames that follow, up to the next
 * context, are guesses.
 */
#define PERF_CONTEXT_GUEST_GUESS	((__u64)-3072)

struct guest_unwinds;
struct guests;
struct option;

/**
 * enum guest_unwind_by - --guest-unwind
 * @GUEST_UNWIND_BY_AUTO: by tables where the guest's kernel has some, else by frame
 *			  pointers if that may be one that has them, else by guessing
 * @GUEST_UNWIND_BY_FP:	  frame pointers, as the host's kernel has walked them
 * @GUEST_UNWIND_BY_ORC:  ORC tables; where there are none, there are no callers
 * @GUEST_UNWIND_BY_DWARF: kernels as with @GUEST_UNWIND_BY_AUTO, user code by its call
 *			  frame information
 * @GUEST_UNWIND_BY_SCAN: guess: whatever on the stack looks like a return address
 */
enum guest_unwind_by {
	GUEST_UNWIND_BY_AUTO,
	GUEST_UNWIND_BY_FP,
	GUEST_UNWIND_BY_ORC,
	GUEST_UNWIND_BY_DWARF,
	GUEST_UNWIND_BY_SCAN,
};

extern enum guest_unwind_by guest_unwind_by;

/** guest_unwind__parse - set guest_unwind_by; for OPT_CALLBACK() */
int guest_unwind__parse(const struct option *opt, const char *arg, int unset);

/** GUEST_UNWIND_OPTION - of commands that record guests: needs parse-options.h */
#define GUEST_UNWIND_OPTION								\
	OPT_CALLBACK(0, "guest-unwind", NULL, "mode",					\
		     "how to unwind guests: auto, fp, orc, dwarf, scan", guest_unwind__parse)

/**
 * guest_unwind__takes - what of a guest's kernel is needed besides its symbols and tables
 *
 * Return: GUEST_SNAPSHOT_*, none or one of those for its code: guesses are judged by it.
 */
unsigned int guest_unwind__takes(void);

/**
 * guest_unwind__wants_stack_words - is there more to record than frames?
 *
 * Return: false with --guest-unwind=fp, and if every guest that is recorded, or may be, is
 * known to have frame pointers.
 */
bool guest_unwind__wants_stack_words(void);

/** guest_unwind__know - these are the guests that are recorded, and looked at already */
void guest_unwind__know(const struct guests *guests);

/** guest_unwind__wants_user_stack - was --call-graph dwarf, or what means it, asked for? */
bool guest_unwind__wants_user_stack(void);

/** guest_unwinds__new - the guests of a session. Return: NULL without memory. */
struct guest_unwinds *guest_unwinds__new(void);
void guest_unwinds__delete(struct guest_unwinds *unwinds);

/**
 * guest_unwinds__kernel - the guest kernel's frames of a record
 * @pid:      the VMM's, which names the guest
 * @sections: of the record, checked: struct perf_guest_section one after the other
 * @size:     their bytes
 * @ips:      gets the frames, innermost first, and PERF_CONTEXT_GUEST_GUESS in front
 *	      of those that are guesses
 * @max:      words that fit
 *
 * Return: words in @ips; 0 if the record's own frames are what there is.
 */
u32 guest_unwinds__kernel(struct guest_unwinds *unwinds, pid_t pid, const u64 *sections,
			  size_t size, u64 *ips, u32 max);

/**
 * guest_unwinds__user - the guest user frames of a record
 * @root:     the record's address space
 * @ips:      gets the frames, innermost first
 * @complete: are they all there are?
 *
 * The rest as for guest_unwinds__kernel(). Return: frames in @ips; 0 if the record has
 * nothing to unwind from.
 */
u32 guest_unwinds__user(struct guest_unwinds *unwinds, pid_t pid, u64 root,
			const u64 *sections, size_t size, u64 *ips, u32 max, bool *complete);

/** guest_unwinds__report - a line for each guest: how it was unwound, and how well */
void guest_unwinds__report(const struct guest_unwinds *unwinds);

#endif /* __PERF_GUEST_UNWIND_H */
