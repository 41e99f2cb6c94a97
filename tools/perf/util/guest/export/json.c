// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include "guest/export/json.h"
#include "guest/export/read.h"
#include "guest/export/stacks.h"
#include "guest/export/text.h"

static void write_source(const struct stack_source *source, FILE *fp)
{
	if (*source->guest) {
		fputs(", \"guest\": ", fp);
		export_text__json(fp, source->guest);
	}
	fputs(", \"comm\": ", fp);
	export_text__json(fp, source->comm);
	fprintf(fp, ", \"pid\": %d, \"tid\": %d", source->pid, source->tid);
	if (source->vcpu >= 0)
		fprintf(fp, ", \"vcpu\": %d", source->vcpu);
}

static void write_frame(const struct stack_frame *frame, FILE *fp)
{
	fputs("{\"name\": ", fp);
	export_text__json(fp, frame->name);
	if (*frame->dso) {
		fputs(", \"dso\": ", fp);
		export_text__json(fp, frame->dso);
	}
	fprintf(fp, ", \"kind\": \"%s\"}", stack_kinds[frame->kind].name);
}

static void write_count(const struct stacks *stacks, const struct stack_count *count, u32 *path,
			FILE *fp)
{
	u32 i, nr = stacks__path(stacks, count->node, path);

	fputs("{\"event\": ", fp);
	export_text__json(fp, stacks->events[count->event]);
	write_source(&stacks->sources[count->source], fp);
	fprintf(fp, ", \"samples\": %" PRIu64 ", \"period\": %" PRIu64 ", \"stack\": [",
		count->samples, count->period);
	/* the process is what "comm" says */
	for (i = 1; i < nr; i++) {
		if (i > 1)
			fputs(", ", fp);
		write_frame(&stacks->frames[path[i]], fp);
	}
	fputs("]}\n", fp);
}

int export_json(const struct recording *recording, FILE *fp)
{
	const struct stacks *stacks = recording->stacks;
	u32 i, *path = calloc(STACK_DEPTH_MAX, sizeof(*path));

	if (!path)
		return -ENOMEM;
	for (i = 0; i < stacks->nr_counts; i++)
		write_count(stacks, &stacks->counts[i], path, fp);
	free(path);
	return 0;
}
