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
#include <subcmd/parse-options.h>
#include <sys/stat.h>
#include "builtin.h"
#include "callchain.h"
#include "perf.h"
#include "callchain.h"
#include "cloexec.h"
#include "data.h"
#include "debug.h"
#include "event.h"
#include "evlist.h"
#include "evsel.h"
#include "evsel_config.h"
#include "guest/callchain/attr.h"
#include "guest/callchain/file.h"
#include "guest/callchain/module-attr.h"
#include "guest/vm/vm.h"
#include "guest/vm/mount.h"
#include "guest/cmd/progress.h"
#include "guest/cmd/record-end.h"
#include "guest/cmd/record.h"
#include "guest/cmd/summary.h"
#include "guest/snapshot/attach.h"
#include "guest/snapshot/cache.h"
#include "guest/snapshot/lookup.h"
#include "guest/snapshot/take.h"
#include "guest/unwind/select.h"
#include "parse-events.h"
#include "perf-sys.h"
#include "util/record.h"
#include "util.h"

static struct guest_record record;

/* It while perf record or perf top runs for us, else NULL. */
static struct guest_record *current;

/* They come first, as --guest would else be short for others that perf record has. */
static struct option options[] = {
	OPT_CALLBACK('p', "pid", &record.wanted, "pid", "guests by the pids of their VMMs",
		     guest_names__parse),
	OPT_CALLBACK(0, "guest", &record.wanted, "name", "a guest by its name", guest_names__parse),
	OPT_BOOLEAN(0, "host", &record.host, "record the host as well"),
	OPT_BOOLEAN(0, "guest-files", &record.files,
		    "take along the programs and libraries of the guests' processes"),
	OPT_STRING(0, "guestmount", &record.mount, "directory", "where the guest mounts are"),
	OPT_BOOLEAN(0, "exits", &record.exits, "record exits of guests instead"),
	OPT_BOOLEAN(0, "no-guest-memory", &record.no_memory,
		    "do not look for the kernel's symbols in a guest's memory"),
	OPT_BOOLEAN(0, "no-guest-cache", &record.no_cache,
		    "do not use, nor keep, what was read of a guest's kernel"),
	OPT_END()
};

static const struct option asks[] = {
	OPT_BOOLEAN(0, "guest-callchain", &guest_callchain_wanted,
		    "record callchains of KVM guests (default)"),
	GUEST_UNWIND_OPTION,
	OPT_END()
};

static size_t nr_options(const struct option *option)
{
	size_t nr = 0;

	while (option[nr].type != OPTION_END)
		nr++;
	return nr;
}

const struct option *guest_record__options(const struct option *theirs)
{
	size_t nr = nr_options(asks), nr_theirs = nr_options(theirs);
	static struct option *all;

	guest_callchain_wanted = true;
	free(all);
	/* no parent: --list-opts does not look at those */
	all = calloc(nr + nr_theirs + 1, sizeof(*all));
	if (!all)
		return theirs;
	memcpy(all, asks, nr * sizeof(*all));
	memcpy(all + nr, theirs, nr_theirs * sizeof(*all));
	all[nr + nr_theirs] = (struct option)OPT_END();
	if (!current)
		return all;
	/* here it is one: what is short for an option of ours is not for others as well */
	options[ARRAY_SIZE(options) - 1] = (struct option)OPT_PARENT(all);
	return options;
}

static int choose(struct guest_record *rec, const char *who)
{
	struct guest *guest = guests__find(&rec->found, who);

	if (!guest)
		return -ENOENT;
	rec->chosen[guest - rec->found.guest] = true;
	return 0;
}

static int choose_list(struct guest_record *rec, const char *wanted)
{
	char *list = strdup(wanted), *next = list, *who;
	int err = list ? 0 : -ENOMEM;

	while (!err && (who = strsep(&next, ",")))
		err = choose(rec, who);
	free(list);
	return err;
}

static char *list_pids(const struct guest_record *rec)
{
	char *list = calloc(rec->found.nr ?: 1, 16);
	int i, n = 0;

	for (i = 0; list && i < rec->found.nr; i++) {
		if (rec->chosen[i])
			n += sprintf(list + n, "%s%d", n ? "," : "", rec->found.guest[i].pid);
	}
	return list;
}

static int choose_guests(struct guest_record *rec, struct target *target)
{
	int i, err = guests__scan(&rec->found, "/proc");

	if (err) {
		pr_err("/proc: %s\n", strerror(-err));
		return err;
	}
	rec->chosen = calloc(rec->found.nr ?: 1, sizeof(*rec->chosen));
	if (!rec->chosen)
		return -ENOMEM;
	for (i = 0; !err && i < rec->wanted.nr; i++)
		err = choose_list(rec, rec->wanted.name[i]);
	if (err)
		return err;
	if (rec->wanted.nr) {
		rec->pids = list_pids(rec);
		target->pid = rec->pids;
		target->system_wide = false;
		return rec->pids ? 0 : -ENOMEM;
	}
	if (!rec->found.nr)
		pr_warning("No KVM guest runs here, or none that you may see: recording all the same.\n");
	memset(rec->chosen, true, rec->found.nr);
	if (target__none(target))
		target->system_wide = true;
	return 0;
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

static const char *default_event(void)
{
	if (guest_record__has_cycles())
		return "cycles";
	pr_info("No cycle counter here that can sample guests: using cpu-clock.\n");
	return "cpu-clock";
}

static int choose_events(struct guest_record *rec, struct record_opts *opts,
			 struct evlist *evlist)
{
	struct evsel *evsel;

	if (rec->exits) {
		perf_host = true;
		if (opts->user_interval == ULLONG_MAX)
			opts->user_interval = 1;
		return parse_event(evlist, "kvm:kvm_exit,kvm:kvm_entry");
	}
	perf_host = rec->host;
	/* those that came before --host, and do not say themselves what they sample */
	evlist__for_each_entry(evlist, evsel) {
		if (rec->host && !evsel->exclude_GH)
			evsel->core.attr.exclude_host = 0;
	}
	return evlist->core.nr_entries ? 0 : parse_event(evlist, default_event());
}

static int choose_output(struct guest_record *rec, struct perf_data *data)
{
	if (data->path && !strcmp(data->path, "-")) {
		pr_err("The guests' symbols are taken along in a directory beside a file: -o needs one\n");
		return -EINVAL;
	}
	/* without a name, perf would take a standard output that is a pipe */
	data->path = data->path ?: "perf.data";
	if (strlcpy(rec->output, data->path, sizeof(rec->output)) < sizeof(rec->output))
		return 0;
	pr_err("%s: %s\n", data->path, strerror(ENAMETOOLONG));
	return -ENAMETOOLONG;
}

/* What will be missing in the recording, and what to do about it. */
static void warn_guest(const struct guest *guest)
{
	if (*guest->protection)
		pr_warning("%s: protected by %s: its stacks cannot be read\n", guest->name,
			   guest->protection);
	if (!*guest->mount)
		return;
	if (guest->facts.kallsyms == GUEST_KALLSYMS_NONE)
		pr_warning("%s: no /proc/kallsyms in %s, so no symbols\n", guest->name,
			   guest->mount);
	else if (guest->facts.kallsyms == GUEST_KALLSYMS_HIDDEN)
		pr_warning("%s: its /proc/kallsyms hides addresses, so no symbols: mount it as root, or kernel.kptr_restrict=0 there\n",
			   guest->name);
}

/* Without a mount, what there is comes out of its memory. */
static void warn_memory(const struct guest *guest, const struct guest_snapshot *snapshot)
{
	if (*guest->mount || !snapshot->memory_err)
		return;
	if (snapshot->memory_err == -ECANCELED)
		pr_warning("%s: no guest mount, so no symbols: perf kvm-callchain mount %d root@GUEST\n",
			   guest->name, guest->pid);
	else
		pr_warning("%s: no symbols, as there is no guest mount (perf kvm-callchain mount %d root@GUEST), and of its memory: %s\n",
			   guest->name, guest->pid, guest_memory__why(snapshot->memory_err));
}

static bool has_dwarf_callchains(struct evlist *evlist)
{
	struct evsel_config_term *term;
	struct evsel *evsel;

	if (guest_unwind__wants_user_stack())
		return true;
	evlist__for_each_entry(evlist, evsel) {
		term = evsel__get_config_term(evsel, CALLGRAPH);
		if (term && strstarts(term->val.str, "dwarf"))
			return true;
	}
	return false;
}

static const char *no_modules(int err)
{
	if (!err)
		return "";
	return err == -ENODATA ? " (no BTF to find them by)" : " (their list could not be read)";
}

static void report_taken(const struct guest *guest, const struct guest_snapshot *snapshot,
			 unsigned int what)
{
	if (guest->facts.unwind == GUEST_UNWIND_ORC && !snapshot->kernel)
		pr_warning("%s: no frame pointers, and no file of kernel %s in its /boot for ORC tables: callers in it will be guesses\n",
			   guest->name, guest->facts.release);
	if (!snapshot->memory_err) {
		pr_info("%s: kernel %s, %" PRIu64 " symbols, ", guest->name,
			guest->facts.release, snapshot->symbols);
		pr_info("%u modules%s, %u with tables, out of its memory\n", snapshot->modules,
			no_modules(snapshot->modules_err), snapshot->module_files);
	} else if (snapshot->symbols) {
		pr_info("%s: %" PRIu64 " symbols, %u modules, %u with their files%s\n", guest->name,
			snapshot->symbols, snapshot->modules, snapshot->module_files,
			snapshot->cached ? ", kept since an earlier recording" : "");
	}
	if (snapshot->left_out)
		pr_warning("%s: %u of its files were left out: of a guest no more is taken than %llu MiB, or half of the free space\n",
			   guest->name, snapshot->left_out, GUEST_SNAPSHOT_MAX >> 20);
	if (snapshot->processes)
		pr_info("%s: %u processes, %u files of theirs\n", guest->name,
			snapshot->processes, snapshot->user_files);
	else if (*guest->mount)
		pr_warning("%s: no maps of its processes in %s, so no names in its user space%s: mount it as root\n",
			   guest->name, guest->mount, what & GUEST_SNAPSHOT_FILES ?
			   ", whose stacks are by frame pointers only" : "");
}

static int take_guest(struct guest *guest, int dir, unsigned int what, const char *cache)
{
	struct guest_snapshot snapshot;
	int err;

	warn_guest(guest);
	err = guest_snapshot__take(guest, dir, what, cache, &snapshot);
	warn_memory(guest, &snapshot);
	if (!snapshot.memory_err)
		guest->facts = snapshot.facts;
	if (!err)
		report_taken(guest, &snapshot, what);
	else if (err == -ENOSPC || err == -EDQUOT || err == -EROFS)
		pr_err("%s: its symbols cannot be taken along: %s\n", guest->name,
		       strerror(-err));
	else
		pr_warning("%s: its symbols were not all taken along: %s\n", guest->name,
			   strerror(-err));
	/* without symbols there still are addresses; without space there is nothing */
	return err == -ENOSPC || err == -EDQUOT || err == -EROFS || !*guest->mount ? err : 0;
}

static int take_guests(struct guest_record *rec, struct evlist *evlist, int dir)
{
	bool files = rec->files || has_dwarf_callchains(evlist);
	unsigned int what = GUEST_SNAPSHOT_KERNEL | GUEST_SNAPSHOT_PROCESSES |
			    (files ? GUEST_SNAPSHOT_FILES : 0) | guest_unwind__takes() |
			    (rec->no_memory ? 0 : GUEST_SNAPSHOT_MEMORY);
	/* a directory that others have no part in is there for root alone */
	const char *cache = rec->no_cache || geteuid() ? NULL : GUEST_CACHE_DIR;
	struct guests guests = { .nr = 0 };
	int i, err = 0;

	rec->guests = calloc(rec->found.nr ?: 1, sizeof(*rec->guests));
	if (!rec->guests)
		return -ENOMEM;
	for (i = 0; i < rec->found.nr; i++) {
		if (rec->chosen[i])
			rec->guests[rec->nr_guests++] = rec->found.guest[i];
	}
	guests.nr = rec->nr_guests;
	guests.guest = rec->guests;
	guests__look(&guests, rec->mount ?: guest_mount__dir());
	for (i = 0; !err && i < guests.nr; i++)
		err = take_guest(&guests.guest[i], dir, what, cache);
	guest_unwind__know(&guests);
	return err;
}

static int take_for_record(struct guest_record *rec, struct evlist *evlist)
{
	int err = guest_output__new(&rec->place, rec->output);

	if (err)
		return err;
	rec->taken = true;
	return take_guests(rec, evlist, rec->place.snapshot);
}

/* Symbols are only of use while it runs. */
static int take_for_top(struct guest_record *rec, struct evlist *evlist)
{
	int err = guest_temp__new(&rec->temp, NULL);

	if (err) {
		pr_err("%s: %s\n", rec->temp.path, strerror(-err));
		return err;
	}
	rec->taken = true;
	err = take_guests(rec, evlist, rec->temp.fd);
	if (!err)
		guest_snapshot__use(rec->nr_guests ? rec->temp.path : NULL);
	return err;
}

/* perf's own default is a precise event, which finds no guest. */
static int choose_default(struct evlist *evlist)
{
	if (!perf_guest || evlist->core.nr_entries)
		return 0;
	return parse_event(evlist, perf_event_paranoid_check(1) ? "cycles" : "cycles:u");
}

static int choose_all(struct guest_record *rec, struct record_opts *opts,
		      struct evlist *evlist, struct perf_data *data)
{
	int err;

	if (!data && rec->exits) {
		pr_err("--exits is for perf kvm-callchain record\n");
		return -EINVAL;
	}
	err = choose_guests(rec, &opts->target) ?: choose_events(rec, opts, evlist);
	if (!err)
		err = data ? choose_output(rec, data) : take_for_top(rec, evlist);
	return err;
}

int guest_record__choose(struct record_opts *opts, struct evlist *evlist,
			 struct perf_data *data)
{
	int err = current ? choose_all(current, opts, evlist, data) : choose_default(evlist);

	if (err || !perf_guest || !guest_callchain_wanted || !callchain_param.enabled)
		return err;
	return host_module__add(evlist);
}

int guest_record__take(struct evlist *evlist)
{
	if (current)
		return take_for_record(current, evlist);
	if (perf_guest)
		guests__warn_lacking();
	return 0;
}

int guest_record__place(struct evlist *evlist)
{
	struct guest_record *rec = current;
	int err;

	if (rec) {
		err = guest_output__place(&rec->place, rec->nr_guests);
		if (err)
			return err;
		guest_snapshot__use(rec->nr_guests ? rec->place.dir : NULL);
		guest_progress__start(rec->place.dir);
	}
	if (guest_callchain_wanted && callchain_param.enabled)
		evlist__prepare_guest_callchain(evlist);
	return 0;
}

void guest_record__opened(struct evlist *evlist)
{
	struct evsel *evsel;

	guest_callchain_file__start(evlist);
	if (!current || !current->nr_guests)
		return;
	evlist__for_each_entry(evlist, evsel)
		guest_snapshot__set_id(&evsel->core.attr, current->place.id);
}

void guest_record__written(struct evlist *evlist, const struct perf_data *data, bool split)
{
	/* perf kvm-callchain counts them in all */
	if (current || !perf_guest || split || data->is_pipe || !evlist__interrupts_guests(evlist))
		return;
	if (!guest_summary__has_guest(data->path))
		guest_summary__explain_none();
}

static int run(int (*cmd)(int argc, const char **argv), int argc, const char **argv)
{
	const struct option *option;
	const char **args;
	int ret;

	if (argc > 1 && !strcmp(argv[1], "--list-opts")) {
		for (option = options; option->type != OPTION_END; option++)
			printf("--%s ", option->long_name);
		return cmd(argc, argv);
	}
	args = calloc(argc + 2, sizeof(*args));
	if (!args)
		return -ENOMEM;
	args[0] = argv[0];
	/* the user's word about callchains comes later, and counts */
	args[1] = "-g";
	memcpy(args + 2, argv + 1, (argc - 1) * sizeof(*args));

	current = &record;
	perf_guest = true;
	perf_host = false;
	ret = cmd(argc + 1, args);
	current = NULL;
	guest_snapshot__use(NULL);
	free(args);
	return ret;
}

static void record__exit(void)
{
	guests__exit(&record.found);
	zfree(&record.wanted.name);
	zfree(&record.chosen);
	zfree(&record.guests);
	zfree(&record.pids);
}

/* An error in the end of a recording does not make it worthless. */
static bool has_samples(const struct guest_record *rec)
{
	struct guest_summary *summary = malloc(sizeof(*summary));
	char path[PATH_MAX];
	int said = verbose;
	struct stat st;
	bool some;

	verbose = -1;
	guest_record__find_output(rec, path, sizeof(path));
	some = summary && !stat(path, &st) && st.st_size &&
	       !guest_summary__read(summary, path) && summary->newest;
	verbose = said;
	free(summary);
	return some;
}

int guest_record__main(int argc, const char **argv)
{
	int ret = run(cmd_record, argc, argv);

	if (record.place.placed) {
		guest_progress__end();
		if (ret >= 0 || has_samples(&record)) {
			guest_record__end(&record);
		} else {
			guest_output__undo(&record.place);
			pr_err("Nothing was recorded: %s is as it was.\n", record.output);
		}
	}
	if (record.taken)
		guest_output__exit(&record.place);
	record__exit();
	return ret < 0 ? -1 : ret;
}

int guest_record__top(int argc, const char **argv)
{
	int ret = run(cmd_top, argc, argv);

	if (record.taken)
		guest_temp__remove(&record.temp);
	record__exit();
	return ret;
}
