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
#include "guest/export/timeline.h"
#include "guest/untrusted/printable.h"

static void write_member(FILE *fp, const char *name, const char *text)
{
	char line[4096];

	fprintf(fp, ", \"%s\": ", name);
	export_text__json(fp, text__copy_printable(line, text, sizeof(line)));
}

static void write_about(const char *name, const struct recording *recording, FILE *fp)
{
	double seconds = recording->last > recording->first ?
		(double)(recording->last - recording->first) / NSEC_PER_SEC : 0;

	fprintf(fp, "\"%s\": {\"samples\": %" PRIu64 ", \"seconds\": %.3f, \"lost\": %" PRIu64
		", \"left_out\": %" PRIu64 ", \"guest_samples\": %" PRIu64 ", \"short\": %" PRIu64
		", \"unnamed\": %" PRIu64, name, recording->samples, seconds, recording->lost,
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
	EXPORT_JSON_ARRAY(fp, "name", stacks->nr_frames, i, export_text__json(fp, frames[i].name));
	fputs(",\n", fp);
	EXPORT_JSON_ARRAY(fp, "dso", stacks->nr_frames, i, export_text__json(fp, frames[i].dso));
	fputs(",\n", fp);
	EXPORT_JSON_ARRAY(fp, "kind", stacks->nr_frames, i, fprintf(fp, "%d", frames[i].kind));
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
	EXPORT_JSON_ARRAY(fp, "depth", stacks->nr_nodes, i, fprintf(fp, "%u", depths[i]));
	fputs(",\n", fp);
	EXPORT_JSON_ARRAY(fp, "frame", stacks->nr_nodes, i, fprintf(fp, "%u", nodes[i].frame));
	fputs("},\n", fp);
	free(depths);
	return 0;
}

static void write_counts(const struct stacks *stacks, FILE *fp)
{
	const struct stack_count *counts = stacks->counts;

	fputs("\"counts\": {", fp);
	EXPORT_JSON_ARRAY(fp, "node", stacks->nr_counts, i, fprintf(fp, "%u", counts[i].node));
	fputs(",\n", fp);
	EXPORT_JSON_ARRAY(fp, "event", stacks->nr_counts, i, fprintf(fp, "%u", counts[i].event));
	fputs(",\n", fp);
	EXPORT_JSON_ARRAY(fp, "source", stacks->nr_counts, i, fprintf(fp, "%u", counts[i].source));
	fputs(",\n", fp);
	EXPORT_JSON_ARRAY(fp, "samples", stacks->nr_counts, i,
			  fprintf(fp, "%" PRIu64, counts[i].samples));
	fputs("},\n", fp);
}

static void write_source(const struct stack_source *source, FILE *fp)
{
	fprintf(fp, "{\"pid\": %d, \"tid\": %d, \"vcpu\": %d, \"old\": %d, \"guest\": ",
		source->pid, source->tid, source->vcpu, source->old);
	export_text__json(fp, source->guest);
	fputs(", \"comm\": ", fp);
	export_text__json(fp, source->comm);
	putc('}', fp);
}

/*
 * For each count how many slices it has, and those: the bucket, as the distance from the one
 * before (the first of them from bucket 0), and samples. The last in time comes first.
 */
static void write_slices(const struct stacks *stacks, const struct timeline *timeline, FILE *fp)
{
	const struct timeline_slice *slices = timeline->slices;
	u32 i, at, nr, bucket;

	fputs("\"slices\": [", fp);
	for (i = 0; i < stacks->nr_counts; i++) {
		nr = 0;
		for (at = stacks->counts[i].slice; at != STACK_NONE; at = slices[at].before)
			nr++;
		fprintf(fp, "%s%u", i ? "," : "", nr);
		bucket = 0;
		for (at = stacks->counts[i].slice; at != STACK_NONE; at = slices[at].before) {
			fprintf(fp, ",%d,%u", (int)(slices[at].bucket - bucket),
				slices[at].samples);
			bucket = slices[at].bucket;
		}
	}
	fputs("],\n", fp);
}

static void write_row(const struct timeline_row *row, u32 buckets, FILE *fp)
{
	fprintf(fp, "{\"pid\": %d, \"tid\": %d, \"vcpu\": %d", row->pid, row->tid, row->vcpu);
	write_member(fp, "event", row->event);
	if (row->guest)
		write_member(fp, "guest", row->guest);
	fputs(", ", fp);
	EXPORT_JSON_ARRAY(fp, "samples", TIMELINE_CATEGORIES, category, {
		putc('[', fp);
		for (u32 i = 0; i < buckets; i++)
			fprintf(fp, "%s%u", i ? "," : "", row->samples[category][i]);
		putc(']', fp);
	});
	putc('}', fp);
}

static void write_timeline(const struct recording *recording, FILE *fp)
{
	const struct timeline *timeline = recording->timeline;
	u32 buckets = timeline__nr_buckets(timeline);

	fprintf(fp, "\"time\": {\"buckets\": %u, \"width\": %" PRIu64 ", \"not_in_it\": %" PRIu64
		",\n", buckets, (u64)1 << timeline->shift, timeline->not_in_it);
	write_slices(recording->stacks, timeline, fp);
	EXPORT_JSON_ARRAY(fp, "rows", timeline->nr_rows, i,
			  write_row(timeline->rows[i], buckets, fp));
	fputs("},\n", fp);
}

static int write_recording(const struct recording *recording, FILE *fp)
{
	const struct stacks *stacks = recording->stacks;
	int err;

	putc('{', fp);
	write_about("about", recording, fp);
	if (recording->old)
		write_about("old", recording->old, fp);
	EXPORT_JSON_ARRAY(fp, "kinds", STACK_KINDS, i, export_text__json(fp, stack_kinds[i].name));
	fputs(",\n", fp);
	EXPORT_JSON_ARRAY(fp, "events", stacks->nr_events, i,
			  export_text__json(fp, stacks->events[i]));
	fputs(",\n", fp);
	EXPORT_JSON_ARRAY(fp, "sources", stacks->nr_sources, i,
			  write_source(&stacks->sources[i], fp));
	fputs(",\n", fp);
	write_frames(stacks, fp);
	err = write_nodes(stacks, fp);
	write_counts(stacks, fp);
	if (recording->timeline)
		write_timeline(recording, fp);
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
