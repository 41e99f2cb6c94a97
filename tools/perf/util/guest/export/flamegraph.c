// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/time64.h>
#include <linux/types.h>
#include <sys/random.h>
#include "guest/export/flamegraph.h"
#include "guest/export/page.h"
#include "guest/export/read.h"
#include "guest/export/stacks.h"
#include "guest/export/text.h"
#include "guest/untrusted/printable.h"

/* "NAME": [ENTRY, ...], with @write for an entry */
#define WRITE_ARRAY(fp, name, nr, i, write) ({	\
	u32 i;					\
						\
	fputs("\"" name "\": [", fp);		\
	for (i = 0; i < (nr); i++) {		\
		if (i)				\
			putc(',', fp);		\
		write;				\
	}					\
	putc(']', fp);				\
})

static void write_member(FILE *fp, const char *name, const char *text)
{
	char line[4096];

	fprintf(fp, ", \"%s\": ", name);
	export_text__json(fp, text__copy_printable(line, text, sizeof(line)));
}

static void write_about(const struct recording *recording, FILE *fp)
{
	double seconds = recording->last > recording->first ?
		(double)(recording->last - recording->first) / NSEC_PER_SEC : 0;

	fprintf(fp, "\"about\": {\"samples\": %" PRIu64 ", \"seconds\": %.3f, \"lost\": %" PRIu64
		", \"left_out\": %" PRIu64 ", \"guest_samples\": %" PRIu64 ", \"short\": %" PRIu64
		", \"unnamed\": %" PRIu64, recording->stacks->samples, seconds, recording->lost,
		recording->left_out, recording->guest_samples, recording->short_stacks,
		recording->unnamed);
	write_member(fp, "host", recording->hostname ?: "");
	write_member(fp, "release", recording->release ?: "");
	write_member(fp, "command", recording->cmdline ?: "");
	fputs("},\n", fp);
}

static void write_frames(const struct stacks *stacks, FILE *fp)
{
	const struct stack_frame *frames = stacks->frames;

	fputs("\"frames\": {", fp);
	WRITE_ARRAY(fp, "name", stacks->nr_frames, i, export_text__json(fp, frames[i].name));
	fputs(",\n", fp);
	WRITE_ARRAY(fp, "dso", stacks->nr_frames, i, export_text__json(fp, frames[i].dso));
	fputs(",\n", fp);
	WRITE_ARRAY(fp, "kind", stacks->nr_frames, i, fprintf(fp, "%d", frames[i].kind));
	fputs("},\n", fp);
}

/* In this order a node's depth, which is a small number, tells its parent. */
static int write_nodes(const struct stacks *stacks, FILE *fp)
{
	u32 node, *depths = calloc(stacks->nr_nodes ?: 1, sizeof(*depths));
	const struct stack_node *nodes = stacks->nodes;

	if (!depths)
		return -ENOMEM;
	for (node = 0; node < stacks->nr_nodes; node++) {
		if (nodes[node].parent != STACK_NONE)
			depths[node] = depths[nodes[node].parent] + 1;
	}
	fputs("\"nodes\": {", fp);
	WRITE_ARRAY(fp, "depth", stacks->nr_nodes, i, fprintf(fp, "%u", depths[i]));
	fputs(",\n", fp);
	WRITE_ARRAY(fp, "frame", stacks->nr_nodes, i, fprintf(fp, "%u", nodes[i].frame));
	fputs("},\n", fp);
	free(depths);
	return 0;
}

static void write_counts(const struct stacks *stacks, FILE *fp)
{
	const struct stack_count *counts = stacks->counts;

	fputs("\"counts\": {", fp);
	WRITE_ARRAY(fp, "node", stacks->nr_counts, i, fprintf(fp, "%u", counts[i].node));
	fputs(",\n", fp);
	WRITE_ARRAY(fp, "event", stacks->nr_counts, i, fprintf(fp, "%u", counts[i].event));
	fputs(",\n", fp);
	WRITE_ARRAY(fp, "source", stacks->nr_counts, i, fprintf(fp, "%u", counts[i].source));
	fputs(",\n", fp);
	WRITE_ARRAY(fp, "samples", stacks->nr_counts, i,
		    fprintf(fp, "%" PRIu64, counts[i].samples));
	fputs("},\n", fp);
}

static void write_source(const struct stack_source *source, FILE *fp)
{
	fprintf(fp, "{\"pid\": %d, \"tid\": %d, \"guest\": ", source->pid, source->tid);
	export_text__json(fp, source->guest);
	fputs(", \"comm\": ", fp);
	export_text__json(fp, source->comm);
	putc('}', fp);
}

static int write_recording(const struct recording *recording, FILE *fp)
{
	const struct stacks *stacks = recording->stacks;
	int err;

	putc('{', fp);
	write_about(recording, fp);
	WRITE_ARRAY(fp, "kinds", STACK_KINDS, i, export_text__json(fp, stack_kinds[i].name));
	fputs(",\n", fp);
	WRITE_ARRAY(fp, "events", stacks->nr_events, i, export_text__json(fp, stacks->events[i]));
	fputs(",\n", fp);
	WRITE_ARRAY(fp, "sources", stacks->nr_sources, i, write_source(&stacks->sources[i], fp));
	fputs(",\n", fp);
	write_frames(stacks, fp);
	err = write_nodes(stacks, fp);
	write_counts(stacks, fp);
	fputs("\"version\": 1}", fp);
	return err;
}

/* A name in the recording may say what it likes: it does not know the nonce. */
int export_flamegraph(const struct recording *recording, FILE *fp)
{
	static const char nonce_mark[] = "@NONCE@", recording_mark[] = "@RECORDING@";
	const char *page = export_page, *at;
	u64 nonce[2];
	int err = 0;

	if (getrandom(nonce, sizeof(nonce), 0) != sizeof(nonce))
		return -errno;
	while ((at = strchr(page, '@'))) {
		fwrite(page, 1, at - page, fp);
		page = at + 1;
		if (!strncmp(at, nonce_mark, strlen(nonce_mark))) {
			fprintf(fp, "%016" PRIx64 "%016" PRIx64, nonce[0], nonce[1]);
			page = at + strlen(nonce_mark);
		} else if (!strncmp(at, recording_mark, strlen(recording_mark))) {
			err = write_recording(recording, fp);
			page = at + strlen(recording_mark);
		} else {
			putc('@', fp);
		}
	}
	fputs(page, fp);
	return err;
}
