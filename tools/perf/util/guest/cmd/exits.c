// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_exit with the guest's callchain, up to the kvm_entry that follows in the
 * same thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/zalloc.h>
#include "callchain.h"
#include "data.h"
#include "debug.h"
#include "dso.h"
#include "evlist.h"
#include "evsel.h"
#include "guest/cmd/exits.h"
#include "guest/vm/vm.h"
#include "guest/snapshot/lookup.h"
#include "hashmap.h"
#include "kvm-stat.h"
#include "machine.h"
#include "sample.h"
#include "session.h"
#include "symbol.h"
#include "thread.h"
#include "tool.h"
#include "util.h"

#ifdef HAVE_KVM_STAT_SUPPORT

#define PATH_LEN	1024
#define ENTRIES_MAX	100000	/* guests can make up paths: bound the memory */

/* Exits of a guest for the same reason in the same place. */
struct guest_exit {
	pid_t	pid;
	u64	reason;
	u64	count;
	u64	entries;	/* of these exits, those whose kvm_entry was seen */
	u64	time, max;	/* ns, from those exits to their entries */
	char	path[];
};

/* A vCPU thread that is outside of its guest. */
struct guest_outside {
	struct guest_exit *exit;
	u64		  since;
};

struct guest_exits {
	struct perf_tool	tool;
	struct perf_session	*session;
	struct perf_kvm_stat	kvm;
	struct hashmap		*exits;		/* of struct guest_exit, which is its own key */
	struct hashmap		*outside;	/* tid to struct guest_outside */
	u64			dropped;
	int			depth;
};

static size_t exit_hash(long key, void *ctx __maybe_unused)
{
	const struct guest_exit *exit = (const struct guest_exit *)key;

	return str_hash(exit->path) * 31 + exit->reason * 17 + exit->pid;
}

static bool exit_equal(long a, long b, void *ctx __maybe_unused)
{
	const struct guest_exit *l = (const struct guest_exit *)a;
	const struct guest_exit *r = (const struct guest_exit *)b;

	return l->pid == r->pid && l->reason == r->reason && !strcmp(l->path, r->path);
}

static size_t tid_hash(long key, void *ctx __maybe_unused)
{
	return key;
}

static bool tid_equal(long a, long b, void *ctx __maybe_unused)
{
	return a == b;
}

/* "leaf < caller < its caller" */
static void print_path(struct guest_exits *exits, struct callchain_cursor *cursor, char *path)
{
	struct callchain_cursor_node *node;
	int n = 0, frames = 0;

	callchain_cursor_commit(cursor);
	while ((node = callchain_cursor_current(cursor)) && frames < exits->depth) {
		callchain_cursor_advance(cursor);
		if (!guest_frame__pid(&node->ms))
			continue;
		n += scnprintf(path + n, PATH_LEN - n, "%s", frames++ ? " < " : "");
		if (node->ms.sym)
			n += scnprintf(path + n, PATH_LEN - n, "%s", node->ms.sym->name);
		else
			n += scnprintf(path + n, PATH_LEN - n, "[%#" PRIx64 "]", node->ip);
	}
	if (!n)
		strlcpy(path, "[no callchain]", PATH_LEN);
}

static void resolve_path(struct guest_exits *exits, struct evsel *evsel,
			 struct perf_sample *sample, struct machine *machine, char *path)
{
	struct callchain_cursor *cursor = get_tls_callchain_cursor();
	struct thread *thread = machine__findnew_thread(machine, sample->pid, sample->tid);

	strlcpy(path, "[no callchain]", PATH_LEN);
	if (cursor && thread && sample->callchain &&
	    !thread__resolve_callchain(thread, cursor, evsel, sample, NULL, NULL,
				       sysctl__max_stack()))
		print_path(exits, cursor, path);
	thread__put(thread);
}

static struct guest_exit *findnew_exit(struct guest_exits *exits, pid_t pid, u64 reason,
				       const char *path)
{
	struct guest_exit *exit, *found;

	exit = zalloc(sizeof(*exit) + strlen(path) + 1);
	if (!exit)
		return NULL;
	exit->pid = pid;
	exit->reason = reason;
	strcpy(exit->path, path);

	if (hashmap__find(exits->exits, exit, &found)) {
		free(exit);
		return found;
	}
	if (hashmap__size(exits->exits) >= ENTRIES_MAX ||
	    hashmap__add(exits->exits, exit, exit)) {
		free(exit);
		return NULL;
	}
	return exit;
}

static struct guest_outside *findnew_outside(struct guest_exits *exits, pid_t tid)
{
	struct guest_outside *outside;

	if (hashmap__find(exits->outside, tid, &outside))
		return outside;
	outside = zalloc(sizeof(*outside));
	if (outside && hashmap__add(exits->outside, tid, outside))
		zfree(&outside);
	return outside;
}

static void process_exit(struct guest_exits *exits, struct evsel *evsel,
			 struct perf_sample *sample, struct machine *machine)
{
	u64 reason = evsel__intval(evsel, sample, kvm_exit_reason);
	struct guest_outside *outside = findnew_outside(exits, sample->tid);
	struct guest_exit *exit;
	char path[PATH_LEN];

	resolve_path(exits, evsel, sample, machine, path);
	exit = findnew_exit(exits, sample->pid, reason, path);
	if (!exit) {
		exits->dropped++;
		return;
	}
	exit->count++;
	if (outside) {
		outside->exit = exit;
		outside->since = sample->time;
	}
}

static void process_entry(struct guest_exits *exits, struct perf_sample *sample)
{
	struct guest_outside *outside = findnew_outside(exits, sample->tid);
	u64 time;

	if (!outside || !outside->exit || sample->time < outside->since)
		return;
	time = sample->time - outside->since;
	outside->exit->entries++;
	outside->exit->time += time;
	outside->exit->max = max(outside->exit->max, time);
	outside->exit = NULL;
}

static int process_sample(const struct perf_tool *tool, union perf_event *event __maybe_unused,
			  struct perf_sample *sample, struct evsel *evsel,
			  struct machine *machine)
{
	struct guest_exits *exits = container_of(tool, struct guest_exits, tool);

	if (kvm_exit_event(evsel))
		process_exit(exits, evsel, sample, machine);
	else if (kvm_entry_event(evsel))
		process_entry(exits, sample);
	return 0;
}

static int cmp_exit(const void *a, const void *b)
{
	const struct guest_exit *l = *(struct guest_exit * const *)a;
	const struct guest_exit *r = *(struct guest_exit * const *)b;

	if (l->time != r->time)
		return l->time < r->time ? 1 : -1;
	if (l->count != r->count)
		return l->count < r->count ? 1 : -1;
	return strcmp(l->path, r->path);
}

static const char *reason_name(struct guest_exits *exits, u64 reason, char *buf, size_t size)
{
	struct exit_reasons_table *entry = exits->kvm.exit_reasons;

	for (; entry && entry->reason; entry++) {
		if (entry->exit_code == reason)
			return entry->reason;
	}
	snprintf(buf, size, "%#" PRIx64, reason);
	return buf;
}

static void print_exit(struct guest_exits *exits, const struct guest_exit *exit, FILE *fp)
{
	u64 time = exit->entries ? exit->time / exit->entries : 0;
	char name[GUEST_NAME_MAX], reason[32];

	fprintf(fp, "%-16s %-20s %9" PRIu64 " %12.3f %10.3f %10.3f  %s\n",
		guest_snapshot__name(symbol_conf.guestmount ?: "", exit->pid, name, sizeof(name)),
		reason_name(exits, exit->reason, reason, sizeof(reason)), exit->count,
		(double)exit->time / NSEC_PER_MSEC, (double)time / NSEC_PER_USEC,
		(double)exit->max / NSEC_PER_USEC, exit->path);
}

static int print_exits(struct guest_exits *exits, int limit, FILE *fp)
{
	size_t bkt, i = 0, nr = hashmap__size(exits->exits);
	struct guest_exit **sorted = calloc(nr ?: 1, sizeof(*sorted));
	struct hashmap_entry *entry;

	if (!sorted)
		return -ENOMEM;
	hashmap__for_each_entry(exits->exits, entry, bkt)
		sorted[i++] = entry->pvalue;
	qsort(sorted, nr, sizeof(*sorted), cmp_exit);

	fprintf(fp, "# Time: from the exit to the next entry of the same vCPU\n");
	fprintf(fp, "%-16s %-20s %9s %12s %10s %10s  %s\n", "# Guest", "Reason", "Exits",
		"Total(ms)", "Avg(us)", "Max(us)", "Path, innermost frame first");
	for (i = 0; i < nr && i < (size_t)limit; i++)
		print_exit(exits, sorted[i], fp);
	if (nr > (size_t)limit)
		fprintf(fp, "# and %zu more\n", nr - limit);
	if (exits->dropped)
		fprintf(fp, "# %" PRIu64 " exits on too many different paths are left out\n",
			exits->dropped);
	free(sorted);
	return 0;
}

static void free_values(struct hashmap *map)
{
	struct hashmap_entry *entry;
	size_t bkt;

	if (IS_ERR_OR_NULL(map))
		return;
	hashmap__for_each_entry(map, entry, bkt)
		free(entry->pvalue);
	hashmap__free(map);
}

static int process_session(struct guest_exits *exits)
{
	const char *cpuid = exits->session->header.env.cpuid;
	int err;

	if (!evlist__find_tracepoint_by_name(exits->session->evlist, kvm_exit_trace)) {
		pr_err("No %s in this file: record with 'perf kvm-callchain record --exits'\n",
		       kvm_exit_trace);
		return -EINVAL;
	}
	/* another CPU's numbers are better than none: reasons then have no names */
	if (!cpuid || cpu_isa_init(&exits->kvm, cpuid))
		exits->kvm.exit_reasons = NULL;

	symbol_conf.use_callchain = true;
	err = symbol__init(&exits->session->header.env);
	return err < 0 ? err : perf_session__process_events(exits->session);
}

int guest_exits__report(const char *perf_data, int depth, int limit, FILE *fp)
{
	struct perf_data data = { .path = perf_data, .mode = PERF_DATA_MODE_READ };
	struct guest_exits *exits = zalloc(sizeof(*exits));
	int err;

	if (!exits)
		return -ENOMEM;
	perf_tool__init(&exits->tool, /*ordered_events=*/true);
	exits->tool.sample = process_sample;
	exits->tool.comm = perf_event__process_comm;
	exits->tool.mmap = perf_event__process_mmap;
	exits->tool.mmap2 = perf_event__process_mmap2;
	exits->tool.fork = perf_event__process_fork;
	exits->tool.exit = perf_event__process_exit;
	exits->depth = depth;
	exits->exits = hashmap__new(exit_hash, exit_equal, NULL);
	exits->outside = hashmap__new(tid_hash, tid_equal, NULL);
	err = -ENOMEM;
	if (IS_ERR(exits->exits) || IS_ERR(exits->outside))
		goto out;

	exits->session = perf_session__new(&data, &exits->tool);
	if (IS_ERR(exits->session)) {
		err = PTR_ERR(exits->session);
		goto out;
	}
	err = process_session(exits) ?: print_exits(exits, limit, fp);
	perf_session__delete(exits->session);
out:
	free_values(exits->outside);
	free_values(exits->exits);
	free(exits);
	return err;
}

#endif /* HAVE_KVM_STAT_SUPPORT */
