// SPDX-License-Identifier: GPL-2.0
#include <byteswap.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include "debug.h"
#include "tests/guest/callchain-data.h"
#include "util/callchain.h"
#include "util/data.h"
#include "util/event.h"
#include "util/evlist.h"
#include "util/evsel.h"
#include "util/header.h"
#include "util/sample.h"
#include "util/session.h"

/* As perf has it where events differ: here, the first one also says on which CPU */
#define SAMPLE_TYPE	(PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |	\
			 PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_IDENTIFIER)
#define FIRST_ID	1000

struct writer {
	FILE *file;
	bool swap;
};

static void put16(struct writer *w, u16 value)
{
	value = w->swap ? bswap_16(value) : value;
	fwrite(&value, sizeof(value), 1, w->file);
}

static void put32(struct writer *w, u32 value)
{
	value = w->swap ? bswap_32(value) : value;
	fwrite(&value, sizeof(value), 1, w->file);
}

static void put64(struct writer *w, u64 value)
{
	value = w->swap ? bswap_64(value) : value;
	fwrite(&value, sizeof(value), 1, w->file);
}

static void put_zeros(struct writer *w, size_t words)
{
	while (words--)
		put64(w, 0);
}

/*
 * Bitfields are laid out from the least significant bit on little-endian
 * machines and from the most significant on big-endian ones: seen byte by byte,
 * the bits of each byte are reversed.
 */
static void put_flags(struct writer *w, u64 flags)
{
	const u8 *bytes = (const u8 *)&flags;
	int i, bit;

	for (i = 0; i < 8; i++) {
		u8 byte = 0;

		for (bit = 0; bit < 8; bit++)
			byte |= ((bytes[i] >> bit) & 1) << (w->swap ? 7 - bit : bit);
		fputc(byte, w->file);
	}
}

static bool has_cpu(u32 event)
{
	return event == 0;
}

static void put_attr(struct writer *w, u32 event)
{
	struct perf_event_attr attr = {
		.sample_id_all = 1,
		.guest_callchain = 1,
		.exclude_callchain_user = event == GCD_KERNEL_ONLY,
	};
	u64 flags;

	memcpy(&flags, &attr.read_format + 1, sizeof(flags));

	put32(w, PERF_TYPE_SOFTWARE);
	put32(w, sizeof(attr));
	put64(w, PERF_COUNT_SW_CPU_CLOCK);
	put64(w, 1);
	put64(w, SAMPLE_TYPE | (has_cpu(event) ? PERF_SAMPLE_CPU : 0));
	put64(w, 0);
	put_flags(w, flags);
	put_zeros(w, offsetof(struct perf_event_attr, sig_data) / sizeof(u64) - 6);
	put64(w, GCD_ID);
	put_zeros(w, 1);
}

/* What samples and other events have in common, in the same order */
static void put_where(struct writer *w, const struct gcd_event *event)
{
	put32(w, GCD_PID);
	put32(w, event->tid ?: GCD_TID);
	put64(w, event->time);
	if (has_cpu(event->event))
		put_zeros(w, 1);
}

static size_t where_size(const struct gcd_event *event)
{
	return (has_cpu(event->event) ? 3 : 2) * sizeof(u64);
}

static void put_sample_id(struct writer *w, const struct gcd_event *event)
{
	put_where(w, event);
	put64(w, FIRST_ID + event->event);
}

static size_t sample_id_size(const struct gcd_event *event)
{
	return where_size(event) + sizeof(u64);
}

static void put_header(struct writer *w, u32 type, u16 misc, size_t body)
{
	put32(w, type);
	put16(w, misc);
	put16(w, sizeof(struct perf_event_header) + body);
}

static void put_sample(struct writer *w, const struct gcd_event *event)
{
	u32 i;

	put_header(w, PERF_RECORD_SAMPLE,
		   event->guest ? PERF_RECORD_MISC_GUEST_KERNEL : PERF_RECORD_MISC_KERNEL,
		   where_size(event) + (3 + event->nr) * sizeof(u64));
	put64(w, FIRST_ID + event->event);
	put64(w, 0x11);
	put_where(w, event);
	put64(w, event->nr);
	for (i = 0; i < event->nr; i++)
		put64(w, event->ips[i]);
}

static void put_record(struct writer *w, const struct gcd_event *event)
{
	u32 i;

	put_header(w, PERF_RECORD_GUEST_CALLCHAIN, PERF_RECORD_MISC_GUEST_KERNEL,
		   sample_id_size(event) +
		   (4 + event->nr + (event->nr_section + 1) / 2) * sizeof(u64));
	put64(w, event->cookie);
	put32(w, 3);
	put32(w, event->flags);
	put64(w, 0xcafe000);
	put64(w, event->claim ?: event->nr);
	for (i = 0; i < event->nr; i++)
		put64(w, event->ips[i]);
	/* the first word of the sections is one of 64 bits */
	if (event->nr_section)
		put64(w, event->section[0]);
	for (i = 2; i < event->nr_section; i++)
		put32(w, event->section[i]);
	put_sample_id(w, event);
}

static void put_comm(struct writer *w, const struct gcd_event *event)
{
	put_header(w, PERF_RECORD_COMM, 0, sample_id_size(event) + 2 * sizeof(u64));
	put32(w, GCD_PID);
	put32(w, event->tid ?: GCD_TID);
	fwrite("vcpu\0\0\0", 8, 1, w->file);
	put_sample_id(w, event);
}

static void put_event(struct writer *w, const struct gcd_event *event)
{
	switch (event->type) {
	case GCD_SAMPLE:
		return put_sample(w, event);
	case GCD_RECORD:
		return put_record(w, event);
	case GCD_COMM:
	default:
		return put_comm(w, event);
	}
}

static void put_file_header(struct writer *w, u64 data_size)
{
	const size_t attr_size = sizeof(struct perf_event_attr) + sizeof(struct perf_file_section);
	u64 magic, ids = sizeof(struct perf_file_header);
	u64 attrs = ids + GCD_NR_EVSELS * sizeof(u64);
	u32 i;

	memcpy(&magic, "PERFILE2", sizeof(magic));
	put64(w, magic);
	put64(w, sizeof(struct perf_file_header));
	put64(w, attr_size);
	put64(w, attrs);
	put64(w, GCD_NR_EVSELS * attr_size);
	put64(w, attrs + GCD_NR_EVSELS * attr_size);
	put64(w, data_size);
	put_zeros(w, 2 + HEADER_FEAT_BITS / 64);

	for (i = 0; i < GCD_NR_EVSELS; i++)
		put64(w, FIRST_ID + i);
	for (i = 0; i < GCD_NR_EVSELS; i++) {
		put_attr(w, i);
		put64(w, ids + i * sizeof(u64));
		put64(w, sizeof(u64));
	}
}

int gcd__write(char *path, bool swap, const struct gcd_event *events, size_t nr)
{
	struct writer w = { .swap = swap };
	int fd = mkstemp(path);
	long start, end;
	size_t i;

	w.file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!w.file) {
		pr_debug("cannot write %s\n", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	put_file_header(&w, 0);
	start = ftell(w.file);
	for (i = 0; i < nr; i++)
		put_event(&w, &events[i]);
	end = ftell(w.file);
	rewind(w.file);
	put_file_header(&w, end - start);
	return fclose(w.file);
}

static const char *context_name(u64 ip)
{
	switch (ip) {
	case PERF_CONTEXT_HV:
		return "HV:";
	case PERF_CONTEXT_KERNEL:
		return "HK:";
	case PERF_CONTEXT_USER:
		return "HU:";
	case PERF_CONTEXT_GUEST_KERNEL:
		return "GK:";
	case PERF_CONTEXT_GUEST_USER:
		return "GU:";
	case PERF_CONTEXT_GUEST_DEFERRED:
		return "DEFER:";
	default:
		return NULL;
	}
}

static void log__printf(struct gcd_log *log, const char *fmt, ...)
{
	size_t len = strlen(log->text);
	va_list args;

	va_start(args, fmt);
	vscnprintf(log->text + len, sizeof(log->text) - len, fmt, args);
	va_end(args);
}

static const char *separator(const struct gcd_log *log)
{
	return *log->text ? " " : "";
}

int gcd_log__sample(const struct perf_tool *tool, union perf_event *event __maybe_unused,
		    struct perf_sample *sample, struct evsel *evsel,
		    struct machine *machine __maybe_unused)
{
	struct gcd_log *log = container_of(tool, struct gcd_log, tool);
	bool first = true;
	u64 i;

	log__printf(log, "%s%s%" PRIu64 "[", separator(log), evsel->core.idx ? "S" : "s",
		    sample->time);
	for (i = 0; i < sample->callchain->nr; i++) {
		u64 ip = sample->callchain->ips[i];
		const char *name = context_name(ip);

		if (name)
			log__printf(log, "%s%s", i ? "_" : "", name);
		else
			log__printf(log, "%s%" PRIx64, first ? "" : ",", ip);
		first = name;
	}
	log__printf(log, "]");
	return 0;
}

int gcd_log__event(const struct perf_tool *tool, union perf_event *event,
		   struct perf_sample *sample, struct machine *machine __maybe_unused)
{
	struct gcd_log *log = container_of(tool, struct gcd_log, tool);

	log__printf(log, "%s%s%" PRIu64, separator(log),
		    event->header.type == PERF_RECORD_COMM ? "c" : "r", sample->time);
	return 0;
}

void gcd_log__init(struct gcd_log *log, bool ordered)
{
	memset(log, 0, sizeof(*log));
	perf_tool__init(&log->tool, ordered);
	log->tool.no_warn = true;
	log->tool.sample = gcd_log__sample;
	log->tool.comm = gcd_log__event;
	log->tool.guest_callchain = gcd_log__event;
}

struct perf_session *gcd__read(const char *path, struct gcd_log *log)
{
	struct perf_session *session;

	log->data = (struct perf_data) {
		.path = path, .mode = PERF_DATA_MODE_READ, .force = true,
	};
	session = perf_session__new(&log->data, &log->tool);
	if (IS_ERR(session))
		return NULL;
	if (perf_session__process_events(session)) {
		perf_session__delete(session);
		return NULL;
	}
	return session;
}
