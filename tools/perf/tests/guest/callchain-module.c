// SPDX-License-Identifier: GPL-2.0
/*
 * The chains of the module for unpatched hosts find their samples, or none do: streams of
 * events by construction.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include <linux/perf_guest_callchain.h>
#ifdef HAVE_LIBTRACEEVENT
#include <traceevent/event-parse.h>
#endif
#include "debug.h"
#include "internal/evsel.h"
#include "tests/guest/callchain-data.h"
#include "tests/tests.h"
#include "util/event.h"
#include "util/evlist.h"
#include "util/evsel.h"
#include "util/guest/callchain/merge.h"
#include "util/guest/callchain/module.h"
#include "util/guest/callchain/module-attr.h"
#include "util/guest/callchain/module-event.h"
#include "util/sample.h"

#ifdef HAVE_LIBTRACEEVENT

#define IP	0x11
#define CPU	3

enum type { END, SAMPLE, CHAIN, LOST };

/* Which event; the chain's is one of its own */
enum { FIRST, OTHER, KERNEL_ONLY, USER_ONLY, TWO_FRAMES, NO_CHAIN, PATCHED, TRACEPOINT, NR_EVENTS };

/**
 * struct made - an event of a stream
 * @host:    sample: not in the guest
 * @cpu:     0 stands for CPU
 * @tid:     0 stands for GCD_TID
 * @ip:      of a sample, and the one a chain says; 0 stands for IP
 * @samples: of a chain; 0 stands for 1
 * @flags:   of a chain
 * @claim:   of a chain: its nr, if not 0
 * @size:    of a chain: bytes of its array, as the field says, if not 0
 * @offset:  of a chain: where that is, if not 0
 * @cut:     of a chain: bytes that are missing at its end
 * @more:    of a chain: words behind its ips
 * @ips, @nr: of a chain, and of a sample behind the kernel's marks
 */
struct made {
	enum type type;
	u64 time;
	u32 event;
	bool host;
	u32 cpu, tid;
	u64 ip;
	u32 samples, flags, claim, size, offset, cut, more;
	u64 ips[8];
	u32 nr;
};

/* As /sys/kernel/tracing/events/kvm_callchain/guest_callchain/format has it */
static const char format[] =
	"name: guest_callchain\n"
	"ID: 1234\n"
	"format:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
	"\n"
	"\tfield:u64 ip;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:u64 root;\toffset:16;\tsize:8;\tsigned:0;\n"
	"\tfield:u32 vcpu;\toffset:24;\tsize:4;\tsigned:0;\n"
	"\tfield:u32 vmm;\toffset:28;\tsize:4;\tsigned:0;\n"
	"\tfield:u32 flags;\toffset:32;\tsize:4;\tsigned:0;\n"
	"\tfield:u32 samples;\toffset:36;\tsize:4;\tsigned:0;\n"
	"\tfield:u32 nr;\toffset:40;\tsize:4;\tsigned:0;\n"
	"\tfield:__data_loc u64[] ips;\toffset:44;\tsize:4;\tsigned:0;\n"
	"\n"
	"print fmt: \"vmm=%u\", REC->vmm\n";

#define OFFSET_OF_IPS	48
#define VCPU		2

struct stream {
	struct gcd_log log;
	struct tep_handle *tep;
	struct evlist *evlist;
	struct guest_callchains *gc;
	union perf_event *event;
	u64 nr_with_vcpu;
};

static u64 sample_type(u32 event)
{
	u64 type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
		   PERF_SAMPLE_CPU;

	if (event == TRACEPOINT)
		return type | PERF_SAMPLE_RAW;
	return event == NO_CHAIN ? type : type | PERF_SAMPLE_CALLCHAIN;
}

static int add_event(struct stream *stream, u32 event)
{
	bool tracepoint = event == TRACEPOINT;
	struct perf_event_attr attr = {
		.size			= sizeof(attr),
		.type			= tracepoint ? PERF_TYPE_TRACEPOINT : PERF_TYPE_SOFTWARE,
		.config			= tracepoint ? 1234 : PERF_COUNT_SW_CPU_CLOCK,
		.sample_type		= sample_type(event),
		.sample_id_all		= 1,
		.exclude_callchain_user	= event == KERNEL_ONLY,
		.exclude_kernel		= event == USER_ONLY,
		.sample_max_stack	= event == TWO_FRAMES ? 2 : 0,
		.guest_callchain	= event == PATCHED,
	};
	struct evsel *evsel = evsel__new(&attr);

	if (!evsel || perf_evsel__alloc_id(&evsel->core, 1, 1))
		return -1;
	if (tracepoint)
		evsel->tp_format = tep_find_event(stream->tep, 1234);
	evlist__add(stream->evlist, evsel);
	perf_evlist__id_add(&stream->evlist->core, &evsel->core, 0, 0, 1000 + event);
	return 0;
}

static int deliver(void *data, union perf_event *event, struct perf_sample *sample,
		   u64 file_offset __maybe_unused, const char *file_path __maybe_unused)
{
	struct stream *stream = data;
	static struct ip_callchain { u64 nr; } none;

	if (event->header.type != PERF_RECORD_SAMPLE)
		return gcd_log__event(&stream->log.tool, event, sample, NULL);
	stream->nr_with_vcpu += perf_sample__guest_vcpu(sample) == VCPU;
	if (!sample->callchain)
		sample->callchain = (void *)&none;
	return gcd_log__sample(&stream->log.tool, event, sample,
			       evlist__id2evsel(stream->evlist, sample->id), NULL);
}

static int stream__open(struct stream *stream, bool ordered)
{
	u32 event;

	memset(stream, 0, sizeof(*stream));
	gcd_log__init(&stream->log, ordered);
	stream->tep = tep_alloc();
	stream->evlist = evlist__new();
	if (!stream->tep || !stream->evlist ||
	    tep_parse_event(stream->tep, format, strlen(format), "kvm_callchain"))
		return -1;
	for (event = 0; event < NR_EVENTS; event++) {
		if (add_event(stream, event))
			return -1;
	}
	evlist__set_id_pos(stream->evlist);
	stream->gc = guest_callchains__new(stream->evlist, ordered, deliver, stream);
	stream->event = calloc(1, PERF_SAMPLE_MAX_SIZE);
	return stream->gc && stream->event ? 0 : -1;
}

static void stream__close(struct stream *stream)
{
	guest_callchains__delete(stream->gc);
	evlist__delete(stream->evlist);
	tep_free(stream->tep);
	free(stream->event);
}

/* What struct sample_id and the begin of a sample have in common, in the same order */
static __u64 *put_where(__u64 *at, const struct made *made)
{
	u32 pair[] = { GCD_PID, made->tid ?: GCD_TID, made->cpu ?: CPU, 0 };

	memcpy(at++, &pair[0], sizeof(*at));
	*at++ = made->time;
	memcpy(at++, &pair[2], sizeof(*at));
	return at;
}

/* A kernel without our patches has two marks in samples of a guest. */
static __u64 *put_callchain(__u64 *at, const struct made *made)
{
	*at++ = 2 + made->nr;
	*at++ = PERF_CONTEXT_KERNEL;
	if (made->nr) {
		memcpy(at, made->ips, made->nr * sizeof(u64));
		at += made->nr;
	}
	*at++ = PERF_CONTEXT_USER;
	return at;
}

static __u64 *put_raw(__u64 *at, const struct made *made)
{
	u32 words = made->nr + made->more, size = made->size ?: words * sizeof(u64);
	u32 raw_size = OFFSET_OF_IPS + words * sizeof(u64) + 4 - made->cut;
	u32 raw[] = {
		raw_size,
		1234, GCD_PID, made->ip ?: IP, (made->ip ?: IP) >> 32, 0xcafe000, 0,
		VCPU, GCD_PID, made->flags, made->samples ?: 1, made->claim ?: words,
		(made->offset ?: OFFSET_OF_IPS) | size << 16,
	};
	void *raw_at = at;

	memcpy(raw_at, raw, sizeof(raw));
	memcpy(raw_at + sizeof(raw), made->ips, made->nr * sizeof(u64));
	return raw_at + sizeof(u32) + raw_size;
}

static void make(union perf_event *event, const struct made *made)
{
	u32 which = made->type == CHAIN ? TRACEPOINT : made->event;
	__u64 *at = event->sample.array;

	event->header.type = made->type == LOST ? PERF_RECORD_LOST : PERF_RECORD_SAMPLE;
	event->header.misc = made->type == LOST ? 0 : made->host ? PERF_RECORD_MISC_KERNEL :
						      PERF_RECORD_MISC_GUEST_KERNEL;
	if (made->type == LOST) {
		*at++ = 1000 + which;
		*at++ = 1;
		at = put_where(at, made);
		*at++ = 1000 + which;
	} else {
		*at++ = 1000 + which;
		*at++ = made->ip ?: IP;
		at = put_where(at, made);
		if (sample_type(which) & PERF_SAMPLE_CALLCHAIN)
			at = put_callchain(at, made);
		else if (which == TRACEPOINT)
			at = put_raw(at, made);
	}
	event->header.size = (void *)at - (void *)event;
}

struct module_case {
	const char *name;
	struct made made[12];
	const char *expected;
	struct guest_callchain_stats stats;
};

#define S(_time, ...)	{ .type = SAMPLE, .time = _time, __VA_ARGS__ }
#define C(_time, ...)	{ .type = CHAIN, .time = _time, __VA_ARGS__ }
#define L(_time, ...)	{ .type = LOST, .time = _time, __VA_ARGS__ }
#define IPS(...)	__GCD_IPS(__VA_ARGS__)
#define A		IPS(GK, IP, 0x12, GU, 0x21)
#define B		IPS(GK, IP, 0x66)

/* Samples without a chain have their own address. */
static const struct module_case cases[] = {
	{
		"a sample and its chain",
		{ S(10), C(11, A) },
		"s10[GK:11,12_GU:21] r11", { .merged = 1 },
	}, {
		"each its own",
		{ S(10), C(11, A), S(20), C(21, B) },
		"s10[GK:11,12_GU:21] r11 s20[GK:11,66] r21", { .merged = 2 },
	}, {
		"samples of the host in between",
		{ S(10), S(11, .host = true, IPS(0x99)), C(12, A) },
		"s10[GK:11,12_GU:21] s11[HK:99_HU:] r12", { .merged = 1 },
	}, {
		"two events, one chain",
		{ S(10), S(11, .event = OTHER), C(12, .samples = 2, A) },
		"s10[GK:11,12_GU:21] S11[GK:11,12_GU:21] r12 r12", { .merged = 2 },
	}, {
		"one of its samples is somebody else's",
		{ S(10), C(12, .samples = 2, A) },
		"s10[GK:11,12_GU:21] r12", { .merged = 1 },
	}, {
		"more samples than it is of: the last ones",
		{ S(10), S(11), C(12, A) },
		"s10[GK:11] s11[GK:11,12_GU:21] r12", { .merged = 1, .missing = 1 },
	}, {
		"and none of those before it gets the next chain",
		{ S(10), S(11), C(12, A), C(13, B) },
		"s10[GK:11] s11[GK:11,12_GU:21] r12",
		{ .merged = 1, .missing = 1, .unused = 1 },
	}, {
		"a sample without callchain is one that it is of",
		{ S(10), S(11), S(12, .event = NO_CHAIN), C(13, .samples = 2, A) },
		"s10[GK:11] s11[GK:11,12_GU:21] S12[] r13", { .merged = 1, .missing = 1 },
	}, {
		"a chain before its sample",
		{ C(10, A), S(11) },
		"s11[GK:11]", { .missing = 1, .unused = 1 },
	}, {
		"chains that are swapped",
		{ S(10, .ip = 0x31), S(11), C(12, .ip = 0x31, B), C(13, A) },
		"s10[GK:31] s11[GK:11]", { .missing = 2, .unused = 2 },
	}, {
		"another ip",
		{ S(10), C(11, .ip = 0x12, A) },
		"s10[GK:11]", { .missing = 1, .unused = 1 },
	}, {
		"another CPU",
		{ S(10), C(11, .cpu = 4, A) },
		"s10[GK:11]", { .missing = 1, .unused = 1 },
	}, {
		"no CPU at all",
		{ S(10, .cpu = -1), C(11, .cpu = -1, A) },
		"s10[HK:_HU:]", { .unused = 1 },
	}, {
		"CPUs have their own order",
		{ S(10), S(11, .cpu = 9, .tid = 55), C(12, .cpu = 9, .tid = 55, B), C(13, A) },
		"s10[GK:11,12_GU:21] s11[GK:11,66] r12 r13", { .merged = 2 },
	}, {
		"another thread",
		{ S(10), C(11, .tid = 55, A) },
		"s10[GK:11]", { .missing = 1, .unused = 1 },
	}, {
		"the CPU was with another guest",
		{ S(10), S(11, .tid = 55), C(12, .samples = 2, A) },
		"s10[GK:11] s11[GK:11]", { .missing = 2, .unused = 1 },
	}, {
		"the guest was elsewhere",
		{ S(10), S(11, .ip = 0x31), C(12, .samples = 2, A) },
		"s10[GK:11] s11[GK:31]", { .missing = 2, .unused = 1 },
	}, {
		"the CPU was with another guest before",
		{ S(10, .tid = 55), S(11), C(12, .samples = 2, A) },
		"s10[GK:11] s11[GK:11,12_GU:21] r12", { .merged = 1, .missing = 1 },
	}, {
		"the guest was elsewhere before",
		{ S(10, .ip = 0x31), S(11), C(12, .samples = 2, A) },
		"s10[GK:31] s11[GK:11,12_GU:21] r12", { .merged = 1, .missing = 1 },
	}, {
		"a chain was lost, and the next sample",
		{ S(10), L(12), C(12, A) },
		"s10[GK:11] r12", { .missing = 1, .unused = 1 },
	}, {
		"what another CPU has lost is nothing to us",
		{ S(10), L(11, .cpu = 4), C(12, A) },
		"s10[GK:11,12_GU:21] r11 r12", { .merged = 1 },
	}, {
		"a loss of who knows which CPU",
		{ S(10), L(11, .cpu = -1), C(12, A) },
		"s10[GK:11] r11", { .missing = 1, .unused = 1 },
	}, {
		"a chain with nothing in it",
		{ S(10), C(11, .flags = PERF_GUEST_CALLCHAIN_STALE) },
		"s10[GK:11] r11", { .merged = 1 },
	}, {
		"an encrypted guest, whose ip nobody knows",
		{ S(10), C(11, .ip = 0x12, .flags = PERF_GUEST_CALLCHAIN_PROTECTED) },
		"s10[GK:11] r11", { .merged = 1 },
	}, {
		"but with something in it",
		{ S(10), C(11, .ip = 0x12, .flags = PERF_GUEST_CALLCHAIN_PROTECTED, A) },
		"s10[GK:11]", { .missing = 1, .unused = 1 },
	}, {
		"the guest's guest",
		{ S(10), C(11, .flags = PERF_GUEST_CALLCHAIN_NESTED |
				       PERF_GUEST_CALLCHAIN_NO_WALK, IPS(GK, IP)) },
		"s10[HV:11] r11", { .merged = 1 },
	}, {
		"marks of the host's in it",
		{ S(10), C(11, IPS(GK, IP, HK, 0x12, HU, DEFER)) },
		"s10[GK:11,12] r11", { .merged = 1 },
	}, {
		"frames of the kernel alone are wanted",
		{ S(10, .event = KERNEL_ONLY), C(11, A) },
		"S10[GK:11,12] r11", { .merged = 1 },
	}, {
		"frames of user code alone are wanted",
		{ S(10, .event = USER_ONLY), C(11, A) },
		"S10[GU:21] r11", { .merged = 1 },
	}, {
		"two frames are wanted",
		{ S(10, .event = TWO_FRAMES), C(11, IPS(GK, IP, GU, 0x21, 0x22)) },
		"S10[GK:11_GU:21] r11", { .merged = 1 },
	}, {
		"each event what it wants",
		{ S(10, .event = USER_ONLY), S(11, .event = KERNEL_ONLY), S(12),
		  C(13, .samples = 3, A) },
		"S10[GU:21] S11[GK:11,12] s12[GK:11,12_GU:21] r13 r13 r13", { .merged = 3 },
	}, {
		"an event whose chains the kernel has",
		{ S(10, .event = PATCHED), C(11, A) },
		"S10[HK:_HU:]", { },
	}, {
		"merged before",
		{ S(10, IPS(IP, 0x12)), C(11, B) },
		"s10[HK:11,12_HU:]", { },
	},
};

/* A chain that is malformed: the sample has its address, and one that is well comes after. */
static const struct {
	const char *name;
	struct made chain;
} malformed[] = {
	{ "nr of no end",		C(11, .claim = 0x20000000, A) },
	{ "nr and size that wrap",	C(11, .claim = 0x20000005, A) },
	{ "more than there are",	C(11, .claim = 6, A) },
	{ "fewer than there are",	C(11, .claim = 4, A) },
	{ "an array of no end",		C(11, .claim = 0x1ffe, .size = 0xfff0, A) },
	{ "an array too large",		C(11, .more = HOST_MODULE_WORDS - 4, A) },
	{ "an array behind the end",	C(11, .offset = 0xfff0, A) },
	{ "an array over the end",	C(11, .offset = OFFSET_OF_IPS + 5, A) },
	{ "an array cut off",		C(11, .cut = 8, A) },
	{ "a field cut off",		C(11, .cut = 8) },
	{ "fields cut off",		C(11, .cut = 24) },
	{ "nothing at all",		C(11, .cut = 48) },
	{ "sections",			C(11, .flags = PERF_GUEST_CALLCHAIN_SECTIONS, A) },
	{ "flags that nobody knows",	C(11, .flags = 0x80000000, A) },
};

static int stream__feed(struct stream *stream, const struct made *made, size_t nr)
{
	struct perf_sample sample;
	size_t i;

	for (i = 0; i < nr && made[i].type != END; i++) {
		make(stream->event, &made[i]);
		if (evlist__parse_sample(stream->evlist, stream->event, &sample) ||
		    guest_callchains__process(stream->gc, stream->event, &sample, 0, NULL))
			return -1;
	}
	return 0;
}

/* Is it @expected that comes out, and counted? */
static int stream__check(struct stream *stream, const char *name, const char *expected,
			 const struct guest_callchain_stats *stats)
{
	const struct guest_callchain_stats *are = &stream->evlist->stats.guest_callchain;

	if (!guest_callchains__flush(stream->gc) && !strcmp(stream->log.text, expected) &&
	    !memcmp(are, stats, sizeof(*are)))
		return TEST_OK;
	pr_debug("%s: got '%s', expected '%s'; merged %" PRIu64 " missing %" PRIu64 " unused %"
		 PRIu64 " duplicate %" PRIu64 " malformed %" PRIu64 "\n", name, stream->log.text,
		 expected, are->merged, are->missing, are->unused, are->duplicate,
		 are->malformed);
	return TEST_FAIL;
}

static int run_case(const struct module_case *c, bool ordered)
{
	struct stream stream;
	int ret;

	TEST_ASSERT_VAL("open", !stream__open(&stream, ordered));
	TEST_ASSERT_VAL("feed", !stream__feed(&stream, c->made, ARRAY_SIZE(c->made)));
	ret = stream__check(&stream, c->name, c->expected, &c->stats);
	TEST_ASSERT_EQUAL("samples with a vCPU", (int)stream.nr_with_vcpu, (int)c->stats.merged);
	stream__close(&stream);
	return ret;
}

static int test__guest_module_match(struct test_suite *test __maybe_unused,
				    int subtest __maybe_unused)
{
	int ret = TEST_OK;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (run_case(&cases[i], true) || run_case(&cases[i], false))
			ret = TEST_FAIL;
	}
	return ret;
}

static int test__guest_module_malformed(struct test_suite *test __maybe_unused,
					int subtest __maybe_unused)
{
	const struct guest_callchain_stats stats = { .merged = 1, .missing = 1, .malformed = 1 };
	const struct made before = S(10), after[] = { S(20), C(21, A) };
	struct stream stream;
	int ret = TEST_OK;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(malformed); i++) {
		TEST_ASSERT_VAL("open", !stream__open(&stream, true));
		TEST_ASSERT_VAL("feed", !stream__feed(&stream, &before, 1) &&
				!stream__feed(&stream, &malformed[i].chain, 1) &&
				!stream__feed(&stream, after, 2));
		if (stream__check(&stream, malformed[i].name,
				  "s10[GK:11] s20[GK:11,12_GU:21] r21", &stats))
			ret = TEST_FAIL;
		stream__close(&stream);
	}
	return ret;
}

/* A module whose tracepoint is another one is not believed in anything. */
static int test__guest_module_format(struct test_suite *test __maybe_unused,
				     int subtest __maybe_unused)
{
	const struct guest_callchain_stats stats = { .missing = 1, .malformed = 1 };
	const struct made made[] = { S(10), C(11, A) };
	static const char * const names[] = {
		"ip", "root", "vcpu", "flags", "samples", "nr", "ips",
	};
	struct tep_format_field *field;
	struct stream stream;
	int ret = TEST_OK, offset;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names) * 2; i++) {
		TEST_ASSERT_VAL("open", !stream__open(&stream, true));
		field = tep_find_field(evlist__last(stream.evlist)->tp_format, names[i / 2]);
		TEST_ASSERT_VAL("field", field);
		offset = field->offset;
		if (i % 2)
			field->size = 2;
		else
			field->offset = i % 4 ? -8 : 0x7fffffff;
		TEST_ASSERT_VAL("feed", !stream__feed(&stream, made, ARRAY_SIZE(made)));
		if (stream__check(&stream, names[i / 2], "s10[GK:11]", &stats))
			ret = TEST_FAIL;
		field->offset = offset;
		stream__close(&stream);
	}
	return ret;
}

/* More samples than have a place: it is the last ones that a chain is of. */
static int test__guest_module_many(struct test_suite *test __maybe_unused,
				   int subtest __maybe_unused)
{
	const struct made chain = C(1000, .samples = -1, IPS(GK, IP, 0x12));
	struct made sample = S(10);
	struct guest_callchain_stats *stats;
	struct stream stream;
	int i;

	TEST_ASSERT_VAL("open", !stream__open(&stream, true));
	for (i = 0; i < HOST_MODULE_SAMPLES + 5; i++, sample.time++)
		TEST_ASSERT_VAL("sample", !stream__feed(&stream, &sample, 1));
	TEST_ASSERT_VAL("chain", !stream__feed(&stream, &chain, 1));
	TEST_ASSERT_VAL("flush", !guest_callchains__flush(stream.gc));
	stats = &stream.evlist->stats.guest_callchain;
	TEST_ASSERT_EQUAL("merged", (int)stats->merged, HOST_MODULE_SAMPLES);
	TEST_ASSERT_EQUAL("missing", (int)stats->missing, 5);
	TEST_ASSERT_VAL("the oldest", strstr(stream.log.text, "s14[GK:11] s15[GK:11,12]"));
	stream__close(&stream);
	return TEST_OK;
}

/* Who asks for it has the tracepoint, too. */
static int test__host_module_shown(struct test_suite *test __maybe_unused,
				    int subtest __maybe_unused)
{
	const struct guest_callchain_stats stats = { .merged = 2 };
	const struct made made[] = { S(10), C(11, A), S(20), C(21, B) };
	struct stream stream;
	int ret;

	TEST_ASSERT_VAL("open", !stream__open(&stream, true));
	host_module_shown = true;
	ret = stream__feed(&stream, made, ARRAY_SIZE(made));
	host_module_shown = false;
	TEST_ASSERT_VAL("feed", !ret);
	ret = stream__check(&stream, "shown",
			    "s10[GK:11,12_GU:21] r11 S11[] s20[GK:11,66] r21 S21[]", &stats);
	stream__close(&stream);
	return ret;
}

/* perf record -F 250 --call-graph dwarf, of guests alone and of the host as well */
static void config_as_recorded(struct evlist *evlist)
{
	struct evsel *evsel;

	evlist__for_each_entry(evlist, evsel) {
		evsel__set_sample_bit(evsel, CALLCHAIN);
		evsel__set_sample_bit(evsel, REGS_USER);
		evsel__set_sample_bit(evsel, STACK_USER);
		evsel__reset_sample_bit(evsel, CPU);
		evsel->core.attr.sample_regs_user = 1;
		evsel->core.attr.sample_stack_user = 8192;
		evsel->core.attr.exclude_callchain_user = 1;
		evsel->core.attr.freq = 1;
		evsel->core.attr.sample_freq = 250;
		evsel->core.attr.exclude_host = evsel->core.idx != OTHER;
		evsel->core.attr.disabled = 1;
	}
}

static int test__guest_module_config(struct test_suite *test __maybe_unused,
				     int subtest __maybe_unused)
{
	const u64 user = PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
	struct perf_event_attr *attr;
	struct stream stream;
	struct evsel *evsel;

	TEST_ASSERT_VAL("open", !stream__open(&stream, true));
	config_as_recorded(stream.evlist);
	TEST_ASSERT_VAL("there", host_module__config(stream.evlist));
	evlist__for_each_entry(stream.evlist, evsel) {
		attr = &evsel->core.attr;
		TEST_ASSERT_VAL("CPU", attr->sample_type & PERF_SAMPLE_CPU);
		TEST_ASSERT_VAL("of all records", attr->sample_id_all);
		TEST_ASSERT_VAL("the VMM's stack in samples of the host alone",
				!(attr->sample_type & user) == (evsel->core.idx != OTHER));
	}

	attr = &evlist__last(stream.evlist)->core.attr;
	TEST_ASSERT_VAL("each", !attr->freq && attr->sample_period == 1);
	TEST_ASSERT_VAL("no callchain", !(attr->sample_type & PERF_SAMPLE_CALLCHAIN));
	TEST_ASSERT_VAL("in the host, too", !attr->exclude_host && !attr->exclude_guest);

	TEST_ASSERT_VAL("before and after all others",
			!attr->disabled && evlist__last(stream.evlist)->immediate);

	attr = &evlist__first(stream.evlist)->core.attr;
	TEST_ASSERT_VAL("when all are enabled",
			attr->disabled && !evlist__first(stream.evlist)->immediate);
	TEST_ASSERT_VAL("as often as before", attr->freq && attr->sample_freq == 250);
	TEST_ASSERT_VAL("guests' user frames", !attr->exclude_callchain_user);
	TEST_ASSERT_VAL("callchain", attr->sample_type & PERF_SAMPLE_CALLCHAIN);

	evlist__last(stream.evlist)->core.attr.type = PERF_TYPE_SOFTWARE;
	TEST_ASSERT_VAL("not there", !host_module__config(stream.evlist));
	stream__close(&stream);
	return TEST_OK;
}

static struct test_case guest_callchain_module_tests[] = {
	TEST_CASE("Guest callchain module, what is recorded", guest_module_config),
	TEST_CASE("Guest callchain module, which chain is whose", guest_module_match),
	TEST_CASE("Guest callchain module, malformed chains", guest_module_malformed),
	TEST_CASE("Guest callchain module, other formats", guest_module_format),
	TEST_CASE("Guest callchain module, many samples", guest_module_many),
	TEST_CASE("Guest callchain module, its tracepoint shown", host_module_shown),
	{ .name = NULL, }
};
#else
static struct test_case guest_callchain_module_tests[] = {
	{ .name = NULL, }
};
#endif /* HAVE_LIBTRACEEVENT */

struct test_suite suite__guest_callchain_module = {
	.desc = "Guest callchain module",
	.test_cases = guest_callchain_module_tests,
};
