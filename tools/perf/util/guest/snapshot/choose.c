// SPDX-License-Identifier: GPL-2.0
/*
 * The guests of a recording by pid or name, as perf kvm-callchain list shows them.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "debug.h"
#include "guest/snapshot/choose.h"
#include "guest/snapshot/lookup.h"
#include "guest/vm/names.h"
#include "guest/vm/vm.h"
#include "intlist.h"
#include "symbol_conf.h"

struct guest_names guest_choice;

/* Those of the recording that is open */
static struct intlist *pids;

struct search {
	const char *who;
	char	   known[1024];	/* for the message; cut if there are many */
	pid_t	   by_pid, by_name;
	int	   nr_by_name;
};

static void search__look_at(struct search *search, pid_t pid)
{
	char name[GUEST_NAME_MAX];
	size_t len = strlen(search->known);

	guest_snapshot__name(symbol_conf.guestmount, pid, name, sizeof(name));
	scnprintf(search->known + len, sizeof(search->known) - len, "%s%s (%d)", len ? ", " : "",
		  name, pid);
	if (guest_pid__parse(search->who) == pid)
		search->by_pid = pid;
	if (!strcmp(name, search->who)) {
		search->by_name = pid;
		search->nr_by_name++;
	}
}

static int search__all(struct search *search)
{
	struct dirent **guests;
	int i, nr = scandir(symbol_conf.guestmount, &guests, guest_pid__is_entry, versionsort);

	for (i = 0; i < nr; i++) {
		search__look_at(search, guest_pid__parse(guests[i]->d_name));
		free(guests[i]);
	}
	if (nr >= 0)
		free(guests);
	return nr;
}

/* Return: the pid; 0 with a message. */
static pid_t find(const char *who)
{
	struct search search = { .who = who };

	/* without its names a recording has pids all the same */
	if (!guest_snapshot__is_used() || search__all(&search) <= 0) {
		if (!guest_pid__parse(who))
			pr_err("--guest=%s: names of this recording's guests are not known: give the pid of its VMM\n",
			       who);
		return guest_pid__parse(who);
	}
	if (search.by_pid)
		return search.by_pid;
	if (search.nr_by_name > 1)
		pr_err("--guest=%s: several guests are called that: give the pid: %s\n", who,
		       search.known);
	else if (!search.nr_by_name)
		pr_err("--guest=%s: no such guest in this recording: %s\n", who, search.known);
	return search.nr_by_name == 1 ? search.by_name : 0;
}

void guest_choice__apply(void)
{
	pid_t pid;
	int i;

	if (!guest_choice.nr)
		return;
	/* perf diff opens several recordings, one when the other has been read */
	intlist__delete(pids);
	pids = intlist__new(NULL);
	for (i = 0; i < guest_choice.nr; i++) {
		pid = find(guest_choice.name[i]);
		if (!pid || !pids || intlist__findnew(pids, pid) == NULL)
			exit(1);
	}
}

bool guest_choice__is_made(void)
{
	return guest_choice.nr;
}

bool guest_choice__has(pid_t pid)
{
	return !guest_choice.nr || intlist__has_entry(pids, pid);
}
