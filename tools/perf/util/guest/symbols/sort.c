// SPDX-License-Identifier: GPL-2.0
/* --sort guest: samples by the guest that ran. */
#include <string.h>
#include <linux/kernel.h>
#include "guest/symbols/sort.h"
#include "guest/snapshot/lookup.h"
#include "hist.h"
#include "maps.h"
#include "machine.h"
#include "util/sort.h"
#include "thread.h"
#include "util.h"

/* The guest of a sample is that of its thread; 0 for the host's own. */
static pid_t guest_of(const struct hist_entry *he)
{
	struct machine *machine = he->thread ? maps__machine(thread__maps(he->thread)) : NULL;

	return machine && !machine__is_host(machine) ? machine->pid : 0;
}

static int64_t cmp_guest(struct hist_entry *left, struct hist_entry *right)
{
	return guest_of(right) - guest_of(left);
}

static int print_guest(struct hist_entry *he, char *bf, size_t size, unsigned int width)
{
	pid_t pid = guest_of(he);

	return scnprintf(bf, size, "%-*.*s", width, width, pid ? guest_pid__name(pid) : "host");
}

void guest_sort__col_len(struct hists *hists, const struct hist_entry *he)
{
	pid_t pid = guest_of(he);

	hists__new_col_len(hists, HISTC_GUEST, pid ? strlen(guest_pid__name(pid)) : 5);
}

struct sort_entry sort_guest = {
	.se_header	= "Guest",
	.se_cmp		= cmp_guest,
	.se_snprintf	= print_guest,
	.se_width_idx	= HISTC_GUEST,
};
