// SPDX-License-Identifier: GPL-2.0
/*
 * Find the user code of a guest in the files its processes have mapped.
 *
 * perf has one address space for all threads of a guest, and so one is made of those of
 * all processes.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <sys/mman.h>
#include "debug.h"
#include "dso.h"
#include "guest/untrusted/file.h"
#include "guest/snapshot/processes.h"
#include "guest/snapshot/lookup.h"
#include "guest/symbols/user-maps.h"
#include "machine.h"
#include "map.h"
#include "maps.h"
#include "mutex.h"
#include "namespaces.h"
#include "symbol_conf.h"
#include "thread.h"

/* What a guest may make us have, of each */
#define MAPS_MAX	65536
#define GATHERED_MAX	(1U << 20)

static int cmp_mappings(const void *a, const void *b)
{
	const struct guest_mapping *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* What is no file's says nothing but that others are not right. */
static bool same_code(const struct guest_mapping *a, const struct guest_mapping *b)
{
	return a->file == b->file && a->file < GUEST_FILES_MAX &&
	       a->start - a->offset == b->start - b->offset;
}

/* Of mappings by address, what does not contradict another one. Return: how many are left. */
static u32 drop_contradictions(struct guest_mapping *m, u32 nr)
{
	u32 i, next, kept = 0;

	for (i = 0; i < nr; i = next) {
		struct guest_mapping all = m[i];
		bool agree = all.file < GUEST_FILES_MAX;

		for (next = i + 1; next < nr && m[next].start < all.end; next++) {
			agree = agree && same_code(&all, &m[next]);
			all.end = max(all.end, m[next].end);
		}
		if (agree)
			m[kept++] = all;
	}
	return kept;
}

int guest_user_maps__merge(const struct guest_processes *p, struct guest_mapping **mappings)
{
	struct guest_mapping *all;
	u32 nr = p->nr_others, i, n;

	for (i = 0; i < p->nr_layouts; i++)
		nr += p->layouts[i].nr;
	nr = min_t(u32, nr, GATHERED_MAX);
	all = calloc(nr ?: 1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	n = min(nr, p->nr_others);
	if (n)
		memcpy(all, p->others, n * sizeof(*all));
	for (i = 0; i < p->nr_layouts && n < nr; i++) {
		u32 these = min_t(u32, p->layouts[i].nr, nr - n);

		memcpy(all + n, p->layouts[i].mappings, these * sizeof(*all));
		n += these;
	}
	qsort(all, nr, sizeof(*all), cmp_mappings);
	*mappings = all;
	return min_t(u32, drop_contradictions(all, nr), MAPS_MAX);
}

/* "[guest/NAME]/libc.so.6", to stay apart from other guests' and the host's */
static void set_short_name(struct dso *dso, pid_t pid, const char *file)
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
	char *short_name;

	/* a file has many mappings, and each time dsos are sorted anew */
	if (strstarts(dso__short_name(dso), "[guest/"))
		return;
	if (asprintf(&short_name, "[guest/%s]/%s", guest_pid__name(pid), base) >= 0)
		dso__set_short_name(dso, short_name, true);
}

/* perf would look for the file where the VMM, whose thread it is, has its mounts. */
static void forget_namespace(struct dso *dso)
{
	mutex_lock(dso__lock(dso));
	nsinfo__put(dso__nsinfo(dso));
	dso__set_nsinfo(dso, NULL);
	mutex_unlock(dso__lock(dso));
}

static int add_map(struct machine *machine, struct thread *thread, const struct guest_mapping *m,
		   const char *file)
{
	char path[PATH_MAX], below[GUEST_PATH_MAX + 8];
	struct map *map;
	int err;

	guest_user_file__path(below, sizeof(below), file);
	if (snprintf(path, sizeof(path), "%s/%d/%s", symbol_conf.guestmount, machine->pid,
		     below) >= (int)sizeof(path))
		return 0;
	map = map__new(machine, m->start, m->end - m->start, m->offset, NULL,
		       PROT_READ | PROT_EXEC, MAP_PRIVATE, NULL, path, thread);
	if (!map)
		return -ENOMEM;
	forget_namespace(map__dso(map));
	set_short_name(map__dso(map), machine->pid, file);
	err = maps__insert(thread__maps(thread), map);
	map__put(map);
	return err;
}

static int add_maps(struct machine *machine, struct thread *thread, int root)
{
	struct guest_processes processes;
	struct guest_mapping *mappings = NULL;
	int nr, i, err;

	err = guest_processes__read(&processes, root);
	nr = err ?: guest_user_maps__merge(&processes, &mappings);
	err = min(nr, 0);
	for (i = 0; i < nr && !err; i++)
		err = add_map(machine, thread, &mappings[i], processes.files[mappings[i].file]);
	pr_debug("guest %d: %u processes, code at %d places\n", machine->pid, processes.nr, nr);
	free(mappings);
	guest_processes__exit(&processes);
	return err;
}

void guest_user_maps__add(struct machine *machine, struct thread *thread)
{
	char dir[PATH_MAX];
	int root;

	if (!maps__empty(thread__maps(thread)) || !guest_snapshot__has(machine->pid) ||
	    snprintf(dir, sizeof(dir), "%s/%d", symbol_conf.guestmount, machine->pid) >=
	    (int)sizeof(dir))
		return;
	root = guest_file__root(dir);
	if (root < 0)
		return;
	if (add_maps(machine, thread, root))
		pr_warning("Guest %d: not all of its processes' code can be found: no memory\n",
			   machine->pid);
	close(root);
}

void guest_thread__name(struct machine *machine, struct thread *thread)
{
	if (guest_snapshot__set_comm(machine, thread))
		guest_user_maps__add(machine, thread);
}
