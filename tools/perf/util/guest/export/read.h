/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recording, as perf report sees it, as stacks and what is missing from them.
 */
#ifndef __PERF_GUEST_EXPORT_READ_H
#define __PERF_GUEST_EXPORT_READ_H

#include <stdbool.h>
#include <linux/types.h>

struct mappings;
struct stacks;
struct timeline;

/**
 * struct recording - what was read
 * @stacks:	   sorted; of @old as well
 * @old:	   what it is compared with; NULL for nothing
 * @timeline:	   when its samples were; NULL if not asked for
 * @mappings:	   of its frames; NULL if not asked for
 * @hostname, @release, @cmdline: of the host and of perf record; NULL if not known
 * @first, @last:  the times of samples, in ns; @first is above @last if there are none
 * @slot:	   length of slots, in ns; 0 if there are none
 * @wall:	   added to such a time this is the time of day, in ns since 1970: exactly, if
 *		   it was recorded with a clock (perf record -k); else so that the last sample
 *		   is the last change of the file
 * @samples:	   in the stacks
 * @lost:	   samples
 * @left_out:	   samples of the host, which were not asked for
 * @guest_samples: those with a frame of a guest; of them,
 * @short_stacks:  those without a caller, and
 * @unnamed:	   those where the guest was in code that has no name
 */
struct recording {
	struct stacks	*stacks;
	struct mappings	*mappings;
	struct timeline	*timeline;
	struct recording *old;
	char		*hostname, *release, *cmdline;
	u64		first, last;
	u64		slot;
	u64		wall;
	u64		samples;
	u64		lost;
	u64		left_out;
	u64		guest_samples;
	u64		short_stacks;
	u64		unnamed;
};

/**
 * struct recording_input - what to read
 * @path:      of a perf.data; NULL for the one that perf commands read
 * @old:       of another one, to be compared with; NULL for none
 * @force:     whoever owns it
 * @timed:     with a timeline, of @path alone
 * @addresses: tell frames apart by where they are
 * @slot:      tell samples apart by slots of so many ns that they are in; 0 if not
 * @slots:     make @slot so long that there are about so many, if the recording's header says
 *	       from when to when it is
 */
struct recording_input {
	const char *path;
	const char *old;
	bool	   force;
	bool	   timed;
	bool	   addresses;
	u64	   slot;
	u32	   slots;
};

/**
 * recording__read
 *
 * Samples are those that perf_guest and perf_host say.
 *
 * Return: 0, and recording__exit() has to be called; or a negative error, reported.
 */
int recording__read(struct recording *recording, const struct recording_input *input);
void recording__exit(struct recording *recording);

#endif /* __PERF_GUEST_EXPORT_READ_H */
