// SPDX-License-Identifier: GPL-2.0
/*
 * What is to be done when perf record has ended: see what has changed in the guests.
 */
#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/time64.h>
#include "debug.h"
#include "guest/vm/vm.h"
#include "guest/cmd/record-end.h"
#include "guest/cmd/record.h"
#include "guest/cmd/summary.h"
#include "guest/snapshot/update.h"
#include "time-utils.h"

/*
 * A kernel is up for longer than its clock says, which is in whole seconds here. How much
 * longer is up to how slow the guest is: rather leave out some more symbols.
 */
#define UPTIME_MARGIN	(10LL * NSEC_PER_SEC)

/* Digits of perf record's timestamps, to 1/100 of a second. */
#define TIMESTAMP	16

static bool vmm_runs(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	return !access(path, F_OK);
}

static void look_again(const struct guest *guest, int dir,
		       struct guest_snapshot_change *change)
{
	int err;

	if (!vmm_runs(guest->pid)) {
		pr_info("%s: has ended\n", guest->name);
		change->unknown = true;
		return;
	}
	err = guest_snapshot__look_again(guest, dir, change);
	if (err) {
		change->unknown = true;
		pr_warning("%s: %s cannot be looked at again: %s: if the guest has rebooted, its symbols are wrong from there on\n",
			   guest->name, guest->mount, strerror(-err));
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

/* When was its machine reset, as far as samples tell? UINT64_MAX if it was not. */
static u64 reset_time(const struct guest_summary *summary, pid_t pid)
{
	int i;

	for (i = 0; i < summary->nr; i++) {
		if (summary->guest[i].pid == pid)
			return summary->guest[i].firmware;
	}
	return UINT64_MAX;
}

/*
 * When did a guest reboot, by the clock of the samples? The newest of them is not from after
 * the recording's end, so that what the uptime says may be too early, but not too late unless
 * the guest's clock is slow. It is of the last reboot; of this and earlier ones, there may be
 * samples of its firmware.
 */
static u64 boot_time(const struct guest_snapshot_change *change, s64 end,
		     const struct guest_summary *summary)
{
	s64 since = end - change->booted + UPTIME_MARGIN;

	if (since <= 0)
		return summary->newest;
	return summary->newest > (u64)since ? summary->newest - since : 0;
}

static void note_reboot(const struct guest_record *rec, const struct guest *guest,
			const struct guest_snapshot_change *change, s64 end,
			const struct guest_summary *summary)
{
	u64 time = reset_time(summary, guest->pid);
	int err;

	if (change->rebooted) {
		time = min(time, boot_time(change, end, summary));
	} else if (change->unknown && time != UINT64_MAX) {
		pr_warning("%s: its machine was reset while it was recorded: no symbols from there on\n",
			   guest->name);
	} else {
		return;
	}
	err = guest_snapshot__set_rebooted(rec->place.snapshot, guest->pid, time);
	if (err)
		pr_err("%s: its symbols are wrong since its reboot: that cannot be noted in %s: %s\n",
		       guest->name, rec->place.dir, strerror(-err));
}

/* What perf record puts behind the name are digits of one length: the last one sorts last. */
void guest_record__find_output(const struct guest_record *rec, char *path, size_t size)
{
	size_t len = strlen(rec->place.name);
	char last[NAME_MAX + 1] = "";
	struct dirent *entry;
	DIR *list;

	strlcpy(path, rec->output, size);
	if (!faccessat(rec->place.temp.parent, rec->place.name, F_OK, 0))
		return;
	list = guest_dir__list(rec->place.temp.parent);
	while (list && (entry = readdir(list))) {
		if (!strncmp(entry->d_name, rec->place.name, len) && entry->d_name[len] == '.' &&
		    strspn(entry->d_name + len + 1, "0123456789") == TIMESTAMP &&
		    strlen(entry->d_name) == len + 1 + TIMESTAMP && strcmp(entry->d_name, last) > 0)
			strlcpy(last, entry->d_name, sizeof(last));
	}
	if (list)
		closedir(list);
	if (*last)
		snprintf(path, size, "%s%s", rec->output, last + len);
}

void guest_record__end(struct guest_record *rec)
{
	struct guest_snapshot_change *changes = calloc(rec->nr_guests ?: 1, sizeof(*changes));
	struct guest_summary *summary = malloc(sizeof(*summary));
	char path[PATH_MAX];
	s64 end = rdclock();
	int i;

	if (!changes || !summary)
		goto out;
	for (i = 0; i < rec->nr_guests; i++)
		look_again(&rec->guests[i], rec->place.snapshot, &changes[i]);
	guest_record__find_output(rec, path, sizeof(path));
	/* without it, it is not known that any sample is from before a reboot */
	if (guest_summary__read(summary, path)) {
		summary->newest = 0;
	} else {
		guest_summary__print(summary, rec->place.dir);
		if (!summary->nr && !rec->exits)
			guest_summary__explain_none();
	}
	for (i = 0; i < rec->nr_guests; i++)
		note_reboot(rec, &rec->guests[i], &changes[i], end, summary);
out:
	free(summary);
	free(changes);
}
