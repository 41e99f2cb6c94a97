/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __PERF_GUEST_SORT_H
#define __PERF_GUEST_SORT_H

struct hist_entry;
struct hists;
struct sort_entry;

/** sort_guest - the key "guest": the guest's name, "host" for samples of the host */
extern struct sort_entry sort_guest;

/** guest_sort__col_len - widen its column for an entry */
void guest_sort__col_len(struct hists *hists, const struct hist_entry *he);

#endif /* __PERF_GUEST_SORT_H */
