// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <linux/time64.h>
#include <linux/types.h>
#include "guest/export/folded.h"
#include "guest/export/read.h"
#include "guest/export/rows.h"
#include "guest/export/stacks.h"
#include "guest/export/text.h"

/* Return: the folded stack, to be freed; NULL without memory. */
static char *fold(const struct stacks *stacks, u32 node, u32 *path)
{
	char *text = NULL;
	size_t size;
	FILE *fp = open_memstream(&text, &size);

	if (!fp)
		return NULL;
	export_folded__frames(stacks, path, stacks__path(stacks, node, path), fp);
	if (!fclose(fp))
		return text;
	free(text);
	return NULL;
}

static void write_row(const struct recording *recording, const struct stack_count *count,
		      const char *stack, FILE *fp)
{
	const struct stack_source *source = &recording->stacks->sources[count->source];

	fprintf(fp, "{\"time\": %" PRIu64 ", \"host\": ",
		(count->slot + recording->wall) / NSEC_PER_SEC);
	export_text__json(fp, recording->hostname ?: "");
	fputs(", \"guest\": ", fp);
	export_text__json(fp, source->guest);
	fprintf(fp, ", \"vcpu\": %d, \"process\": ", source->vcpu);
	export_text__json(fp, source->comm);
	fputs(", \"event\": ", fp);
	export_text__json(fp, recording->stacks->events[count->event]);
	fputs(", \"stack\": ", fp);
	export_text__json(fp, stack);
	fprintf(fp, ", \"count\": %" PRIu64 "}\n", count->samples);
}

int export_rows(const struct recording *recording, FILE *fp)
{
	const struct stacks *stacks = recording->stacks;
	u32 i, *path = calloc(STACK_DEPTH_MAX, sizeof(*path));

	for (i = 0; path && i < stacks->nr_counts; i++) {
		char *stack = fold(stacks, stacks->counts[i].node, path);

		if (!stack)
			break;
		write_row(recording, &stacks->counts[i], stack, fp);
		free(stack);
	}
	free(path);
	return i < stacks->nr_counts ? -ENOMEM : 0;
}
