// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <sys/mman.h>
#include "guest/export/text.h"
#include "guest/serve/job.h"
#include "guest/serve/recording.h"
#include "guest/serve/status.h"
#include "guest/serve/store.h"
#include "guest/untrusted/child.h"

static const char *state(const struct serve_recording *rec)
{
	if (!rec->pid)
		return "idle";
	return rec->ending ? "ending" : rec->begun ? "recording" : "starting";
}

static void write_current(const struct serve_recording *rec, FILE *fp)
{
	s64 left = rec->begun && !rec->ending ? rec->until - guest_child__now_ms() : 0;

	fprintf(fp, "\"state\": \"%s\", \"id\": %" PRIu64 ", \"left\": %" PRId64
		", \"updates\": %u, \"said\": ", state(rec), rec->pid ? rec->asked.id : 0,
		max_t(s64, left, 0) / 1000, rec->updates);
	export_text__json(fp, rec->said);
}

static void write_limits(const struct serve_store *store, FILE *fp)
{
	u32 i;

	fprintf(fp, ", \"limits\": { \"freq\": %d, \"seconds\": %d, \"bytes\": %" PRIu64
		", \"events\": [", SERVE_FREQ_MAX, SERVE_SECONDS_MAX, store->quota);
	for (i = 0; serve_event__name(i); i++) {
		if (i)
			putc(',', fp);
		export_text__json(fp, serve_event__name(i));
	}
	fputs("] }", fp);
}

static void write_recording(const struct serve_store *store, u64 id, const char *before, FILE *fp)
{
	struct serve_request asked;
	int dir = serve_store__get(store, id, &asked);

	if (dir < 0)
		return;
	fprintf(fp, "%s\n{ \"id\": %" PRIu64 ", \"pid\": %u, \"freq\": %u, \"seconds\": %u, ",
		before, id, asked.pid, asked.freq, asked.seconds);
	fprintf(fp, "\"host\": %s, \"bytes\": %" PRIu64 ", \"event\": ",
		asked.host ? "true" : "false", serve_store__share(dir));
	export_text__json(fp, serve_event__name(asked.event));
	fputs(" }", fp);
	close(dir);
}

static void write_all(const struct serve_recording *rec, const struct serve_store *store, FILE *fp)
{
	u64 *ids = calloc(SERVE_RECORDINGS_MAX, sizeof(*ids));
	int i, nr = ids ? serve_store__list(store, ids) : 0;
	const char *before = "";

	fputs("{ ", fp);
	write_current(rec, fp);
	write_limits(store, fp);
	fputs(", \"recordings\": [", fp);
	for (i = 0; i < nr; i++) {
		long at = ftell(fp);

		write_recording(store, ids[i], before, fp);
		if (ftell(fp) > at)
			before = ",";
	}
	fputs("] }\n", fp);
	free(ids);
}

int serve_status__write(const struct serve_recording *rec, const struct serve_store *store)
{
	int fd = memfd_create("status", MFD_CLOEXEC | MFD_ALLOW_SEALING), own;
	FILE *fp;

	if (fd < 0)
		return -errno;
	own = dup(fd);
	fp = own < 0 ? NULL : fdopen(own, "w");
	if (!fp) {
		if (own >= 0)
			close(own);
		close(fd);
		return -ENOMEM;
	}
	write_all(rec, store, fp);
	fclose(fp);
	return serve_memory__seal(fd);
}
