// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include "guest/export/folded.h"
#include "guest/export/read.h"
#include "guest/export/stacks.h"
#include "guest/export/text.h"

void export_folded__frames(const struct stacks *stacks, const u32 *path, u32 nr, FILE *fp)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		const struct stack_frame *frame = &stacks->frames[path[i]];

		if (i)
			putc(';', fp);
		export_text__folded(fp, frame->name);
		fputs(stack_kinds[frame->kind].mark, fp);
	}
}

static void write_stack(const struct stacks *stacks, const struct stack_count *count, u64 samples,
			u32 *path, FILE *fp)
{
	u32 nr = stacks__path(stacks, count->node, path);

	if (stacks->nr_events > 1) {
		export_text__folded(fp, stacks->events[count->event]);
		putc(';', fp);
	}
	export_folded__frames(stacks, path, nr, fp);
	fprintf(fp, " %" PRIu64 "\n", samples);
}

int export_folded(const struct recording *recording, FILE *fp)
{
	const struct stacks *stacks = recording->stacks;
	u32 i, *path = calloc(STACK_DEPTH_MAX, sizeof(*path));
	u64 samples = 0;

	if (!path)
		return -ENOMEM;
	for (i = 0; i < stacks->nr_counts; i++) {
		const struct stack_count *count = &stacks->counts[i], *next = count + 1;

		samples += count->samples;
		/* of all sources */
		if (i + 1 < stacks->nr_counts && next->node == count->node &&
		    next->event == count->event)
			continue;
		write_stack(stacks, count, samples, path, fp);
		samples = 0;
	}
	free(path);
	return 0;
}
