// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <linux/types.h>
#include "guest/export/read.h"
#include "guest/export/speedscope.h"
#include "guest/export/stacks.h"
#include "guest/export/text.h"

static void write_frames(const struct stacks *stacks, FILE *fp)
{
	u32 i;

	for (i = 0; i < stacks->nr_frames; i++) {
		const struct stack_frame *frame = &stacks->frames[i];

		fprintf(fp, "%s\n{\"name\": ", i ? "," : "");
		export_text__json(fp, frame->name);
		/* speedscope colours frames by their file */
		fputs(", \"file\": ", fp);
		export_text__json(fp, *frame->dso ? frame->dso : stack_kinds[frame->kind].name);
		putc('}', fp);
	}
}

static void write_stack(const struct stacks *stacks, u32 node, u32 *path, FILE *fp)
{
	u32 i, nr = stacks__path(stacks, node, path);

	for (i = 0; i < nr; i++)
		fprintf(fp, "%s%u", i ? "," : "[", path[i]);
	putc(']', fp);
}

static void write_profile(const struct stacks *stacks, u32 event, u32 *path, FILE *fp)
{
	const char *comma = "";
	u64 samples = 0;
	u32 i;

	fputs("{\"type\": \"sampled\", \"name\": ", fp);
	export_text__json(fp, stacks->events[event]);
	fputs(", \"unit\": \"none\", \"samples\": [", fp);
	for (i = 0; i < stacks->nr_counts; i++) {
		if (stacks->counts[i].event != event)
			continue;
		fprintf(fp, "%s\n", comma);
		write_stack(stacks, stacks->counts[i].node, path, fp);
		comma = ",";
	}
	fputs("], \"weights\": [", fp);
	for (i = 0, comma = ""; i < stacks->nr_counts; i++) {
		if (stacks->counts[i].event != event)
			continue;
		fprintf(fp, "%s%" PRIu64, comma, stacks->counts[i].samples);
		samples += stacks->counts[i].samples;
		comma = ",";
	}
	fprintf(fp, "], \"startValue\": 0, \"endValue\": %" PRIu64 "}", samples);
}

int export_speedscope(const struct recording *recording, FILE *fp)
{
	const struct stacks *stacks = recording->stacks;
	u32 i, *path = calloc(STACK_DEPTH_MAX, sizeof(*path));

	if (!path)
		return -ENOMEM;
	fputs("{\"$schema\": \"https://www.speedscope.app/file-format-schema.json\",\n"
	      "\"exporter\": \"perf kvm-callchain\", \"activeProfileIndex\": 0,\n"
	      "\"shared\": {\"frames\": [", fp);
	write_frames(stacks, fp);
	fputs("]},\n\"profiles\": [", fp);
	for (i = 0; i < stacks->nr_events; i++) {
		if (i)
			putc(',', fp);
		write_profile(stacks, i, path, fp);
	}
	fputs("]}\n", fp);
	free(path);
	return 0;
}
