/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Make perf.data files with guest callchains, in either byte order, and read
 * them back as text.
 */
#ifndef _GUEST_CALLCHAIN_DATA_H
#define _GUEST_CALLCHAIN_DATA_H

#include <stdbool.h>
#include <linux/types.h>
#include "util/data.h"
#include "util/tool.h"

struct perf_session;

enum gcd_type { GCD_SAMPLE, GCD_RECORD, GCD_COMM };

/**
 * struct gcd_event - one event to be written
 * @type:    what
 * @time:    timestamp
 * @event:   index of the evsel: 0 or 1
 * @tid:     0 stands for GCD_TID
 * @guest:   a sample that interrupted the guest kernel at 0x11
 * @cookie:  of a record
 * @flags:   of a record
 * @ips, @nr: callchain of a sample or record
 * @section: words of the sections of a record, their size first
 * @nr_section: number of these
 * @claim:   record: write this for nr, if not 0
 */
struct gcd_event {
	enum gcd_type type;
	u64 time;
	u32 event;
	u32 tid;
	bool guest;
	u64 cookie;
	u32 flags;
	u64 ips[8];
	u32 nr;
	u32 section[48];
	u32 nr_section;
	u64 claim;
};

#define GCD_PID		100
#define GCD_TID		101
#define GCD_NR_EVSELS	3
/* The event that wants something else than the others: no user frames */
#define GCD_KERNEL_ONLY	2
/* Of what was taken along with it */
#define GCD_ID		0xa5

#define __GCD_IPS(...)								\
	.ips = { __VA_ARGS__ }, .nr = sizeof((u64[]){ __VA_ARGS__ }) / sizeof(u64)

/* A sample of the host, of the guest, a record, and an event that is none of these */
#define HOST(_time, ...)	{ .type = GCD_SAMPLE, .time = _time, __GCD_IPS(__VA_ARGS__) }
#define GUEST(_time, _cookie)							\
	{ .type = GCD_SAMPLE, .time = _time, .guest = true,			\
	  __GCD_IPS(PERF_CONTEXT_GUEST_DEFERRED, _cookie) }
#define RECORD(_time, _cookie, ...)						\
	{ .type = GCD_RECORD, .time = _time, .cookie = _cookie, __GCD_IPS(__VA_ARGS__) }
#define COMM(_time)			{ .type = GCD_COMM, .time = _time }

/* Short names for the tables */
#define HK	PERF_CONTEXT_KERNEL
#define HU	PERF_CONTEXT_USER
#define GK	PERF_CONTEXT_GUEST_KERNEL
#define GU	PERF_CONTEXT_GUEST_USER
#define DEFER	PERF_CONTEXT_GUEST_DEFERRED

/**
 * gcd__write - write a perf.data file
 * @path:   a template for mkstemp(); gets the file's name
 * @swap:   in the other byte order than this machine's
 * @events: what to write
 * @nr:     how many
 *
 * Return: 0, or -1 with the reason printed.
 */
int gcd__write(char *path, bool swap, const struct gcd_event *events, size_t nr);

/**
 * struct gcd_log - what a tool was given
 * @tool: made by gcd_log__init()
 * @text: one word for each event, with its time: "s10[HK:1,2_GK:a]" for a
 *	  sample, "r11" for a record and "c12" for a comm event
 * @data: of the session, which must be deleted first
 */
struct gcd_log {
	struct perf_tool tool;
	struct perf_data data;
	char text[2048];
};

void gcd_log__init(struct gcd_log *log, bool ordered);

/**
 * gcd__read - read a perf.data file through a session
 * @path: the file
 * @log:  gets the events
 *
 * Return: the session, to be deleted by the caller, with its evlist's stats
 * still there; NULL if reading failed.
 */
struct perf_session *gcd__read(const char *path, struct gcd_log *log);

/** gcd_log__sample, gcd_log__event - add to a log: for tests with no session */
int gcd_log__sample(const struct perf_tool *tool, union perf_event *event,
		    struct perf_sample *sample, struct evsel *evsel,
		    struct machine *machine);
int gcd_log__event(const struct perf_tool *tool, union perf_event *event,
		   struct perf_sample *sample, struct machine *machine);

#endif /* _GUEST_CALLCHAIN_DATA_H */
