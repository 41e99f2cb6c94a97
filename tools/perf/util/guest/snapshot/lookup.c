// SPDX-License-Identifier: GPL-2.0
/*
 * Let perf's commands find the symbols that were taken along with a recording.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/zalloc.h>
#include <sys/stat.h>
#include "debug.h"
#include "dso.h"
#include "event.h"
#include "guest/vm/facts.h"
#include "guest/untrusted/file.h"
#include "guest/vm/vm.h"
#include "guest/snapshot/lookup.h"
#include "machine.h"
#include "map.h"
#include "map_symbol.h"
#include "maps.h"
#include "sample.h"
#include "symbol_conf.h"
#include "thread.h"
#include "util.h"

static char attached[PATH_MAX];

/* Of the guests there: when they have rebooted, as far as that was asked for. */
static struct {
	pid_t pid;
	u64 time;
} reboots[1024];

/* Guests there whose files are not used. */
static struct {
	pid_t *pids;
	size_t nr;
} refused;

/* Guests known to have no directory there: that is asked for every sample. */
static pid_t without[64];

/* The one whose name was asked for last. */
static struct {
	pid_t pid;
	char name[GUEST_NAME_MAX];
} named;

void guest_snapshot__use(const char *dir)
{
	memset(without, 0, sizeof(without));
	memset(&named, 0, sizeof(named));
	memset(reboots, 0, sizeof(reboots));
	zfree(&refused.pids);
	refused.nr = 0;
	strlcpy(attached, dir ?: "", sizeof(attached));
	symbol_conf.guestmount = dir ? attached : NULL;
}

bool guest_snapshot__is_used(void)
{
	return symbol_conf.guestmount == attached;
}

void guest_snapshot__refuse(pid_t pid)
{
	pid_t *pids = realloc(refused.pids, (refused.nr + 1) * sizeof(*pids));

	if (!pids) {
		guest_snapshot__use(NULL);
		return;
	}
	pids[refused.nr++] = pid;
	refused.pids = pids;
}

bool guest_snapshot__refuses(pid_t pid)
{
	size_t i;

	/* not the guests that have no directory of their own */
	if (pid <= 0)
		return false;
	for (i = 0; i < refused.nr; i++) {
		if (refused.pids[i] == pid)
			return true;
	}
	return false;
}

bool guest_snapshot__has(pid_t pid)
{
	char path[PATH_MAX + 16];

	if (symbol_conf.guestmount != attached || pid <= 0 || guest_snapshot__refuses(pid))
		return false;
	snprintf(path, sizeof(path), "%s/%d/guest", attached, pid);
	return !access(path, R_OK);
}

/* UINT64_MAX if it has not. */
static u64 read_reboot(pid_t pid)
{
	char path[PATH_MAX + 16], line[GUEST_NAME_MAX + 16];
	u64 time = UINT64_MAX;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%d/guest", attached, pid);
	file = fopen(path, "r");
	if (!file)
		return time;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "rebooted %" SCNu64, &time) == 1)
			break;
	}
	fclose(file);
	return time;
}

bool guest_snapshot__rebooted(pid_t pid, u64 time)
{
	size_t i = pid % ARRAY_SIZE(reboots);

	if (pid <= 0 || symbol_conf.guestmount != attached || guest_snapshot__refuses(pid))
		return false;
	if (reboots[i].pid != pid) {
		reboots[i].pid = pid;
		reboots[i].time = read_reboot(pid);
	}
	return time > reboots[i].time;
}

void guest_snapshot__comm(char *comm, size_t size, pid_t pid)
{
	char name[GUEST_NAME_MAX];

	snprintf(comm, size, "[guest/%s]",
		 guest_snapshot__name(symbol_conf.guestmount ?: "", pid, name, sizeof(name)));
}

bool guest_snapshot__set_comm(struct machine *machine, struct thread *thread)
{
	pid_t *none = &without[machine->pid % ARRAY_SIZE(without)];
	char comm[GUEST_NAME_MAX + 16];

	if (machine__is_host(machine) || machine->pid == *none || thread__comm_set(thread))
		return false;
	if (!guest_snapshot__has(machine->pid)) {
		*none = machine->pid;
		return false;
	}
	guest_snapshot__comm(comm, sizeof(comm), machine->pid);
	thread__set_comm(thread, comm, 0);
	return true;
}

void guest_snapshot__name_kernel(struct dso *kernel, pid_t pid)
{
	char name[GUEST_NAME_MAX], *short_name;

	if (!guest_snapshot__has(pid))
		return;
	guest_snapshot__name(symbol_conf.guestmount, pid, name, sizeof(name));
	if (asprintf(&short_name, "[guest.kernel/%s]", name) >= 0)
		dso__set_short_name(kernel, short_name, true);
}

/* What is to be known of a guest's modules. */
struct listed {
	struct machine	    *machine;
	struct guest_module modules[GUEST_MODULES_MAX];
	int		    nr;
};

/* What has been at its addresses, too, leaves a module unlisted. */
static bool is_unlisted(struct map *map, void *arg)
{
	const struct listed *listed = arg;
	const char *name = dso__short_name(map__dso(map));
	int i;

	if (*name != '[' || RC_CHK_EQUAL(map, machine__kernel_map(listed->machine)))
		return false;
	for (i = 0; i < listed->nr; i++) {
		const struct guest_module *module = &listed->modules[i];
		size_t len = strlen(module->name);

		/* "[name]" */
		if (module->start == map__start(map) && !strncmp(name + 1, module->name, len) &&
		    !strcmp(name + 1 + len, "]"))
			return false;
	}
	return true;
}

/* As if perf record had written that a module is there. */
static void add_module(struct machine *machine, const struct guest_module *module)
{
	struct perf_sample sample = { .cpumode = PERF_RECORD_MISC_GUEST_KERNEL };
	union perf_event event = { .header.type = PERF_RECORD_MMAP };
	struct map *map = maps__find(machine__kernel_maps(machine), module->start);
	bool is_there = map && !RC_CHK_EQUAL(map, machine__kernel_map(machine));

	map__put(map);
	if (is_there)
		return;
	event.mmap.start = module->start;
	event.mmap.len = module->size;
	snprintf(event.mmap.filename, sizeof(event.mmap.filename), "[%s]", module->name);
	machine__process_mmap_event(machine, &event, &sample);
}

static void correct_modules(struct listed *listed, int root)
{
	int i;

	/* no list says nothing of what is not in it */
	if (!guest_modules__read(root, listed->modules, &listed->nr))
		maps__remove_maps(machine__kernel_maps(listed->machine), is_unlisted, listed);
	for (i = 0; i < listed->nr; i++)
		add_module(listed->machine, &listed->modules[i]);
}

static void machine__correct_modules(struct machine *machine)
{
	struct listed *listed;
	int root;

	if (!guest_snapshot__has(machine->pid))
		return;
	root = guest_file__root(machine->root_dir);
	if (root < 0)
		return;
	listed = zalloc(sizeof(*listed));
	if (listed) {
		listed->machine = machine;
		correct_modules(listed, root);
		free(listed);
	}
	close(root);
}

bool guest_machine__has_modules(struct machine *machine)
{
	if (machine__is_host(machine))
		return false;
	machine__correct_modules(machine);
	return true;
}

bool guest_snapshot__is_release(const char *name)
{
	return !strchr(name, '/') && strcmp(name, "..");
}

struct machine *guest_machine__find(struct machines *machines, pid_t pid)
{
	struct machine *machine = machines__find(machines, pid), *own = NULL;

	if ((!machine || machine->pid != pid) &&
	    (symbol_conf.guestmount || guest_snapshot__has(pid)))
		own = machines__findnew(machines, pid);
	return own ?: machine;
}

pid_t guest_frame__pid(const struct map_symbol *ms)
{
	struct machine *machine = ms->maps ? maps__machine(ms->maps) : NULL;

	return machine && !machine__is_host(machine) ? machine->pid : 0;
}

const char *guest_frame__guest(const struct map_symbol *ms)
{
	return guest_pid__name(guest_frame__pid(ms));
}

int guest_frame__mark(const struct map_symbol *ms, char *bf, size_t size)
{
	struct machine *machine = ms->maps ? maps__machine(ms->maps) : NULL;

	if (!perf_host || !perf_guest || !machine || machine__is_host(machine))
		return 0;
	return scnprintf(bf, size, " [g]");
}

const char *guest_pid__name(pid_t pid)
{
	/* the frames of a callchain are one guest's, the next sample's often as well */
	if (pid != named.pid || !*named.name)
		guest_snapshot__name(symbol_conf.guestmount ?: "", pid, named.name,
				     sizeof(named.name));
	named.pid = pid;
	return named.name;
}

const char *guest_snapshot__name(const char *dir, pid_t pid, char *name, size_t size)
{
	char path[PATH_MAX], line[GUEST_NAME_MAX + 8];
	FILE *file;

	snprintf(name, size, "%d", pid);
	/* a guest mount has no names, whatever the guest has made of that file */
	if (dir == symbol_conf.guestmount && !guest_snapshot__has(pid))
		return name;
	snprintf(path, sizeof(path), "%s/%d/guest", dir, pid);
	file = fopen(path, "r");
	if (!file)
		return name;
	if (fgets(line, sizeof(line), file) && strstarts(line, "name ")) {
		line[strcspn(line, "\n")] = '\0';
		if (line[5])
			guest_name__copy(name, line + 5, size);
	}
	fclose(file);
	return name;
}
