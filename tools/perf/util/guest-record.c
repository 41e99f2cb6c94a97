// SPDX-License-Identifier: GPL-2.0
/*
 * Choose what to record of which guests.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include <linux/string.h>
#include <linux/zalloc.h>
#include "cloexec.h"
#include "debug.h"
#include "guest-list.h"
#include "guest-mount.h"
#include "guest-record.h"
#include "guest-snapshot.h"
#include "guest-unwind.h"
#include "perf-sys.h"
#include "util.h"

/* The options that matter here; NULL where not given. */
struct choice {
	struct guests	guests;
	bool		*chosen;
	int		nr_chosen;
	const char	*all, *event, *exits, *files, *g, *graph, *host, *mount, *output;
};

static int choose(struct choice *choice, const char *who)
{
	struct guest *guest = guests__find(&choice->guests, who);
	int i;

	if (!guest)
		return -ENOENT;
	i = guest - choice->guests.guest;
	choice->nr_chosen += !choice->chosen[i];
	choice->chosen[i] = true;
	return 0;
}

static int choose_name(void *data, const char *name)
{
	return choose(data, name);
}

static int choose_pids(void *data, const char *pids)
{
	char *list = strdup(pids), *next = list, *pid;
	int err = list ? 0 : -ENOMEM;

	while (!err && (pid = strsep(&next, ",")))
		err = choose(data, pid);
	free(list);
	return err;
}

static bool is_chosen(const struct choice *choice, int i)
{
	return !choice->nr_chosen || choice->chosen[i];
}

static int parse(struct choice *choice, struct guest_args *args, int argc, const char **argv,
		 const struct option *theirs)
{
	const struct guest_option ours[] = {
		{ 'p', "pid",	    .arg = true, .take = true, .add = choose_pids, .data = choice },
		{ 0, "guest",	    .arg = true, .take = true, .add = choose_name, .data = choice },
		{ 'a', "all-cpus",  .take = true, .value = &choice->all },
		{ 0, "host",	    .take = true, .value = &choice->host },
		{ 0, "exits",	    .take = true, .value = &choice->exits },
		{ 0, "guest-files", .take = true, .value = &choice->files },
		{ 0, "guestmount",  .arg = true, .take = true, .value = &choice->mount },
		{ 'o', "output",    .arg = true, .take = true, .value = &choice->output },
		{ 'e', "event",	    .arg = true, .value = &choice->event },
		{ 'g', NULL,	    .value = &choice->g },
		{ 0, "call-graph",  .arg = true, .value = &choice->graph },
		/* perf record parses it, too; what to take of the guests depends on it */
		{ 0, "guest-unwind", .arg = true, .add = guest_unwind__add },
		{ }
	};

	choice->chosen = calloc(choice->guests.nr ?: 1, sizeof(*choice->chosen));
	if (!choice->chosen)
		return -ENOMEM;
	return guest_args__parse(args, argc, argv, ours, theirs);
}

bool guest_record__has_cycles(void)
{
	struct perf_event_attr attr = {
		.type		= PERF_TYPE_HARDWARE,
		.config		= PERF_COUNT_HW_CPU_CYCLES,
		.size		= sizeof(attr),
		.sample_period	= 1000000000,
		.disabled	= 1,
		.exclude_host	= 1,
	};
	int fd = sys_perf_event_open(&attr, 0, -1, -1, perf_event_open_cloexec_flag());

	if (fd < 0)
		return errno == EACCES || errno == EPERM;
	close(fd);
	return true;
}

static const char *choose_event(void)
{
	if (guest_record__has_cycles())
		return "cycles";
	pr_info("No cycle counter here that can sample guests: using cpu-clock.\n");
	return "cpu-clock";
}

static char *list_pids(const struct choice *choice)
{
	char *list = calloc(choice->guests.nr ?: 1, 16);
	int i, n = 0;

	for (i = 0; list && i < choice->guests.nr; i++) {
		if (choice->chosen[i])
			n += sprintf(list + n, "%s%d", n ? "," : "", choice->guests.guest[i].pid);
	}
	return list;
}

static int add_args(struct guest_record *rec, const struct choice *choice, bool output)
{
	struct guest_args *args = &rec->args;
	int err = 0;

	if (output)
		err = guest_args__add(args, "-o") ?: guest_args__add(args, rec->output);
	if (!err && choice->exits)
		err = guest_args__add(args, "-ekvm:kvm_exit,kvm:kvm_entry") ?:
		      guest_args__add(args, "-c1");
	else if (!err && !choice->event)
		err = guest_args__add(args, "-e") ?: guest_args__add(args, choose_event());
	if (!err && !choice->graph && !choice->g)
		err = guest_args__add(args, "-g");
	if (err || !choice->nr_chosen)
		return err ?: guest_args__add(args, "-a");
	rec->pids = list_pids(choice);
	if (!rec->pids)
		return -ENOMEM;
	return guest_args__add(args, "-p") ?: guest_args__add(args, rec->pids);
}

/* What will be missing in the recording, and what to do about it. */
static void warn_guest(const struct guest *guest)
{
	if (*guest->protection)
		pr_warning("%s: protected by %s: its stacks cannot be read\n", guest->name,
			   guest->protection);
	if (!*guest->mount)
		pr_warning("%s: no guest mount, so no symbols: perf kvm-callchain mount %d root@GUEST\n",
			   guest->name, guest->pid);
	else if (guest->facts.kallsyms == GUEST_KALLSYMS_NONE)
		pr_warning("%s: no /proc/kallsyms in %s, so no symbols\n", guest->name,
			   guest->mount);
	else if (guest->facts.kallsyms == GUEST_KALLSYMS_HIDDEN)
		pr_warning("%s: its /proc/kallsyms hides addresses, so no symbols: mount it as root, or kernel.kptr_restrict=0 there\n",
			   guest->name);
}

/* perf record's options are not parsed yet; what is in the configuration is. */
static unsigned int what_to_take(const struct choice *choice)
{
	bool dwarf = guest_unwind__wants_user_stack();

	if (choice->event && strstr(choice->event, "call-graph=dwarf"))
		dwarf = true;
	else if (choice->graph && *choice->graph)
		dwarf = strstarts(choice->graph, "dwarf") ||
			guest_unwind_by == GUEST_UNWIND_BY_DWARF;
	return GUEST_SNAPSHOT_KERNEL | GUEST_SNAPSHOT_PROCESSES |
	       (dwarf || choice->files ? GUEST_SNAPSHOT_FILES : 0);
}

static int take_guest(const struct guest *guest, const char *dir, unsigned int what)
{
	struct guest_snapshot snapshot;
	int err;

	warn_guest(guest);
	err = guest_snapshot__take(guest, dir, what, &snapshot);
	if (err) {
		pr_warning("%s: symbols were not all copied to %s: %s\n", guest->name, dir,
			   strerror(-err));
		/* without them there still are addresses */
		return err == -ETIMEDOUT || *guest->mount ? 0 : err;
	}
	if (guest->facts.unwind == GUEST_UNWIND_ORC && !snapshot.kernel)
		pr_warning("%s: no frame pointers, and no file of kernel %s in its /boot for ORC tables: callers in it will be guesses\n",
			   guest->name, guest->facts.release);
	if (snapshot.symbols)
		pr_info("%s: %" PRIu64 " symbols, %u modules, %u with their files\n", guest->name,
			snapshot.symbols, snapshot.modules, snapshot.module_files);
	if (snapshot.processes)
		pr_info("%s: %u processes, %u files of theirs\n", guest->name,
			snapshot.processes, snapshot.user_files);
	else if (*guest->mount)
		pr_warning("%s: no maps of its processes in %s, so no names in its user space%s: mount it as root\n",
			   guest->name, guest->mount, what & GUEST_SNAPSHOT_FILES ?
			   ", whose stacks are by frame pointers only" : "");
	return 0;
}

static void keep_old(const char *output, const char *dir)
{
	char old[PATH_MAX + 16];

	snprintf(old, sizeof(old), "%s.old.guests", output);
	if (access(dir, F_OK))
		return;
	rm_rf(old);
	if (rename(dir, old) < 0)
		pr_warning("%s: %s\n", dir, strerror(errno));
}

/* perf takes the file of a module for one only if its path is absolute. */
static int set_dir(struct guest_record *rec)
{
	char path[PATH_MAX] = "";
	size_t n = 0;

	if (*rec->output != '/') {
		if (!getcwd(path, sizeof(path)))
			return -errno;
		n = strlen(path);
	}
	if (snprintf(path + n, sizeof(path) - n, "%s%s", n ? "/" : "", rec->output) >=
	    (int)(sizeof(path) - n))
		return -ENAMETOOLONG;
	guest_snapshot__dir(rec->dir, sizeof(rec->dir), path);
	return 0;
}

static int take_guests(struct guest_record *rec, struct choice *choice)
{
	unsigned int what = what_to_take(choice);
	int i, err = 0;

	rec->guest = calloc(choice->guests.nr ?: 1, sizeof(*rec->guest));
	if (!rec->guest)
		return -ENOMEM;
	guests__look(&choice->guests, choice->mount ?: guest_mount__dir());
	for (i = 0; !err && i < choice->guests.nr; i++) {
		if (!is_chosen(choice, i))
			continue;
		err = take_guest(&choice->guests.guest[i], rec->dir, what);
		if (err)
			break;
		rec->guest[rec->guests] = choice->guests.guest[i];
		/* they are not ours, and not needed */
		rec->guest[rec->guests].vcpus = NULL;
		rec->guest[rec->guests++].nr_vcpus = 0;
	}
	return err;
}

int guest_record__prepare(struct guest_record *rec, const char *command, int argc,
			  const char **argv, const struct option *theirs)
{
	bool output = !*rec->dir;
	struct guest_args given = {};
	struct choice choice = {};
	int i, err;

	err = guests__scan(&choice.guests, "/proc");
	if (err)
		return err;
	err = parse(&choice, &given, argc, argv, theirs);
	if (err)
		goto out;
	err = -EINVAL;
	if (choice.output && !strcmp(choice.output, "-")) {
		pr_err("The guests' symbols are taken along in a directory beside a file: -o needs one\n");
		goto out;
	}
	if (!choice.guests.nr)
		pr_warning("No KVM guest runs here, or none that you may see: recording all the same.\n");

	rec->host = choice.host || choice.exits;
	strlcpy(rec->output, choice.output ?: "perf.data", sizeof(rec->output));
	if (output) {
		err = set_dir(rec);
		if (err)
			goto out;
		keep_old(rec->output, rec->dir);
	}

	err = guest_args__add(&rec->args, command) ?: add_args(rec, &choice, output);
	for (i = 0; !err && i < given.argc; i++)
		err = guest_args__add(&rec->args, given.argv[i]);
	if (!err)
		err = take_guests(rec, &choice);
out:
	if (err == -ENOMEM || err == -ENAMETOOLONG)
		pr_err("%s\n", strerror(-err));
	guest_args__exit(&given);
	free(choice.chosen);
	guests__exit(&choice.guests);
	return err;
}

void guest_record__exit(struct guest_record *rec)
{
	guest_args__exit(&rec->args);
	zfree(&rec->guest);
	zfree(&rec->pids);
}
