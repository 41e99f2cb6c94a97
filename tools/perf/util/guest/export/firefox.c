// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/time64.h>
#include "guest/export/firefox.h"
#include "guest/export/read.h"
#include "guest/export/stacks.h"
#include "guest/export/text.h"
#include "guest/untrusted/printable.h"
#include "hashmap.h"

#define FORMAT_VERSION	60
/* Of the format that Firefox itself writes; has to be there, and is not looked at */
#define GECKO_VERSION	24
/* A type of resource: what is neither an add-on nor from the web */
#define RESOURCE_LIBRARY	1

/* The Profiler knows colours by name. The first has to be grey: it is that of all else. */
static const char * const colours[STACK_KINDS] = {
	[STACK_PROCESS]	     = "grey",
	[STACK_HOST_KERNEL]  = "orange",
	[STACK_HOST_USER]    = "yellow",
	[STACK_GUEST_KERNEL] = "blue",
	[STACK_GUEST_MODULE] = "green",
	[STACK_GUEST_USER]   = "lightblue",
	[STACK_GUESS]	     = "magenta",
};

/**
 * struct firefox
 * @by_string: names, of frames and dsos, which are each in memory once, to their index in
 * @strings:   of which there are @nr_strings
 * @libs:      dsos, of which there are @nr_libs, in @by_lib
 */
struct firefox {
	const struct recording *recording;
	FILE		       *fp;
	struct hashmap	       *by_string, *by_lib;
	const char	       **strings, **libs;
	long		       nr_strings, nr_libs;
};

/* A table's next one */
#define WRITE_COLUMN(fp, name, nr, i, write) ({		\
	fputs(",\n", fp);				\
	EXPORT_JSON_ARRAY(fp, name, nr, i, write);	\
})

/* Return: index of a text in @texts, where there is room for it, as there is for each frame. */
static long index_of(struct hashmap *map, const char **texts, long *nr, const char *text)
{
	long index = *nr;

	if (hashmap__find(map, text, &index))
		return index;
	if (hashmap__add(map, text, index))
		return -ENOMEM;
	texts[(*nr)++] = text;
	return index;
}

/* Before anything is written: what all tables refer to. */
static int collect(struct firefox *firefox)
{
	const struct stacks *stacks = firefox->recording->stacks;
	u32 i;

	for (i = 0; i < stacks->nr_frames; i++) {
		const struct stack_frame *frame = &stacks->frames[i];

		if (index_of(firefox->by_string, firefox->strings, &firefox->nr_strings,
			     frame->name) < 0)
			return -ENOMEM;
		if (!*frame->dso)
			continue;
		if (index_of(firefox->by_string, firefox->strings, &firefox->nr_strings,
			     frame->dso) < 0 ||
		    index_of(firefox->by_lib, firefox->libs, &firefox->nr_libs, frame->dso) < 0)
			return -ENOMEM;
	}
	return 0;
}

static long find(struct hashmap *map, const char *text)
{
	long index = -1;

	hashmap__find(map, text, &index);
	return index;
}

static double to_ms(u64 ns)
{
	return (double)ns / NSEC_PER_MSEC;
}

/* Its time 0. The first slot may begin earlier. */
static u64 start_of(const struct recording *recording)
{
	return recording->first <= recording->last ? recording->first : 0;
}

static void write_meta(const struct firefox *firefox)
{
	const struct recording *recording = firefox->recording;
	FILE *fp = firefox->fp;

	fprintf(fp, "{\"meta\": {\"version\": %d, \"preprocessedProfileVersion\": %d,\n",
		GECKO_VERSION, FORMAT_VERSION);
	fprintf(fp, "\"interval\": %.6f, \"startTime\": %.3f, \"processType\": 0, \"product\": ",
		to_ms(recording->slot), to_ms(start_of(recording) + recording->wall));
	export_text__json(fp, recording->hostname ?: "KVM guests");
	fputs(", \"oscpu\": ", fp);
	export_text__json(fp, recording->release ?: "");
	fputs(", \"importedFrom\": \"perf kvm-callchain\", \"stackwalk\": 1, \"debug\": false,\n"
	      "\"symbolicated\": true, \"usesOnlyOneStackType\": true, "
	      "\"sourceCodeIsNotOnSearchfox\": true, \"keepProfileThreadOrder\": true,\n"
	      "\"sampleUnits\": {\"time\": \"ms\", \"eventDelay\": \"ms\", "
	      "\"threadCPUDelta\": \"ns\"}, \"markerSchema\": []", fp);
	WRITE_COLUMN(fp, "categories", STACK_KINDS, i, {
		fprintf(fp, "{\"name\": \"%s\", \"color\": \"%s\", ", stack_kinds[i].name,
			colours[i]);
		fputs("\"subcategories\": [\"Other\"]}", fp);
	});
	fputs("},\n", fp);
}

static void write_lib(FILE *fp, const char *dso)
{
	static const char * const names[] = { "name", "path", "debugName", "debugPath" };
	size_t i;

	fputs("{\"arch\": \"x86_64\", \"breakpadId\": \"\", \"codeId\": null", fp);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		fprintf(fp, ", \"%s\": ", names[i]);
		export_text__json(fp, dso);
	}
	putc('}', fp);
}

/* Frames and functions are one to one. */
static void write_frames(const struct firefox *firefox)
{
	const struct stacks *stacks = firefox->recording->stacks;
	u32 nr = stacks->nr_frames;
	FILE *fp = firefox->fp;

	fprintf(fp, "\"frameTable\": {\"length\": %u", nr);
	WRITE_COLUMN(fp, "address", nr, i, fputs("-1", fp));
	WRITE_COLUMN(fp, "inlineDepth", nr, i, putc('0', fp));
	WRITE_COLUMN(fp, "category", nr, i, fprintf(fp, "%d", stacks->frames[i].kind));
	WRITE_COLUMN(fp, "subcategory", nr, i, putc('0', fp));
	WRITE_COLUMN(fp, "func", nr, i, fprintf(fp, "%u", i));
	WRITE_COLUMN(fp, "nativeSymbol", nr, i, fputs("null", fp));
	WRITE_COLUMN(fp, "innerWindowID", nr, i, fputs("null", fp));
	WRITE_COLUMN(fp, "line", nr, i, fputs("null", fp));
	WRITE_COLUMN(fp, "column", nr, i, fputs("null", fp));
	fprintf(fp, "},\n\"funcTable\": {\"length\": %u", nr);
	WRITE_COLUMN(fp, "name", nr, i,
		     fprintf(fp, "%ld", find(firefox->by_string, stacks->frames[i].name)));
	WRITE_COLUMN(fp, "resource", nr, i,
		     fprintf(fp, "%ld", find(firefox->by_lib, stacks->frames[i].dso)));
	WRITE_COLUMN(fp, "isJS", nr, i, fputs("false", fp));
	WRITE_COLUMN(fp, "relevantForJS", nr, i, fputs("false", fp));
	WRITE_COLUMN(fp, "source", nr, i, fputs("null", fp));
	WRITE_COLUMN(fp, "lineNumber", nr, i, fputs("null", fp));
	WRITE_COLUMN(fp, "columnNumber", nr, i, fputs("null", fp));
	fputs("},\n", fp);
}

/* What all threads have in common. A resource, which the Profiler shows, is a lib. */
static void write_shared(const struct firefox *firefox)
{
	const struct stacks *stacks = firefox->recording->stacks;
	u32 nr = firefox->nr_libs;
	FILE *fp = firefox->fp;

	fputs("\"shared\": {", fp);
	write_frames(firefox);
	fprintf(fp, "\"stackTable\": {\"length\": %u", stacks->nr_nodes);
	WRITE_COLUMN(fp, "frame", stacks->nr_nodes, i, fprintf(fp, "%u", stacks->nodes[i].frame));
	WRITE_COLUMN(fp, "prefix", stacks->nr_nodes, i, {
		if (stacks->nodes[i].parent == STACK_NONE)
			fputs("null", fp);
		else
			fprintf(fp, "%u", stacks->nodes[i].parent);
	});
	fprintf(fp, "},\n\"resourceTable\": {\"length\": %u", nr);
	WRITE_COLUMN(fp, "lib", nr, i, fprintf(fp, "%u", i));
	WRITE_COLUMN(fp, "name", nr, i,
		     fprintf(fp, "%ld", find(firefox->by_string, firefox->libs[i])));
	WRITE_COLUMN(fp, "host", nr, i, fputs("null", fp));
	WRITE_COLUMN(fp, "type", nr, i, fprintf(fp, "%d", RESOURCE_LIBRARY));
	fputs("},\n\"nativeSymbols\": {\"length\": 0, \"libIndex\": [], \"address\": [], "
	      "\"name\": [], \"functionSize\": []},\n"
	      "\"sources\": {\"length\": 0, \"uuid\": [], \"filename\": []}", fp);
	WRITE_COLUMN(fp, "stringArray", firefox->nr_strings, i,
		     export_text__json(fp, firefox->strings[i]));
	fputs("}", fp);
}

/* Counts of a thread and an event follow one another, in order of time. */
static int cmp_threads(const void *a, const void *b, void *ctx)
{
	const struct stacks *stacks = ctx;
	const struct stack_count *l = &stacks->counts[*(const u32 *)a];
	const struct stack_count *r = &stacks->counts[*(const u32 *)b];
	const struct stack_source *of_l = &stacks->sources[l->source];
	const struct stack_source *of_r = &stacks->sources[r->source];

	if (of_l->pid != of_r->pid)
		return of_l->pid < of_r->pid ? -1 : 1;
	if (of_l->vcpu != of_r->vcpu)
		return of_l->vcpu < of_r->vcpu ? -1 : 1;
	if (l->source != r->source)
		return l->source < r->source ? -1 : 1;
	if (l->event != r->event)
		return l->event < r->event ? -1 : 1;
	if (l->slot != r->slot)
		return l->slot < r->slot ? -1 : 1;
	return l->node < r->node ? -1 : l->node > r->node;
}

static bool is_same_thread(const struct stack_count *a, const struct stack_count *b)
{
	return a->source == b->source && a->event == b->event;
}

static void write_samples(const struct firefox *firefox, const u32 *of, u32 nr)
{
	const struct stack_count *counts = firefox->recording->stacks->counts;
	s64 start = start_of(firefox->recording);
	FILE *fp = firefox->fp;

	fprintf(fp, "\"samples\": {\"length\": %u, \"weightType\": \"samples\"", nr);
	WRITE_COLUMN(fp, "stack", nr, i, fprintf(fp, "%u", counts[of[i]].node));
	/* samples without a time are where the recording begins */
	WRITE_COLUMN(fp, "time", nr, i,
		     fprintf(fp, "%.3f", to_ms(max_t(s64, counts[of[i]].slot, start) - start)));
	WRITE_COLUMN(fp, "weight", nr, i, fprintf(fp, "%" PRIu64, counts[of[i]].samples));
	putc('}', fp);
}

/* The VMM has the same pid as its guest, and is another process. */
static void write_process(FILE *fp, const struct stack_source *source)
{
	bool guest = *source->guest;

	fprintf(fp, "\"pid\": \"%d%s\", \"tid\": %d, \"processName\": ", source->pid,
		guest ? " (guest)" : "", source->tid);
	export_text__json(fp, guest ? source->guest : source->comm);
	fprintf(fp, ", \"isMainThread\": %s, ",
		!guest && source->pid == source->tid ? "true" : "false");
}

static void write_thread_name(const struct firefox *firefox, const struct stack_count *count)
{
	const struct stacks *stacks = firefox->recording->stacks;
	const struct stack_source *source = &stacks->sources[count->source];
	char name[4096], in_event[2048];

	snprintf(in_event, sizeof(in_event), stacks->nr_events > 1 ? ", %s" : "%.0s",
		 stacks->events[count->event]);
	if (source->vcpu >= 0)
		snprintf(name, sizeof(name), "vCPU %d%s", source->vcpu, in_event);
	else
		snprintf(name, sizeof(name), "%.1024s%s", source->comm, in_event);
	/* where it was cut, a character may be */
	text__make_printable(name);
	fputs("\"name\": ", firefox->fp);
	export_text__json(firefox->fp, name);
}

static void write_thread(const struct firefox *firefox, const u32 *of, u32 nr)
{
	const struct stacks *stacks = firefox->recording->stacks;
	const struct stack_count *count = &stacks->counts[*of];
	FILE *fp = firefox->fp;

	fputs("\n{\"processType\": \"default\", \"processStartupTime\": 0, "
	      "\"processShutdownTime\": null, \"registerTime\": 0, \"unregisterTime\": null, "
	      "\"pausedRanges\": [],\n", fp);
	write_process(fp, &stacks->sources[count->source]);
	write_thread_name(firefox, count);
	fputs(", \"markers\": {\"length\": 0, \"data\": [], \"name\": [], \"startTime\": [], "
	      "\"endTime\": [], \"phase\": [], \"category\": []},\n", fp);
	write_samples(firefox, of, nr);
	putc('}', fp);
}

static int write_threads(const struct firefox *firefox)
{
	struct stacks *stacks = firefox->recording->stacks;
	u32 i, end, nr = stacks->nr_counts, *order = calloc(nr, sizeof(*order));

	if (!order)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		order[i] = i;
	qsort_r(order, nr, sizeof(*order), cmp_threads, stacks);
	fputs("\"threads\": [", firefox->fp);
	for (i = 0; i < nr; i = end) {
		for (end = i + 1; end < nr; end++) {
			if (!is_same_thread(&stacks->counts[order[i]], &stacks->counts[order[end]]))
				break;
		}
		if (i)
			putc(',', firefox->fp);
		write_thread(firefox, order + i, end - i);
	}
	fputs("],\n", firefox->fp);
	free(order);
	return 0;
}

static int write_profile(struct firefox *firefox)
{
	FILE *fp = firefox->fp;
	int err = collect(firefox);
	long i;

	if (err)
		return err;
	write_meta(firefox);
	fputs("\"libs\": [", fp);
	for (i = 0; i < firefox->nr_libs; i++) {
		if (i)
			fputs(",\n", fp);
		write_lib(fp, firefox->libs[i]);
	}
	fputs("], \"pages\": [],\n", fp);
	err = write_threads(firefox);
	write_shared(firefox);
	fputs("}\n", fp);
	return err;
}

int export_firefox(const struct recording *recording, FILE *fp)
{
	u32 nr_frames = recording->stacks->nr_frames;
	struct firefox firefox = {
		.recording = recording, .fp = fp,
		.by_string = hashmap__new(stacks__hash_key, stacks__equal_keys, NULL),
		.by_lib = hashmap__new(stacks__hash_key, stacks__equal_keys, NULL),
		.strings = calloc(2UL * nr_frames, sizeof(*firefox.strings)),
		.libs = calloc(nr_frames, sizeof(*firefox.libs)),
	};
	int err = -ENOMEM;

	if (firefox.strings && firefox.libs && !IS_ERR(firefox.by_string) &&
	    !IS_ERR(firefox.by_lib))
		err = write_profile(&firefox);
	if (!IS_ERR(firefox.by_string))
		hashmap__free(firefox.by_string);
	if (!IS_ERR(firefox.by_lib))
		hashmap__free(firefox.by_lib);
	free(firefox.strings);
	free(firefox.libs);
	return err;
}
