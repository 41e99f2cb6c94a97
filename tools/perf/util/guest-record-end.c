// SPDX-License-Identifier: GPL-2.0
/*
 * What is to be done when perf record has ended: see what has changed in the guests.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/time64.h>
#include "debug.h"
#include "guest-list.h"
#include "guest-record.h"
#include "guest-snapshot.h"

/*
 * A kernel is up for longer than its clock says, which is in whole seconds here. How much
 * longer is up to how slow the guest is: rather leave out some more symbols.
 */
#define UPTIME_MARGIN	(10LL * NSEC_PER_SEC)

static bool vmm_runs(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	return !access(path, F_OK);
}

static void look_again(const struct guest *guest, const char *dir,
		       struct guest_snapshot_change *change)
{
	if (guest_snapshot__look_again(guest, dir, change)) {
		if (vmm_runs(guest->pid))
			pr_warning("%s: %s does not answer any more: if the guest has rebooted, its symbols are wrong from there on\n",
				   guest->name, guest->mount);
		return;
	}
	if (change->rebooted)
		pr_warning("%s: rebooted while it was recorded: no symbols from there on\n",
			   guest->name);
	if (change->modules)
		pr_info("%s: %u modules loaded meanwhile\n", guest->name, change->modules);
	if (change->unclear)
		pr_warning("%s: %u modules loaded or unloaded meanwhile have no symbols: at their addresses others have been\n",
			   guest->name, change->unclear);
}

/*
 * When did a guest reboot, by the clock of the samples? The newest of them is not from after
 * the recording's end, so that the answer may be too early, but not too late.
 */
static u64 boot_time(const struct guest_snapshot_change *change, s64 end, u64 newest)
{
	s64 since = end - change->booted + UPTIME_MARGIN;

	if (since <= 0)
		return newest;
	return newest > (u64)since ? newest - since : 0;
}

void guest_record__end(struct guest_record *rec)
{
	struct guest_snapshot_change *changes = calloc(rec->guests ?: 1, sizeof(*changes));
	s64 end = guest_now();
	u64 newest = 0;
	int i;

	if (!changes)
		return;
	for (i = 0; i < rec->guests; i++)
		look_again(&rec->guest[i], rec->dir, &changes[i]);
	guest_summary__print(rec->output, rec->dir, &newest);
	for (i = 0; i < rec->guests; i++) {
		if (changes[i].rebooted &&
		    guest_snapshot__set_rebooted(rec->dir, rec->guest[i].pid,
						 boot_time(&changes[i], end, newest)))
			pr_err("%s: its symbols are wrong since its reboot: that cannot be noted in %s\n",
			       rec->guest[i].name, rec->dir);
	}
	free(changes);
}
