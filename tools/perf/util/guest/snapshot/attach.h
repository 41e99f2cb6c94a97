/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which snapshot belongs to a recording.
 */
#ifndef __PERF_GUEST_SNAPSHOT_ATTACH_H
#define __PERF_GUEST_SNAPSHOT_ATTACH_H

#include <linux/types.h>
#include <stdbool.h>

struct perf_event_attr;

/**
 * guest_snapshot__attach - use what was taken along with a perf.data file
 * @perf_data: its path; NULL if it comes through a pipe
 *
 * That is PERFDATA.guests, or another directory beside it that has the id of the recording.
 * Sets symbol_conf.guestmount, unless the user has, and perf_guest. A line says if what is
 * there belongs to another recording or cannot be read: then none of it is used; or that there
 * are links, FIFOs or the like among a guest's files, or too many: then that guest's are not.
 * Then the guests to be shown are chosen (guest_choice__apply()).
 */
void guest_snapshot__attach(const char *perf_data);

/** guest_snapshot__keep - is a recording that is opened again to change nothing of that? */
void guest_snapshot__keep(bool keep);

/** guest_snapshot__set_id - have the id of what was taken along in an event of a recording */
void guest_snapshot__set_id(struct perf_event_attr *attr, u64 id);

/** GUEST_SNAPSHOT_ID - file with the id of the recording that it belongs to */
#define GUEST_SNAPSHOT_ID	"id"

#endif /* __PERF_GUEST_SNAPSHOT_ATTACH_H */
