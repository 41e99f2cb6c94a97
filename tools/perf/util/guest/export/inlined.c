// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <linux/kernel.h>
#include "builtin.h"
#include "debug.h"
#include "guest/export/export.h"
#include "guest/export/inlined.h"
#include "guest/export/output.h"
#include "util.h"

static int inject(const struct guest_export *export, const char *to)
{
	const char *argv[8] = {
		"inject", "--guest-callchain", "-i", export->input ?: "perf.data", "-o", to,
		export->force ? "-f" : NULL, NULL
	};
	int argc = ARRAY_SIZE(argv) - 1 - !export->force;
	bool guest = perf_guest, host = perf_host;
	int err;

	/* as perf inject has them */
	perf_guest = false;
	perf_host = true;
	err = cmd_inject(argc, argv);
	perf_guest = guest;
	perf_host = host;
	/* it has said why */
	return err ? -ECANCELED : 0;
}

static int refuse(const char *path)
{
	pr_err("%s: a recording is written to a file (-o), or to a pipe\n", path);
	return -EINVAL;
}

static int write_stdout(const struct guest_export *export)
{
	struct stat st;

	if (isatty(STDOUT_FILENO))
		return refuse("standard output");
	/* no perf opens a file that has the form for pipes */
	if (!fstat(STDOUT_FILENO, &st) && S_ISREG(st.st_mode))
		return inject(export, "/proc/self/fd/1");
	return inject(export, "-");
}

int export_inlined(const struct guest_export *export)
{
	struct export_output output;
	char target[PATH_MAX];
	bool is_new = false;
	const char *path;
	struct stat st;
	int err;

	if (!strcmp(export->output, "-"))
		return write_stdout(export);
	/* it is not written through a link, but in place of what that leads to */
	path = realpath(export->output, target) ?: export->output;
	if (stat(path, &st))
		is_new = true;
	else if (!S_ISREG(st.st_mode))
		return refuse(path);
	err = export_output__open(&output, path);
	if (err)
		return err;
	/* as perf record makes them */
	if (is_new && fchmod(fileno(output.fp), 0600))
		err = -errno;
	return export_output__close(&output, err ?: inject(export, output.temp));
}
