// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/zalloc.h>
#include "addr_location.h"
#include "build-id.h"
#include "callchain.h"
#include "data.h"
#include "debug.h"
#include "dso.h"
#include "event.h"
#include "evlist.h"
#include "evsel.h"
#include "guest/callchain/chain.h"
#include "guest/callchain/frame.h"
#include "guest/callchain/lost.h"
#include "guest/export/clock.h"
#include "guest/export/mappings.h"
#include "guest/export/read.h"
#include "guest/export/stacks.h"
#include "guest/export/timeline-sample.h"
#include "guest/export/timeline.h"
#include "guest/snapshot/lookup.h"
#include "guest/untrusted/printable.h"
#include "guest/vm/vm.h"
#include "machine.h"
#include "map.h"
#include "maps.h"
#include "sample.h"
#include "session.h"
#include "symbol.h"
#include "thread.h"
#include "tool.h"
#include "util.h"

struct reader {
	struct perf_tool	tool;
	struct recording	*recording;
	struct perf_session	*session;
	struct guest_lost	lost;
	bool			old;
};

/* Innermost first. */
struct chain {
	struct stack_frame frames[STACK_DEPTH_MAX];
	u32		   nr;
	pid_t		   guest;
};

static enum stack_kind kernel_kind(const struct map_symbol *ms, bool guest)
{
	if (!guest)
		return STACK_HOST_KERNEL;
	/* see guest_callchain__symbol() */
	if (ms->sym && strstarts(ms->sym->name, "? "))
		return STACK_GUESS;
	return ms->map && __map__is_kmodule(ms->map) ? STACK_GUEST_MODULE : STACK_GUEST_KERNEL;
}

/* Only frames of a guest whose symbols are not known have no maps at all. */
static enum stack_kind frame_kind(const struct map_symbol *ms, u64 ip)
{
	bool guest = !ms->maps || guest_frame__pid(ms);
	bool kernel = ms->map ? dso__kernel(map__dso(ms->map)) != DSO_SPACE__USER : ip >> 63;

	if (kernel)
		return kernel_kind(ms, guest);
	return guest ? STACK_GUEST_USER : STACK_HOST_USER;
}

/* A caller's is where it called: behind that may be another function. */
static bool set_address(struct stack_frame *frame, struct mappings *mappings,
			const struct map_symbol *ms, u64 ip, bool is_caller)
{
	frame->address = 0;
	frame->mapping = 0;
	if (!mappings)
		return true;
	frame->address = ip - is_caller;
	if (ms->map)
		frame->mapping = mappings__findnew(mappings, ms->map);
	return !ms->map || frame->mapping;
}

static int chain__add(struct chain *chain, struct mappings *mappings,
		      const struct map_symbol *ms, u64 ip)
{
	struct stack_frame *frame = &chain->frames[chain->nr];
	pid_t guest = guest_frame__pid(ms);

	/* the outermost are lost, and there is always room for the process */
	if (chain->nr == STACK_DEPTH_MAX - 2)
		return 0;
	if (!set_address(frame, mappings, ms, ip, chain->nr))
		return -ENOMEM;
	frame->kind = frame_kind(ms, ip);
	frame->dso = ms->map ? dso__short_name(map__dso(ms->map)) : "";
	/* that of a symbol whose name was not printable is empty */
	frame->name = ms->sym && *ms->sym->name ? ms->sym->name : "[unknown]";
	chain->guest = guest ?: chain->guest;
	chain->nr++;
	return 0;
}

static int chain__resolve(struct reader *reader, struct chain *chain, struct evsel *evsel,
			  struct perf_sample *sample, struct addr_location *al)
{
	struct callchain_cursor *cursor = get_tls_callchain_cursor();
	struct mappings *mappings = reader->recording->mappings;
	struct map_symbol leaf = { .maps = al->maps, .map = al->map, .sym = al->sym };
	struct callchain_cursor_node *node;
	struct symbol *parent = NULL;
	int err;

	if (!cursor)
		return -ENOMEM;
	chain->nr = 0;
	chain->guest = 0;
	callchain_cursor_reset(cursor);
	err = sample__resolve_callchain(sample, cursor, &parent, evsel, al, STACK_DEPTH_MAX);
	if (err)
		return err;
	callchain_cursor_commit(cursor);
	while (!err && (node = callchain_cursor_current(cursor))) {
		err = chain__add(chain, mappings, &node->ms, node->ip);
		callchain_cursor_advance(cursor);
	}
	if (!err && !chain->nr)
		err = chain__add(chain, mappings, &leaf, sample->ip);
	return err;
}

static u32 add_source(struct reader *reader, const struct chain *chain, struct thread *thread,
		      const struct perf_sample *sample)
{
	struct stack_source source = {
		.guest = "",
		.comm  = thread__comm_str(thread) ?: "",
		.pid   = sample->pid,
		.tid   = sample->tid,
		.vcpu  = -1,
		.old   = reader->old,
	};
	char comm[GUEST_NAME_MAX + sizeof("[guest/]")];

	if (guest_cpumode(sample->cpumode) || chain->guest) {
		pid_t pid = chain->guest ?: (pid_t)sample->pid;

		guest_snapshot__comm(comm, sizeof(comm), pid);
		source.guest = guest_pid__name(pid);
		source.comm = comm;
		source.vcpu = sample__vcpu(reader->session, sample);
	}
	return stacks__source(reader->recording->stacks, &source);
}

static u32 add_stack(struct stacks *stacks, const struct chain *chain, u32 source)
{
	struct stack_frame process = {
		.name = stacks->sources[source].comm,
		.dso  = "",
		.kind = STACK_PROCESS,
	};
	u32 frame = stacks__frame(stacks, &process), i = chain->nr, node = STACK_NONE;

	while (frame != STACK_NONE) {
		node = stacks__node(stacks, node, frame);
		if (!i || node == STACK_NONE)
			return node;
		frame = stacks__frame(stacks, &chain->frames[--i]);
	}
	return STACK_NONE;
}

static void note(struct recording *recording, const struct chain *chain,
		 const struct perf_sample *sample)
{
	u32 i, guests = 0;

	if (sample->time != (u64)-1) {
		recording->first = min(recording->first, sample->time);
		recording->last = max(recording->last, sample->time);
	}
	for (i = 0; i < chain->nr; i++)
		guests += chain->frames[i].kind >= STACK_GUEST_KERNEL;
	if (!guests)
		return;
	recording->guest_samples++;
	recording->short_stacks += guests == 1;
	for (i = 0; chain->frames[i].kind < STACK_GUEST_KERNEL; i++)
		;
	recording->unnamed += !strcmp(chain->frames[i].name, "[unknown]");
}

/* Slots begin where the time of day is a multiple of them, if that is known by now. */
static s64 slot_of(const struct recording *recording, u64 time)
{
	if (!recording->slot || time == (u64)-1)
		return 0;
	return time - (time + recording->wall) % recording->slot;
}

static int add_sample(struct reader *reader, struct perf_sample *sample, struct evsel *evsel,
		      struct addr_location *al)
{
	static struct chain chain;
	struct recording *recording = reader->recording;
	struct stacks *stacks = recording->stacks;
	struct stack_count at;
	u32 count;
	int err;

	err = chain__resolve(reader, &chain, evsel, sample, al);
	if (err)
		return err;
	note(recording, &chain, sample);
	at.slot = slot_of(recording, sample->time);
	at.event = stacks__event(stacks, evsel__name(evsel));
	at.source = add_source(reader, &chain, al->thread, sample);
	if (at.event == STACK_NONE || at.source == STACK_NONE)
		return -ENOMEM;
	at.node = add_stack(stacks, &chain, at.source);
	if (at.node == STACK_NONE)
		return -ENOMEM;
	count = stacks__count(stacks, &at, sample->period);
	if (count == STACK_NONE)
		return -ENOMEM;
	recording->samples++;
	return recording->timeline ?
		timeline__add_slice(recording->timeline, count, sample->time) : 0;
}

static int process_sample(const struct perf_tool *tool, union perf_event *event __maybe_unused,
			  struct perf_sample *sample, struct evsel *evsel,
			  struct machine *machine)
{
	struct reader *reader = container_of(tool, struct reader, tool);
	struct addr_location al;
	int err;

	addr_location__init(&al);
	err = machine__resolve(machine, &al, sample) < 0 ? -ENOMEM : 0;
	if (!err && al.filtered)
		reader->recording->left_out++;
	else if (!err)
		err = add_sample(reader, sample, evsel, &al);
	if (!err)
		err = timeline__add_sample(reader->recording->timeline, reader->session, evsel,
					   sample);
	addr_location__exit(&al);
	return err;
}

static int count_lost(const struct perf_tool *tool, union perf_event *event,
		      struct perf_sample *sample, struct machine *machine __maybe_unused)
{
	struct reader *reader = container_of(tool, struct reader, tool);

	guest_lost__add(&reader->lost, event);
	/* those of an event are counted when it ends: when they were lost is not known */
	return event->header.type != PERF_RECORD_LOST ? 0 :
		timeline__add_lost(reader->recording->timeline, reader->session, event, sample);
}

static void reader__init(struct reader *reader, struct recording *recording)
{
	struct perf_tool *tool = &reader->tool;

	perf_tool__init(tool, /*ordered_events=*/true);
	tool->sample = process_sample;
	tool->lost = count_lost;
	tool->lost_samples = count_lost;
	tool->mmap = perf_event__process_mmap;
	tool->mmap2 = perf_event__process_mmap2;
	tool->comm = perf_event__process_comm;
	tool->namespaces = perf_event__process_namespaces;
	tool->fork = perf_event__process_fork;
	tool->exit = perf_event__process_exit;
	tool->ksymbol = perf_event__process_ksymbol;
	tool->bpf = perf_event__process_bpf;
	tool->attr = perf_event__process_attr;
	tool->event_update = perf_event__process_event_update;
	tool->tracing_data = perf_event__process_tracing_data;
	tool->build_id = perf_event__process_build_id;
	tool->id_index = perf_event__process_id_index;
	tool->feature = perf_event__process_feature;
	tool->ordering_requires_timestamps = true;
	reader->recording = recording;
}

static char *copy_printable(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (copy)
		text__make_printable(copy);
	return copy;
}

static char *join(const struct perf_env *env)
{
	char *line = NULL, *longer;
	int i;

	for (i = 0; i < env->nr_cmdline; i++) {
		if (asprintf(&longer, "%s%s%s", line ?: "", line ? " " : "",
			     env->cmdline_argv[i]) < 0)
			break;
		free(line);
		line = longer;
	}
	return line;
}

static void set_slot(struct reader *reader, const struct recording_input *input)
{
	const struct evlist *evlist = reader->session->evlist;
	u64 first = evlist->first_sample_time, last = evlist->last_sample_time;

	reader->recording->slot = input->slot;
	if (input->slots && first && last > first)
		reader->recording->slot = max_t(u64, (last - first) / input->slots, NSEC_PER_MSEC);
	recording_clock__of(reader->session, &reader->recording->wall);
}

static int read_session(struct reader *reader, const struct recording_input *input)
{
	struct recording *recording = reader->recording;
	struct perf_env *env = &reader->session->header.env;
	int err;

	set_slot(reader, input);
	symbol_conf.use_callchain = true;
	callchain_param_setup(evlist__combined_sample_type(reader->session->evlist),
			      perf_env__arch(env));
	err = symbol__init(env);
	if (err >= 0)
		err = perf_session__process_events(reader->session);
	if (err)
		return err;
	recording->lost = guest_lost__nr(&reader->lost);
	recording->wall = recording_clock__wall(reader->session, recording->last);
	/* of a pipe only now */
	recording->hostname = copy_printable(env->hostname);
	recording->release = copy_printable(env->os_release);
	recording->cmdline = join(env);
	return 0;
}

static int read_file(struct recording *recording, const struct recording_input *input, bool old)
{
	const char *path = old ? input->old : input->path;
	struct perf_data data = {
		.path = path, .mode = PERF_DATA_MODE_READ, .force = input->force,
	};
	struct reader reader = { .old = old };
	int err;

	recording->first = UINT64_MAX;
	reader__init(&reader, recording);
	reader.session = perf_session__new(&data, &reader.tool);
	if (IS_ERR(reader.session))
		/* which has said why */
		return PTR_ERR(reader.session);
	err = read_session(&reader, input);
	perf_session__delete(reader.session);
	/* perf's own functions return -1 and have said why */
	if (err)
		pr_err("%s: cannot be read%s%s\n", path ?: "perf.data", err == -1 ? "" : ": ",
		       err == -1 ? "" : strerror(-err));
	return err;
}

static int read_old(struct recording *recording, const struct recording_input *input)
{
	recording->old = zalloc(sizeof(*recording->old));
	if (!recording->old)
		return -ENOMEM;
	recording->old->stacks = recording->stacks;
	return read_file(recording->old, input, /*old=*/true);
}

int recording__read(struct recording *recording, const struct recording_input *input)
{
	int err = -ENOMEM;

	*recording = (struct recording) { .stacks = stacks__new() };
	if (recording->stacks && input->timed)
		recording->timeline = timeline__new(recording->stacks);
	if (recording->stacks && input->addresses)
		recording->mappings = mappings__new();
	if (recording->stacks && !!recording->timeline == input->timed &&
	    !!recording->mappings == input->addresses)
		err = read_file(recording, input, /*old=*/false);
	if (!err && input->old)
		err = read_old(recording, input);
	if (!err)
		err = stacks__sort(recording->stacks);
	if (err)
		recording__exit(recording);
	return err;
}

static void free_about(struct recording *recording)
{
	free(recording->hostname);
	free(recording->release);
	free(recording->cmdline);
}

void recording__exit(struct recording *recording)
{
	timeline__delete(recording->timeline);
	stacks__delete(recording->stacks);
	mappings__delete(recording->mappings);
	free_about(recording);
	if (recording->old)
		free_about(recording->old);
	free(recording->old);
}
