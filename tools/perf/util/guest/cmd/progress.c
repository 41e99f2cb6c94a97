// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/perf_guest_callchain.h>
#include "event.h"
#include "evlist.h"
#include "evsel.h"
#include "guest/callchain/frame.h"
#include "guest/callchain/record.h"
#include "guest/callchain/merge.h"
#include "guest/callchain/module-event.h"
#include "guest/callchain/file.h"
#include "guest/vm/vm.h"
#include "guest/cmd/progress.h"
#include "guest/snapshot/lookup.h"
#include "sample.h"

/* Guests with a place on the line; the others are added up in the last one. */
#define SHOWN		4
#define MAPS_MAX	4096

/* A record that a ring buffer's end has cut in two. */
struct piece {
	const void *map;
	char	   *buf;
	size_t	   have;
};

static struct progress {
	bool		on;
	const char	*dir;
	time_t		shown;
	int		nr;
	struct {
		pid_t	pid;
		u64	samples, callchains;
	} guest[SHOWN];
	u64		lost;
	int		nr_pieces;
	struct piece	*pieces;
} progress;

void guest_progress__start(const char *dir)
{
	progress.dir = dir;
	progress.on = isatty(STDERR_FILENO);
}

bool guest_progress__started(void)
{
	return progress.dir;
}

static void show(void)
{
	char name[GUEST_NAME_MAX];
	int i;

	fprintf(stderr, "\r\033[K[ perf kvm-callchain: ");
	for (i = 0; i < progress.nr; i++) {
		guest_snapshot__name(progress.dir, progress.guest[i].pid, name, sizeof(name));
		fprintf(stderr, "%s: %" PRIu64 " samples, %" PRIu64 " with callchain; ", name,
			progress.guest[i].samples, progress.guest[i].callchains);
	}
	fprintf(stderr, "%" PRIu64 " lost ]", progress.lost);
	fflush(stderr);
}

static int find_guest(pid_t pid)
{
	int i;

	for (i = 0; i < progress.nr; i++) {
		if (progress.guest[i].pid == pid)
			return i;
	}
	if (progress.nr == SHOWN)
		return SHOWN - 1;
	progress.guest[progress.nr].pid = pid;
	return progress.nr++;
}

/* A caller, as the summary counts; what is yet to be unwound will have one. */
static bool has_caller(u32 flags, const u64 *ips, u64 nr)
{
	u64 i, frames = 0;

	for (i = 0; i < nr; i++)
		frames += ips[i] < PERF_CONTEXT_MAX;
	return frames > 1 || flags & PERF_GUEST_CALLCHAIN_SECTIONS;
}

/* Return: false if the sample is none of the module's chains. */
static bool count_module(struct evlist *evlist, struct perf_sample *sample)
{
	struct evsel *evsel = evlist__id2evsel(evlist, sample->id);
	static struct host_module_chain chain;

	if (!evsel || !evsel__is_host_module(evsel))
		return false;
	if (!host_module_chain__parse(evsel, sample, &chain))
		return true;
	if (has_caller(chain.guest.flags, chain.words, chain.guest.nr))
		progress.guest[find_guest(sample->pid)].callchains += chain.samples;
	return true;
}

static void count(struct evlist *evlist, union perf_event *event)
{
	u16 cpumode = event->header.misc & PERF_RECORD_MISC_CPUMODE_MASK;
	bool sample = event->header.type == PERF_RECORD_SAMPLE;
	const struct perf_record_guest_callchain *record = (const void *)event;
	struct perf_sample parsed;
	int i;

	if (event->header.type == PERF_RECORD_LOST)
		progress.lost += event->lost.lost;
	if (event->header.type == PERF_RECORD_LOST_SAMPLES)
		progress.lost += event->lost_samples.lost;
	if (sample && !guest_cpumode(cpumode))
		return;
	if ((!sample && perf_event__type(event) != PERF_RECORD_GUEST_CALLCHAIN) ||
	    !evlist__check_guest_callchain(evlist, event) ||
	    evlist__parse_sample(evlist, event, &parsed))
		return;
	if (sample && count_module(evlist, &parsed))
		return;
	i = find_guest(parsed.pid);
	if (sample)
		progress.guest[i].samples++;
	else
		progress.guest[i].callchains += has_caller(record->flags, (const u64 *)record->ips,
							  record->nr);
}

static struct piece *find_piece(const void *map)
{
	struct piece *pieces;
	int i;

	for (i = 0; i < progress.nr_pieces; i++) {
		if (progress.pieces[i].map == map)
			return &progress.pieces[i];
	}
	if (progress.nr_pieces == MAPS_MAX)
		return NULL;
	pieces = reallocarray(progress.pieces, i + 1, sizeof(*pieces));
	if (!pieces)
		return NULL;
	progress.pieces = pieces;
	pieces[i] = (struct piece) { .map = map, .buf = malloc(UINT16_MAX + 1) };
	progress.nr_pieces++;
	return &pieces[i];
}

/* Bytes that a record, of which @have are in @buf, still lacks. */
static size_t lacks(const char *buf, size_t have)
{
	const struct perf_event_header *header = (const void *)buf;

	if (have < sizeof(*header))
		return sizeof(*header) - have;
	return header->size > have ? header->size - have : 0;
}

void guest_progress__add(struct evlist *evlist, const void *map, const void *buf, size_t size)
{
	struct piece *piece = progress.on ? find_piece(map) : NULL;
	time_t now;
	size_t n;

	if (!piece || !piece->buf)
		return;
	while (size) {
		n = min(lacks(piece->buf, piece->have), size);
		memcpy(piece->buf + piece->have, buf, n);
		piece->have += n;
		buf += n;
		size -= n;
		if (piece->have < sizeof(struct perf_event_header) ||
		    lacks(piece->buf, piece->have))
			continue;
		count(evlist, (union perf_event *)piece->buf);
		piece->have = 0;
	}
	now = time(NULL);
	if (now != progress.shown)
		show();
	progress.shown = now;
}

void guest_progress__end(void)
{
	int i;

	if (progress.on)
		fprintf(stderr, "\r\033[K");
	for (i = 0; i < progress.nr_pieces; i++)
		free(progress.pieces[i].buf);
	free(progress.pieces);
	memset(&progress, 0, sizeof(progress));
}
