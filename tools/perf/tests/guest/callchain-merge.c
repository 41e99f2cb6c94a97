// SPDX-License-Identifier: GPL-2.0
/*
 * Guest callchains find their samples, whatever is lost, late or out of order,
 * and nothing else is delivered in another order than it was.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include <linux/perf_guest_callchain.h>
#include "debug.h"
#include "tests/guest/callchain-data.h"
#include "tests/tests.h"
#include "util/data.h"
#include "util/event.h"
#include "util/evlist.h"
#include "util/evsel.h"
#include "util/guest/callchain/merge.h"
#include "util/sample.h"
#include "util/session.h"

struct merge_case {
	const char *name;
	struct gcd_event events[10];
	/* for a tool that takes events ordered by time, and as they are in the file */
	const char *ordered;
	const char *unordered;
	struct guest_callchain_stats stats;
};

static const struct merge_case cases[] = {
	{
		"guest sample",
		{ GUEST(10, 1), RECORD(11, 1, GK, 0x11, 0x12, GU, 0x21) },
		"s10[GK:11,12_GU:21] r11", NULL, { .merged = 1 },
	}, {
		"host sample keeps its frames",
		{ HOST(10, HK, 1, 2, HU, 3, DEFER, 7), RECORD(11, 7, GK, 0x11, GU, 0x21) },
		"s10[HK:1,2_HU:3_GK:11_GU:21] r11", NULL, { .merged = 1 },
	}, {
		"words after the cookie are kept",
		{ HOST(10, HK, 1, DEFER, 7, HU, 3), RECORD(11, 7, GU, 0x21) },
		"s10[HK:1_GU:21_HU:3] r11", NULL, { .merged = 1 },
	}, {
		"events in between keep their place",
		{ GUEST(10, 1), COMM(11), HOST(12, HK, 1), RECORD(13, 1, GK, 0x11), COMM(14) },
		"s10[GK:11] c11 s12[HK:1] r13 c14", NULL, { .merged = 1 },
	}, {
		"several samples, one cookie",
		{ GUEST(10, 1), HOST(11, HK, 1, DEFER, 1), RECORD(12, 1, GK, 0x11) },
		"s10[GK:11] s11[HK:1_GK:11] r12", NULL, { .merged = 2 },
	}, {
		"several events, one cookie: one record",
		{
			GUEST(10, 1),
			{ .type = GCD_SAMPLE, .time = 11, .event = 1, .guest = true,
			  .ips = { DEFER, 1 }, .nr = 2 },
			RECORD(12, 1, GK, 0x11),
		},
		"s10[GK:11] S11[GK:11] r12", NULL, { .merged = 2 },
	}, {
		"several events with a buffer each: a record each",
		{
			GUEST(10, 1),
			{ .type = GCD_SAMPLE, .time = 11, .event = 1, .guest = true,
			  .ips = { DEFER, 1 }, .nr = 2 },
			RECORD(12, 1, GK, 0x11),
			{ .type = GCD_RECORD, .time = 13, .event = 1, .cookie = 1,
			  .ips = { GK, 0x11 }, .nr = 2 },
		},
		"s10[GK:11] S11[GK:11] r12 r13", NULL, { .merged = 2 },
	}, {
		"an event that wants something else: its own record",
		{
			GUEST(10, 1),
			{ .type = GCD_SAMPLE, .time = 11, .event = GCD_KERNEL_ONLY, .guest = true,
			  .ips = { DEFER, 1 }, .nr = 2 },
			RECORD(12, 1, GK, 0x11, GU, 0x21),
			{ .type = GCD_RECORD, .time = 13, .event = GCD_KERNEL_ONLY, .cookie = 1,
			  .ips = { GK, 0x11 }, .nr = 2 },
		},
		"s10[GK:11_GU:21] S11[GK:11] r12 r13", NULL, { .merged = 2 },
	}, {
		"a record for another thread is not ours",
		{
			GUEST(10, 1),
			{ .type = GCD_RECORD, .time = 11, .tid = 55, .cookie = 1,
			  .ips = { GK, 0x66 }, .nr = 2 },
		},
		"s10[GK:11] r11", NULL, { .missing = 1, .unused = 1 },
	}, {
		"lost record: the sample has its ip",
		{ GUEST(10, 1), COMM(11) },
		"s10[GK:11] c11", NULL, { .missing = 1 },
	}, {
		"lost record: the host frames stay",
		{ HOST(10, HK, 1, DEFER, 7), COMM(11) },
		"s10[HK:1] c11", NULL, { .missing = 1 },
	}, {
		"lost record: the next one ends the wait",
		{ GUEST(10, 1), GUEST(20, 2), RECORD(21, 2, GK, 0x12), GUEST(30, 3) },
		"s10[GK:11] s20[GK:12] r21 s30[GK:11]", NULL, { .merged = 1, .missing = 2 },
	}, {
		"lost sample",
		{ RECORD(11, 1, GK, 0x11), COMM(12) },
		"r11 c12", NULL, { .unused = 1 },
	}, {
		"duplicate record",
		{ GUEST(10, 1), RECORD(11, 1, GK, 0x11), RECORD(12, 1, GK, 0x66) },
		"s10[GK:11] r11 r12", NULL, { .merged = 1, .duplicate = 1 },
	}, {
		"record in the file before its sample",
		{ RECORD(11, 1, GK, 0x12), GUEST(10, 1), GUEST(20, 1) },
		"s10[GK:12] r11 s20[GK:12]", "r11 s10[GK:12] s20[GK:12]", { .merged = 2 },
	}, {
		"no frames in the record",
		{ GUEST(10, 1), { .type = GCD_RECORD, .time = 11, .cookie = 1,
				  .flags = PERF_GUEST_CALLCHAIN_PROTECTED } },
		"s10[GK:11] r11", NULL, { .merged = 1 },
	}, {
		"a record without a mark gets that of its header",
		{ GUEST(10, 1), RECORD(11, 1, 0x11, GU, 0x21) },
		"s10[GK:11_GU:21] r11", NULL, { .merged = 1 },
	}, {
		"a guest cannot name host contexts",
		{ GUEST(10, 1), RECORD(11, 1, GK, 0x11, HK, 0x12, HU, DEFER, GU, 0x21) },
		"s10[GK:11,12_GU:21] r11", NULL, { .merged = 1 },
	}, {
		"the guest's guest has no symbols here",
		{ GUEST(10, 1), { .type = GCD_RECORD, .time = 11, .cookie = 1,
				  .flags = PERF_GUEST_CALLCHAIN_NESTED,
				  .ips = { GK, 0x11, GU, 0x21 }, .nr = 4 } },
		"s10[HV:11,21] r11", NULL, { .merged = 1 },
	}, {
		"a cookie may be missing",
		{ HOST(10, HK, 1, DEFER), COMM(11) },
		"s10[HK:1_DEFER:] c11", NULL, { },
	}, {
		"a cookie may look like a context",
		{ GUEST(10, HK), RECORD(11, HK, GK, 0x12) },
		"s10[GK:12] r11", NULL, { .merged = 1 },
	}, {
		"inline guest contexts pass",
		{ HOST(10, GK, 0x11, GU, 0x21) },
		"s10[GK:11_GU:21]", NULL, { },
	}, {
		"a malformed record is skipped",
		{ GUEST(10, 1), { .type = GCD_RECORD, .time = 11, .cookie = 1, .claim = ~0ULL },
		  COMM(12) },
		"s10[GK:11] c12", NULL, { .missing = 1, .malformed = 1 },
	}, {
		"a record of an unknown event is skipped",
		{ GUEST(10, 1), { .type = GCD_RECORD, .time = 11, .cookie = 1, .event = 77 } },
		"s10[GK:11]", NULL, { .missing = 1, .malformed = 1 },
	},
};

#define LOW(w)		((u32)(w))
#define HIGH(w)		((u32)((u64)(w) >> 32))
#define STACK		0x7ffd00001000ULL
/* BP, SP and IP of user code, and 32 bytes of its stack; the low half of each first */
#define USER_SECTIONS								\
	.section = {								\
		12 * 8, 0,							\
		PERF_GUEST_SECTION_USER_REGS, 6 * 8,				\
		PERF_SAMPLE_REGS_ABI_64, 0, 7 << 6, 0,				\
		LOW(STACK), HIGH(STACK), LOW(STACK), HIGH(STACK), 0x21, 0,	\
		PERF_GUEST_SECTION_USER_STACK, 6 * 8,				\
		LOW(STACK), HIGH(STACK), LOW(STACK + 16), HIGH(STACK + 16),	\
		0x22, 0, 0, 0, LOW(HU), HIGH(HU),				\
	}, .nr_section = 26

#define USER_RECORD(...)							\
	{ .type = GCD_RECORD, .time = 11, .cookie = 1,				\
	  .flags = PERF_GUEST_CALLCHAIN_SECTIONS, __GCD_IPS(__VA_ARGS__), USER_SECTIONS }

/* A record's user stack leads to two frames; a third one would be the host's context. */
static const struct merge_case user_cases[] = {
	{
		"the record has one",
		{ GUEST(10, 1), USER_RECORD(GK, 0x11, 0x12, GU, 0x21) },
		"s10[GK:11,12_GU:21,22] r11", NULL, { .merged = 1 },
	}, {
		"the record has none",
		{ GUEST(10, 1), USER_RECORD(GK, 0x11) },
		"s10[GK:11_GU:21,22] r11", NULL, { .merged = 1 },
	}, {
		"the record has nothing else",
		{ GUEST(10, 1), { .type = GCD_RECORD, .time = 11, .cookie = 1,
				  .flags = PERF_GUEST_CALLCHAIN_SECTIONS, USER_SECTIONS } },
		"s10[GU:21,22] r11", NULL, { .merged = 1 },
	}, {
		"the record has as many",
		{ GUEST(10, 1), USER_RECORD(GU, 0x21, 0x33) },
		"s10[GU:21,22] r11", NULL, { .merged = 1 },
	}, {
		"the record has more",
		{ GUEST(10, 1), USER_RECORD(GK, 0x11, GU, 0x21, 0x33, 0x34) },
		"s10[GK:11_GU:21,33,34] r11", NULL, { .merged = 1 },
	},
};

static size_t nr_events(const struct merge_case *c)
{
	size_t nr = 0;

	while (nr < ARRAY_SIZE(c->events) && c->events[nr].time)
		nr++;
	return nr;
}

static bool stats__equal(const struct guest_callchain_stats *a,
			 const struct guest_callchain_stats *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static int check(const struct merge_case *c, const char *path, bool ordered)
{
	const char *expected = !ordered && c->unordered ? c->unordered : c->ordered;
	struct perf_session *session;
	struct gcd_log log;
	int ret = TEST_OK;

	gcd_log__init(&log, ordered);
	session = gcd__read(path, &log);
	TEST_ASSERT_VAL(c->name, session);

	if (strcmp(log.text, expected)) {
		pr_debug("%s: got '%s', expected '%s'\n", c->name, log.text, expected);
		ret = TEST_FAIL;
	}
	if (!stats__equal(&session->evlist->stats.guest_callchain, &c->stats)) {
		const struct guest_callchain_stats *s = &session->evlist->stats.guest_callchain;

		pr_debug("%s: merged %" PRIu64 " missing %" PRIu64 " evicted %" PRIu64
			 " unused %" PRIu64 " duplicate %" PRIu64 " malformed %" PRIu64 "\n",
			 c->name, s->merged, s->missing, s->evicted, s->unused, s->duplicate,
			 s->malformed);
		ret = TEST_FAIL;
	}
	perf_session__delete(session);
	return ret;
}

static int run_cases(const struct merge_case *list, size_t nr, bool swap, bool ordered)
{
	int ret = TEST_OK;
	size_t i;

	for (i = 0; i < nr; i++) {
		char path[] = "/tmp/perf-guest-callchain-XXXXXX";

		TEST_ASSERT_VAL("write", !gcd__write(path, swap, list[i].events,
						     nr_events(&list[i])));
		if (check(&list[i], path, ordered))
			ret = TEST_FAIL;
		unlink(path);
	}
	return ret;
}

static int test__guest_callchain_ordered(struct test_suite *test __maybe_unused,
					 int subtest __maybe_unused)
{
	return run_cases(cases, ARRAY_SIZE(cases), /*swap=*/false, /*ordered=*/true);
}

static int test__guest_callchain_unordered(struct test_suite *test __maybe_unused,
					   int subtest __maybe_unused)
{
	return run_cases(cases, ARRAY_SIZE(cases), /*swap=*/false, /*ordered=*/false);
}

static int test__guest_callchain_cross_endian(struct test_suite *test __maybe_unused,
					      int subtest __maybe_unused)
{
	return run_cases(cases, ARRAY_SIZE(cases), /*swap=*/true, /*ordered=*/true);
}

/* A guest without files: by the frame pointers on its stack. */
static int test__guest_callchain_user_stack(struct test_suite *test __maybe_unused,
					    int subtest __maybe_unused)
{
	return run_cases(user_cases, ARRAY_SIZE(user_cases), /*swap=*/false, /*ordered=*/true);
}

/* A tool that wants the records gets sample and record as they are in the file. */
static int test__guest_callchain_raw(struct test_suite *test __maybe_unused,
				     int subtest __maybe_unused)
{
	const struct gcd_event events[] = {
		HOST(10, HK, 1, DEFER, 7), RECORD(11, 7, GK, 0x11),
	};
	char path[] = "/tmp/perf-guest-callchain-XXXXXX";
	struct perf_session *session;
	struct gcd_log log;

	TEST_ASSERT_VAL("write", !gcd__write(path, false, events, ARRAY_SIZE(events)));
	gcd_log__init(&log, true);
	log.tool.raw_guest_callchains = true;
	session = gcd__read(path, &log);
	unlink(path);
	TEST_ASSERT_VAL("read", session);
	perf_session__delete(session);
	TEST_ASSERT_VAL("unmerged", !strcmp(log.text, "s10[HK:1_DEFER:7] r11"));
	return TEST_OK;
}

/* @held: events not delivered yet, @left: those that are not when the stream ends */
struct limit_state {
	struct gcd_log log;
	struct evlist *evlist;
	struct guest_callchains *gc;
	u32 held, max_held, left;
};

static int limit__deliver(void *data, union perf_event *event, struct perf_sample *sample,
			  u64 file_offset __maybe_unused, const char *file_path __maybe_unused)
{
	struct limit_state *state = data;

	state->held--;
	if (event->header.type == PERF_RECORD_SAMPLE)
		return gcd_log__sample(&state->log.tool, event, sample,
				       evlist__first(state->evlist), NULL);
	return gcd_log__event(&state->log.tool, event, sample, NULL);
}

static int limit__sample(const struct perf_tool *tool, union perf_event *event,
			 struct perf_sample *sample, struct evsel *evsel __maybe_unused,
			 struct machine *machine __maybe_unused)
{
	struct limit_state *state = container_of(tool, struct limit_state, log.tool);
	int ret;

	state->held++;
	ret = guest_callchains__process(state->gc, event, sample, 0, NULL);
	state->max_held = max(state->max_held, state->held);
	return ret;
}

static int limit__event(const struct perf_tool *tool, union perf_event *event,
			struct perf_sample *sample, struct machine *machine)
{
	return limit__sample(tool, event, sample, NULL, machine);
}

/*
 * Feed raw events of a session to guest callchains with tight limits. Return
 * the log, or NULL.
 */
static const char *run_limited(struct limit_state *state, const struct gcd_event *events,
			       size_t nr, u32 max_events, size_t max_bytes,
			       struct guest_callchain_stats *stats)
{
	char path[] = "/tmp/perf-guest-callchain-XXXXXX";
	struct perf_data data = { .path = path, .mode = PERF_DATA_MODE_READ, .force = true };
	struct perf_session *session;

	if (gcd__write(path, false, events, nr))
		return NULL;
	memset(state, 0, sizeof(*state));
	gcd_log__init(&state->log, true);
	state->log.tool.sample = limit__sample;
	state->log.tool.comm = limit__event;
	state->log.tool.guest_callchain = limit__event;
	state->log.tool.raw_guest_callchains = true;
	session = perf_session__new(&data, &state->log.tool);
	unlink(path);
	if (IS_ERR(session))
		return NULL;

	state->evlist = session->evlist;
	state->gc = guest_callchains__new(session->evlist, true, limit__deliver, state);
	guest_callchains__set_limits(state->gc, max_events, max_bytes);
	if (perf_session__process_events(session))
		state->log.text[0] = '\0';
	state->left = state->held;
	if (guest_callchains__flush(state->gc))
		state->log.text[0] = '\0';
	*stats = session->evlist->stats.guest_callchain;
	guest_callchains__delete(state->gc);
	perf_session__delete(session);
	return state->log.text;
}

static int test__guest_callchain_limits(struct test_suite *test __maybe_unused,
					int subtest __maybe_unused)
{
	const struct gcd_event events[] = {
		GUEST(10, 1), COMM(11), COMM(12), COMM(13), COMM(14), RECORD(15, 1, GK, 0x12),
		GUEST(20, 2), RECORD(21, 2, GK, 0x13),
	};
	const char *late = "s10[GK:11] c11 c12 c13 c14 r15 s20[GK:13] r21";
	const char *at_once = "s10[GK:11] c11 c12 c13 c14 r15 s20[GK:11] r21";
	const char *in_time = "s10[GK:12] c11 c12 c13 c14 r15 s20[GK:13] r21";
	struct guest_callchain_stats stats;
	struct limit_state state;
	const char *text;

	text = run_limited(&state, events, ARRAY_SIZE(events), 3, -1UL, &stats);
	TEST_ASSERT_VAL("delivered when too many wait", text && !strcmp(text, late));
	TEST_ASSERT_VAL("held more than the limit", state.max_held <= 3);
	TEST_ASSERT_VAL("counted", stats.evicted == 1 && stats.missing == 1 &&
			stats.merged == 1 && stats.unused == 1);

	text = run_limited(&state, events, ARRAY_SIZE(events), 1000, 1, &stats);
	TEST_ASSERT_VAL("delivered when too big", text && !strcmp(text, at_once));
	TEST_ASSERT_VAL("nothing is held", state.max_held == 0);

	text = run_limited(&state, events, ARRAY_SIZE(events), 6, -1UL, &stats);
	TEST_ASSERT_VAL("merged within the limit", text && !strcmp(text, in_time));
	TEST_ASSERT_VAL("nothing given up", !stats.evicted && stats.merged == 2);
	return TEST_OK;
}

/* Nobody waits for a record when a later one of the same thread has come. */
static int test__guest_callchain_passed(struct test_suite *test __maybe_unused,
					int subtest __maybe_unused)
{
	const struct gcd_event passed[] = {
		GUEST(10, 1), COMM(11), GUEST(20, 2), RECORD(21, 2, GK, 0x12), COMM(22),
	};
	const struct gcd_event other_thread[] = {
		GUEST(10, 1), COMM(11),
		{ .type = GCD_RECORD, .time = 21, .tid = 55, .cookie = 2, .ips = { GK }, .nr = 1 },
	};
	struct guest_callchain_stats stats;
	struct limit_state state;
	const char *text;

	text = run_limited(&state, passed, ARRAY_SIZE(passed), 1000, -1UL, &stats);
	TEST_ASSERT_VAL("in order", text && !strcmp(text, "s10[GK:11] c11 s20[GK:12] r21 c22"));
	TEST_ASSERT_VAL("still waits", !state.left);
	TEST_ASSERT_VAL("counted", stats.missing == 1 && stats.merged == 1 && !stats.evicted);

	text = run_limited(&state, other_thread, ARRAY_SIZE(other_thread), 1000, -1UL, &stats);
	TEST_ASSERT_VAL("in order", text && !strcmp(text, "s10[GK:11] c11 r21"));
	TEST_ASSERT_VAL("does not wait", state.left == 3);
	return TEST_OK;
}

static struct test_case guest_callchain_merge_tests[] = {
	TEST_CASE("Guest callchain merge, ordered by time", guest_callchain_ordered),
	TEST_CASE("Guest callchain merge, in file order", guest_callchain_unordered),
	TEST_CASE("Guest callchain merge, other byte order", guest_callchain_cross_endian),
	TEST_CASE("Guest callchain merge, user stacks", guest_callchain_user_stack),
	TEST_CASE("Guest callchains not merged", guest_callchain_raw),
	TEST_CASE("Guest callchain merge limits", guest_callchain_limits),
	TEST_CASE("Guest callchain merge, lost records", guest_callchain_passed),
	{ .name = NULL, }
};

struct test_suite suite__guest_callchain_merge = {
	.desc = "Guest callchain merge",
	.test_cases = guest_callchain_merge_tests,
};
