/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What has become of a guest since its snapshot was taken.
 */
#ifndef __PERF_GUEST_SNAPSHOT_UPDATE_H
#define __PERF_GUEST_SNAPSHOT_UPDATE_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

struct guest;

/**
 * struct guest_snapshot_change - what is different when a guest is looked at again
 * @unknown:  it did not answer any more; or its symbols are out of its memory, which does not
 *	      say whether that is the boot they are of
 * @rebooted: another kernel runs there, and nothing was taken of it
 * @booted:   since then, in rdclock(); some seconds late, as a kernel runs before its clock
 * @modules:  loaded since, and taken along
 * @unclear:  modules, old or new, at addresses that had another one's code meanwhile: left
 *	      out, together with new ones that have the name of an old one
 */
struct guest_snapshot_change {
	bool	unknown;
	bool	rebooted;
	s64	booted;
	u32	modules;
	u32	unclear;
};

/**
 * guest_snapshot__look_again - take what has come to a guest since the snapshot
 * @guest:  as it was for guest_snapshot__take()
 * @dir:    descriptor of the directory of all guests
 * @change: filled in
 *
 * Return: 0, also if it cannot be told; -ETIMEDOUT or another negative error if the mount
 * does not answer any more, or what is new cannot be written.
 */
int guest_snapshot__look_again(const struct guest *guest, int dir,
			       struct guest_snapshot_change *change);

/**
 * guest_snapshot__set_rebooted - say that what is in a snapshot is only true before a time
 * @dir:  descriptor of the directory of all guests
 * @time: of samples, in ns
 *
 * Return: 0 or a negative error.
 */
int guest_snapshot__set_rebooted(int dir, pid_t pid, u64 time);

#endif /* __PERF_GUEST_SNAPSHOT_UPDATE_H */
