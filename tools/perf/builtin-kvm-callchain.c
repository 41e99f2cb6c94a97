// SPDX-License-Identifier: GPL-2.0
/*
 * perf kvm-callchain: options, and which part of util/guest/ they go to.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include <linux/string.h>
#include <subcmd/pager.h>
#include <subcmd/parse-options.h>
#include "builtin.h"
#include "perf.h"
#include "util/debug.h"
#include "util/guest/callchain/module-event.h"
#include "util/guest/cmd/doctor.h"
#include "util/guest/cmd/exits.h"
#include "util/guest/export/export.h"
#ifdef HAVE_LIBMICROHTTPD_SUPPORT
#include "util/guest/serve/serve.h"
#endif
#include "util/guest/snapshot/choose.h"
#include "util/guest/vm/print.h"
#include "util/guest/vm/vm.h"
#include "util/guest/vm/mount.h"
#include "util/guest/vm/names.h"
#include "util/guest/vm/mount-owner.h"
#include "util/guest/cmd/record.h"
#include "util/guest/unwind/select.h"
#include "util/symbol_conf.h"
#include "util/util.h"

static int find_guests(struct guests *guests)
{
	int err = guests__scan(guests, "/proc");

	if (err)
		pr_err("/proc: %s\n", strerror(-err));
	return err;
}

static int cmd_guest_list(int argc, const char **argv)
{
	const char *dir = guest_mount__dir();
	bool json = false;
	const struct option options[] = {
		OPT_BOOLEAN(0, "json", &json, "print JSON, for scripts"),
		OPT_STRING(0, "guestmount", &dir, "directory", "where the guest mounts are"),
		OPT_INCR('v', "verbose", &verbose, "be more verbose"),
		OPT_END()
	};
	const char * const usage[] = { "perf kvm-callchain list [<options>]", NULL };
	struct guest_mounts mounts;
	struct guests guests;

	argc = parse_options(argc, argv, options, usage, 0);
	if (argc)
		usage_with_options(usage, options);

	if (find_guests(&guests))
		return 1;
	guests__look(&guests, dir);
	if (json)
		guests__fprintf_json(&guests, stdout);
	else if (guests.nr)
		guests__fprintf(&guests, stdout);
	else
		printf("No KVM guest runs here, or none that you may see.\n");
	if (!json && !guest_mounts__scan(&mounts, dir, &guests)) {
		guest_mounts__fprintf_stale(&mounts, stdout);
		guest_mounts__exit(&mounts);
	}
	guests__exit(&guests);
	return 0;
}

static int cmd_guest_mount(int argc, const char **argv)
{
	const char *dir = guest_mount__dir();
	const struct option options[] = {
		OPT_STRING(0, "guestmount", &dir, "directory", "where the guest mounts are"),
		OPT_END()
	};
	const char * const usage[] = {
		"perf kvm-callchain mount [<options>] <pid>|<name> [<user>@]<host>[:<port>]",
		"perf kvm-callchain mount [<options>] <pid>|<name> <directory>",
		NULL
	};
	struct guests guests;
	struct guest *guest;
	int err = -ENOENT;

	argc = parse_options(argc, argv, options, usage, 0);
	if (argc != 2)
		usage_with_options(usage, options);

	if (find_guests(&guests))
		return 1;
	guest = guests__find(&guests, argv[0]);
	if (guest)
		err = guest_mount__add(guest, dir, argv[1]);
	guests__exit(&guests);
	return err ? 1 : 0;
}

/* Return: 0, or the last error. @who: NULL for all, or all that are stale */
static int remove_mounts(const struct guest_mounts *mounts, const char *who, bool stale,
			 const char *dir)
{
	const struct guest_mount *mount;
	int i, err = 0;

	if (who) {
		mount = guest_mounts__find(mounts, who);
		return mount ? guest_mount__remove(mount->pid, dir) : -ENOENT;
	}
	for (i = 0; i < mounts->nr; i++) {
		if (!stale || mounts->mount[i].stale)
			err = guest_mount__remove(mounts->mount[i].pid, dir) ?: err;
	}
	return err;
}

static int cmd_guest_umount(int argc, const char **argv)
{
	const char *dir = guest_mount__dir();
	bool all = false, stale = false;
	const struct option options[] = {
		OPT_STRING(0, "guestmount", &dir, "directory", "where the guest mounts are"),
		OPT_BOOLEAN(0, "all", &all, "all guest mounts"),
		OPT_BOOLEAN(0, "stale", &stale, "those of guests that have ended"),
		OPT_END()
	};
	const char * const usage[] = {
		"perf kvm-callchain umount [<options>] {<pid>|<name>|--all|--stale}", NULL
	};
	struct guest_mounts mounts;
	struct guests guests;
	int err;

	argc = parse_options(argc, argv, options, usage, 0);
	if (argc + all + stale != 1)
		usage_with_options(usage, options);

	if (find_guests(&guests))
		return 1;
	err = guest_mounts__scan(&mounts, dir, &guests);
	if (err)
		pr_err("%s: %s\n", dir, strerror(-err));
	else
		err = remove_mounts(&mounts, argc ? argv[0] : NULL, stale, dir);
	guest_mounts__exit(&mounts);
	guests__exit(&guests);
	return err ? 1 : 0;
}

/*
 * The session finds the symbols beside perf.data; all there is to say is that this
 * is about guests. What is not ours is left to the command: -h, too.
 */
static int hand_over(int (*cmd)(int argc, const char **argv), int argc, const char **argv)
{
	bool host = false;
	const struct option options[] = {
		OPT_BOOLEAN(0, "host", &host, "the host as well"),
		OPT_CALLBACK(0, "guest", &guest_choice, "name", GUEST_CHOICE_HELP,
			     guest_names__parse),
		GUEST_UNWIND_OPTION,
		OPT_STRING(0, "guestvmlinux", &symbol_conf.default_guest_vmlinux_name, "file",
			   "vmlinux of a guest's kernel"),
		OPT_BOOLEAN(0, "tracepoint", &host_module_shown,
			    "the module's tracepoint as an event of its own as well"),
		OPT_END()
	};
	const char * const usage[] = { "perf kvm-callchain <command> [<options>]", NULL };

	if (argc > 1 && !strcmp(argv[1], "--list-opts"))
		printf("--host --guest --guest-unwind --guestvmlinux --tracepoint ");
	else
		argc = parse_options(argc, argv, options, usage, PARSE_OPT_KEEP_ARGV0 |
				     PARSE_OPT_KEEP_UNKNOWN | PARSE_OPT_KEEP_DASHDASH |
				     PARSE_OPT_NO_INTERNAL_HELP);
	perf_guest = true;
	perf_host = host;
	return cmd(argc, argv);
}

static int cmd_guest_report(int argc, const char **argv)
{
	return hand_over(cmd_report, argc, argv);
}

static int cmd_guest_script(int argc, const char **argv)
{
	return hand_over(cmd_script, argc, argv);
}

static int cmd_guest_annotate(int argc, const char **argv)
{
	return hand_over(cmd_annotate, argc, argv);
}

/* perf diff --guest has default names that no recording of ours has. */
static int cmd_guest_diff(int argc, const char **argv)
{
	const char *defaults[4] = { "diff", "perf.data.old", "perf.data", NULL };

	if (argc == 1)
		return hand_over(cmd_diff, 3, defaults);
	return hand_over(cmd_diff, argc, argv);
}

static int cmd_guest_doctor(int argc, const char **argv)
{
	const char *dir = guest_mount__dir();
	const struct option options[] = {
		OPT_STRING(0, "guestmount", &dir, "directory", "where the guest mounts are"),
		OPT_END()
	};
	const char * const usage[] = { "perf kvm-callchain doctor [<options>]", NULL };
	struct guest_doctor doctor;
	struct guests guests;
	bool well;

	argc = parse_options(argc, argv, options, usage, 0);
	if (argc)
		usage_with_options(usage, options);

	if (find_guests(&guests))
		return 1;
	guests__look(&guests, dir);
	guest_doctor__look(&doctor);
	well = guest_doctor__print(&doctor, &guests, stdout);
	guests__exit(&guests);
	return well ? 0 : 1;
}

static int run_export(int argc, const char **argv, struct guest_export *export)
{
	bool host = false, picture = export->format;
	const struct option options[] = {
		OPT_STRING(0, "format", &export->format, "format", GUEST_EXPORT_FORMATS),
		OPT_STRING('i', "input", &export->input, "file", "input file name"),
		OPT_STRING(0, "diff", &export->diff, "file",
			   "compare with an older recording (html)"),
		OPT_STRING('o', "output", &export->output, "file",
			   "output file name, - for stdout"),
		OPT_BOOLEAN('f', "force", &export->force, "don't complain, do it"),
		OPT_BOOLEAN(0, "host", &host, "samples of the host as well"),
		OPT_CALLBACK(0, "guest", &guest_choice, "name", GUEST_CHOICE_HELP,
			     guest_names__parse),
		GUEST_UNWIND_OPTION,
		OPT_STRING(0, "guestvmlinux", &symbol_conf.default_guest_vmlinux_name, "file",
			   "vmlinux of a guest's kernel"),
		OPT_STRING(0, "guestmount", &symbol_conf.guestmount, "directory",
			   "with a directory for each guest's files, by its VMM's pid"),
		OPT_STRING(0, "kallsyms", &symbol_conf.kallsyms_name, "file",
			   "kallsyms of the host"),
		OPT_INCR('v', "verbose", &verbose, "be more verbose"),
		OPT_END()
	};
	const char * const usage[] = {
		picture ? "perf kvm-callchain flamegraph [<options>] [<old file> <new file>]" :
			  "perf kvm-callchain export --format <format> [<options>]",
		NULL
	};
	/* of the picture, the format is not to be chosen */
	const struct option *shown = options + picture;

	argc = parse_options(argc, argv, shown, usage, 0);
	if (picture && argc == 2 && !export->diff && !export->input) {
		/* in perf diff's order */
		export->diff = argv[0];
		export->input = argv[1];
		argc = 0;
	}
	if (argc || !export->format)
		usage_with_options(usage, shown);

	perf_guest = true;
	perf_host = host;
	return guest_export__run(export) ? 1 : 0;
}

static int cmd_guest_export(int argc, const char **argv)
{
	struct guest_export export = { .output = "-" };

	return run_export(argc, argv, &export);
}

static int cmd_guest_flamegraph(int argc, const char **argv)
{
	struct guest_export export = { .format = "html", .output = "guest.html" };

	if (run_export(argc, argv, &export))
		return 1;
	if (strcmp(export.output, "-"))
		printf("%s: open it with any browser\n", export.output);
	return 0;
}

#ifdef HAVE_LIBMICROHTTPD_SUPPORT
static int cmd_guest_serve(int argc, const char **argv)
{
	struct guest_serve serve = {
		.directory = GUEST_SERVE_DIRECTORY, .quota = GUEST_SERVE_QUOTA,
	};
	const struct option options[] = {
		OPT_STRING(0, "listen", &serve.listen, "address:port",
			   "where to listen (127.0.0.1:8707)"),
		OPT_STRING(0, "directory", &serve.directory, "directory",
			   "where recordings are kept (" GUEST_SERVE_DIRECTORY ")"),
		OPT_UINTEGER(0, "quota", &serve.quota,
			     "MiB for all recordings: the oldest are removed (4096)"),
		OPT_INCR('v', "verbose", &verbose, "be more verbose"),
		OPT_END()
	};
	const char * const usage[] = { "perf kvm-callchain serve [<options>]", NULL };

	argc = parse_options(argc, argv, options, usage, 0);
	if (argc || !serve.quota)
		usage_with_options(usage, options);
	return guest_serve__run(&serve) ? 1 : 0;
}
#endif

#if defined(HAVE_KVM_STAT_SUPPORT) && defined(HAVE_LIBTRACEEVENT)
static int cmd_guest_exits(int argc, const char **argv)
{
	unsigned int depth = 8, limit = 50;
	const struct option options[] = {
		OPT_STRING('i', "input", &input_name, "file", "input file name"),
		OPT_CALLBACK(0, "guest", &guest_choice, "name", GUEST_CHOICE_HELP,
			     guest_names__parse),
		OPT_UINTEGER(0, "depth", &depth, "frames of a path, from the innermost"),
		OPT_UINTEGER(0, "limit", &limit, "lines"),
		OPT_INCR('v', "verbose", &verbose, "be more verbose"),
		OPT_END()
	};
	const char * const usage[] = { "perf kvm-callchain exits [<options>]", NULL };

	argc = parse_options(argc, argv, options, usage, 0);
	if (argc || !depth || depth > PERF_MAX_STACK_DEPTH || limit > INT_MAX)
		usage_with_options(usage, options);

	perf_guest = true;
	setup_pager();
	return guest_exits__report(input_name ?: "perf.data", depth, limit, stdout) ? 1 : 0;
}
#endif

static const struct {
	const char *name;
	int	   (*fn)(int argc, const char **argv);
	const char *help;
} subcommands[] = {
	{ "list",	cmd_guest_list,		"the guests that run here" },
	{ "mount",	cmd_guest_mount,	"make a guest's files visible, for its symbols" },
	{ "umount",	cmd_guest_umount,	"undo mount" },
	{ "record",	guest_record__main,	"record guests, call stacks and symbols" },
	{ "report",	cmd_guest_report,	"perf report of the guests" },
	{ "script",	cmd_guest_script,	"perf script of the guests" },
	{ "annotate",	cmd_guest_annotate,	"perf annotate of the guests' code" },
	{ "diff",	cmd_guest_diff,		"perf diff of the guests in two recordings" },
	{ "top",	guest_record__top,	"perf top of the guests" },
	{ "doctor",	cmd_guest_doctor,	"what is missing on this host, and the remedy" },
	{ "export",	cmd_guest_export,	"write a recording as another tool's file" },
	{ "flamegraph",	cmd_guest_flamegraph,	"draw a recording, as a page for any browser" },
#ifdef HAVE_LIBMICROHTTPD_SUPPORT
	{ "serve",	cmd_guest_serve,	"record, draw and compare in a browser" },
#endif
#if defined(HAVE_KVM_STAT_SUPPORT) && defined(HAVE_LIBTRACEEVENT)
	{ "exits",	cmd_guest_exits,	"which paths in the guest cause which exits" },
#endif
};

/* A line for each subcommand. */
static void describe_subcommands(char *lines, size_t size)
{
	size_t i, len = 0;

	for (i = 0; i < ARRAY_SIZE(subcommands); i++)
		len += scnprintf(lines + len, size - len, "%s    %-12s%s", i ? "\n" : "",
				 subcommands[i].name, subcommands[i].help);
}

int cmd_kvm_callchain(int argc, const char **argv)
{
	const char *names[ARRAY_SIZE(subcommands) + 1] = { NULL };
	const char *usage[2] = { NULL }, *version[] = { "version", NULL };
	bool show_version = false;
	char lines[ARRAY_SIZE(subcommands) * 80];
	const struct option options[] = {
		OPT_BOOLEAN(0, "version", &show_version, "print the version of perf"),
		OPT_GROUP(lines),
		OPT_END()
	};
	size_t i;

	describe_subcommands(lines, sizeof(lines));
	for (i = 0; i < ARRAY_SIZE(subcommands); i++)
		names[i] = subcommands[i].name;

	argc = parse_options_subcommand(argc, argv, options, names, usage,
					PARSE_OPT_STOP_AT_NON_OPTION);
	if (show_version)
		return cmd_version(1, version);
	for (i = 0; argc && i < ARRAY_SIZE(subcommands); i++) {
		if (!strcmp(argv[0], subcommands[i].name))
			return subcommands[i].fn(argc, argv);
	}
	if (argc)
		pr_err("perf kvm-callchain has no '%s'\n", argv[0]);
	usage_with_options(usage, options);
	return 1;
}
