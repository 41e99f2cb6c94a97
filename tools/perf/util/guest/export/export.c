// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/time64.h>
#include "debug.h"
#include "guest/export/export.h"
#include "guest/export/firefox.h"
#include "guest/export/flamegraph.h"
#include "guest/export/folded.h"
#include "guest/export/inlined.h"
#include "guest/export/json.h"
#include "guest/export/output.h"
#include "guest/export/pprof.h"
#include "guest/export/read.h"
#include "guest/export/rows.h"
#include "guest/export/speedscope.h"
#include "guest/export/stacks.h"
#include "util.h"

/* @write: NULL for what is not made of stacks; the rest is as in struct recording_input */
static const struct format {
	const char *name;
	int	   (*write)(const struct recording *recording, FILE *fp);
	bool	   addresses;
	u64	   slot;
	u32	   slots;
	bool	   timed;
	bool	   compares;	/* it can show two recordings */
} formats[] = {
	{ .name = "firefox", .write = export_firefox, .slot = 10 * NSEC_PER_MSEC, .slots = 1000 },
	{ .name = "folded", .write = export_folded },
	{ .name = "html", .write = export_flamegraph, .timed = true, .compares = true },
	{ .name = "inlined", .write = NULL },
	{ .name = "json", .write = export_json },
	{ .name = "pprof", .write = export_pprof, .addresses = true },
	{ .name = "rows", .write = export_rows, .slot = 60 * NSEC_PER_SEC },
	{ .name = "speedscope", .write = export_speedscope },
};

static const struct format *find_format(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	}
	pr_err("There is no format '%s': it is one of " GUEST_EXPORT_FORMATS "\n", name);
	return NULL;
}

static int check_samples(const struct recording *recording, const char *input)
{
	if (recording->samples)
		return 0;
	if (recording->left_out)
		pr_err("%s: no sample has interrupted a guest; --host takes the %" PRIu64
		       " of the host\n",
		       input, recording->left_out);
	else
		pr_err("%s: there are no samples\n", input);
	return -ENODATA;
}

int guest_export__run(const struct guest_export *export)
{
	const char *input = export->input ?: "perf.data";
	const struct format *format = find_format(export->format);
	struct recording_input from = {
		.path = export->input, .old = export->diff, .force = export->force,
	};
	struct export_output output;
	struct recording recording;
	int err;

	if (!format)
		return -EINVAL;
	err = export_output__check(export->output, export->input);
	if (err)
		return err;
	if (!format->write)
		return export_inlined(export);
	from.addresses = format->addresses;
	from.slot = format->slot;
	from.slots = format->slots;
	if (export->diff && !format->compares) {
		pr_err("--diff is for html: in '%s' there is nothing to compare\n", format->name);
		return -EINVAL;
	}
	from.timed = format->timed && !export->diff;
	err = recording__read(&recording, &from);
	if (err)
		return err;
	err = check_samples(&recording, input);
	if (!err && recording.old)
		err = check_samples(recording.old, export->diff);
	err = err ?: export_output__open(&output, export->output);
	if (!err)
		err = export_output__close(&output, format->write(&recording, output.fp));
	recording__exit(&recording);
	return err;
}
