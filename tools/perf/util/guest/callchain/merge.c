// SPDX-License-Identifier: GPL-2.0
/*
 * Merge PERF_RECORD_GUEST_CALLCHAIN into the samples that hold its cookie.
 *
 * A record follows its samples in the ring buffer, most often within
 * microseconds. From a sample that waits for its record on, events are copied
 * to a queue; the record completes the sample, and the queue is delivered up to
 * the next one that waits. The order of delivery is that of arrival, so mmap,
 * fork and comm events keep their places between samples.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <linux/hashtable.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/zalloc.h>
#include "callchain.h"
#include "debug.h"
#include "event.h"
#include "evlist.h"
#include "evsel.h"
#include "guest/callchain/frame.h"
#include "guest/callchain/merge.h"
#include "guest/callchain/module.h"
#include "guest/callchain/module-event.h"
#include "guest/callchain/record.h"
#include "guest/callchain/file.h"
#include "guest/callchain/chain.h"
#include "guest/snapshot/choose.h"
#include "sample.h"
#include "util.h"

#define HASH_BITS_LOG2	10

/* Events and bytes held back, unless set otherwise */
#define MAX_EVENTS	16384
#define MAX_BYTES	(64UL * 1024 * 1024)
/* Records kept for samples that come after them */
#define MAX_RECENT	1024

/*
 * Cookies are unique in a kernel, but a record is only for one thread, and for events that
 * want the same as its own: a sample must not get the callchain that was meant for another.
 */
struct guest_key {
	u64 cookie;
	u64 wants;
	u32 tid;
};

struct guest_record {
	struct list_head recent;
	struct hlist_node hash;
	struct guest_key key;
	unsigned int refs;
	bool used;
	u64 id;
	struct guest_chain guest;
	u64 words[];	/* of @guest */
};

struct held_event {
	struct list_head list;
	struct hlist_node hash;
	struct guest_key key;
	u64 time;
	struct guest_record *record;
	bool deferred;
	bool waiting;
	u64 file_offset;
	const char *file_path;
	u64 event[];
};

/* The newest record of a thread for such events: no older one follows it. */
struct newest_record {
	u64 wants;
	u64 time;
	u32 tid;
};

struct guest_callchains {
	struct evlist *evlist;
	bool ordered;
	guest_callchains__deliver_t deliver;
	void *data;

	struct list_head held;
	u32 nr_held, max_held;
	size_t bytes, max_bytes;
	DECLARE_HASHTABLE(waiting, HASH_BITS_LOG2);

	struct list_head recent;
	u32 nr_recent;
	DECLARE_HASHTABLE(records, HASH_BITS_LOG2);
	struct newest_record newest[1 << HASH_BITS_LOG2];

	struct guest_chains *chains;
	struct host_module *module;
};

struct guest_callchains *guest_callchains__new(struct evlist *evlist, bool ordered,
					       guest_callchains__deliver_t deliver,
					       void *data)
{
	struct guest_callchains *gc = zalloc(sizeof(*gc));

	if (!gc)
		return NULL;
	gc->chains = guest_chains__new();
	gc->module = host_module__new(evlist);
	if (!gc->chains || !gc->module) {
		guest_chains__delete(gc->chains);
		host_module__delete(gc->module);
		free(gc);
		return NULL;
	}
	gc->evlist = evlist;
	gc->ordered = ordered;
	gc->deliver = deliver;
	gc->data = data;
	INIT_LIST_HEAD(&gc->held);
	INIT_LIST_HEAD(&gc->recent);
	hash_init(gc->waiting);
	hash_init(gc->records);
	guest_callchains__set_limits(gc, MAX_EVENTS, MAX_BYTES);
	return gc;
}

void guest_callchains__set_limits(struct guest_callchains *gc, u32 events, size_t bytes)
{
	gc->max_held = events;
	gc->max_bytes = bytes;
}

static struct guest_callchain_stats *gc__stats(struct guest_callchains *gc)
{
	return &gc->evlist->stats.guest_callchain;
}

/* What linux/perf_guest_callchain.h says that events with the same record have in common. */
static u64 evsel__guest_wants(const struct evsel *evsel)
{
	const struct perf_event_attr *attr;
	u64 flags, user_stack;

	/* a file may have a second id in a sample, and that one of no event */
	if (!evsel)
		return 0;
	attr = &evsel->core.attr;
	flags = attr->exclude_kernel | attr->exclude_callchain_kernel << 1 |
		attr->exclude_callchain_user << 2 | attr->guest_stack_words << 3;
	user_stack = attr->sample_type & PERF_SAMPLE_STACK_USER ? attr->sample_stack_user : 0;
	return flags | (u64)attr->sample_max_stack << 16 | user_stack << 32;
}

/* Of a sample or record whose event is known. */
static struct guest_key gc__key(struct guest_callchains *gc, const struct perf_sample *sample,
				u64 cookie)
{
	return (struct guest_key) {
		.cookie = cookie, .tid = sample->tid,
		.wants = evsel__guest_wants(evlist__id2evsel(gc->evlist, sample->id)),
	};
}

static bool key__equal(const struct guest_key *a, const struct guest_key *b)
{
	return a->cookie == b->cookie && a->wants == b->wants && a->tid == b->tid;
}

static void record__put(struct guest_record *record)
{
	if (record && --record->refs == 0)
		free(record);
}

static void gc__forget_oldest(struct guest_callchains *gc)
{
	struct guest_record *record = list_first_entry(&gc->recent, struct guest_record, recent);

	if (!record->used)
		gc__stats(gc)->unused++;
	list_del(&record->recent);
	hash_del(&record->hash);
	gc->nr_recent--;
	record__put(record);
}

static void gc__free_held(struct guest_callchains *gc, struct held_event *held)
{
	const union perf_event *event = (void *)held->event;

	if (held->waiting)
		hash_del(&held->hash);
	list_del(&held->list);
	gc->nr_held--;
	gc->bytes -= sizeof(*held) + event->header.size;
	record__put(held->record);
	free(held);
}

void guest_callchains__delete(struct guest_callchains *gc)
{
	struct held_event *held, *tmp;

	if (!gc)
		return;
	list_for_each_entry_safe(held, tmp, &gc->held, list)
		gc__free_held(gc, held);
	while (gc->nr_recent)
		gc__forget_oldest(gc);
	guest_chains__delete(gc->chains);
	host_module__delete(gc->module);
	free(gc);
}

static struct guest_record *gc__find_record(struct guest_callchains *gc,
					    const struct guest_key *key)
{
	struct guest_record *record;

	hash_for_each_possible(gc->records, record, hash, key->cookie) {
		if (key__equal(&record->key, key))
			return record;
	}
	return NULL;
}

static void gc__complete(struct guest_callchains *gc, struct held_event *held,
			 struct guest_record *record)
{
	if (held->waiting) {
		hash_del(&held->hash);
		held->waiting = false;
	}
	held->record = record;
	record->refs++;
	record->used = true;
	gc__stats(gc)->merged++;
}

static void gc__note_newest(struct guest_callchains *gc, const struct guest_key *key, u64 time)
{
	struct newest_record *newest = &gc->newest[hash_64(key->wants ^ key->tid, HASH_BITS_LOG2)];

	*newest = (struct newest_record) { .wants = key->wants, .tid = key->tid, .time = time };
}

static int gc__add_record(struct guest_callchains *gc, union perf_event *event,
			  const struct perf_sample *sample)
{
	const struct perf_record_guest_callchain *raw = (const void *)event;
	struct guest_key key = gc__key(gc, sample, raw->cookie);
	struct guest_record *record;
	struct held_event *held;
	struct hlist_node *tmp;
	u64 sections = 0;

	gc__note_newest(gc, &key, sample->time);
	record = gc__find_record(gc, &key);
	if (record) {
		/* events with buffers of their own have a record each */
		gc__stats(gc)->duplicate += record->id == sample->id;
		return 0;
	}

	if (raw->flags & PERF_GUEST_CALLCHAIN_SECTIONS)
		sections = raw->ips[raw->nr];
	record = malloc(sizeof(*record) + raw->nr * sizeof(u64) + sections);
	if (!record)
		return -ENOMEM;
	record->key = key;
	record->id = sample->id;
	record->refs = 1;
	record->used = false;
	record->guest = (struct guest_chain) {
		.misc = event->header.misc, .flags = raw->flags, .vcpu = raw->vcpu_id,
		.root = raw->root, .nr = raw->nr, .sections_size = sections,
		.ips = record->words,
	};
	memcpy(record->words, raw->ips, raw->nr * sizeof(u64));
	memcpy(record->words + raw->nr, raw->ips + raw->nr + 1, sections);

	if (gc->nr_recent == MAX_RECENT)
		gc__forget_oldest(gc);
	list_add_tail(&record->recent, &gc->recent);
	hash_add(gc->records, &record->hash, key.cookie);
	gc->nr_recent++;

	hlist_for_each_entry_safe(held, tmp,
				  &gc->waiting[hash_min(key.cookie, HASH_BITS_LOG2)], hash) {
		if (key__equal(&held->key, &key))
			gc__complete(gc, held, record);
	}
	return 0;
}

static bool evlist__guest_cookie(struct evlist *evlist, const union perf_event *event,
				 const struct perf_sample *sample, u64 *cookie)
{
	struct evsel *evsel;
	u64 nr;

	if (event->header.type != PERF_RECORD_SAMPLE || !sample->callchain)
		return false;
	*cookie = sample->guest_cookie;
	if (*cookie)
		return true;
	evsel = evlist__id2evsel(evlist, sample->id);
	if (!evsel || !evsel->core.attr.guest_callchain)
		return false;

	nr = guest_callchain__nr(sample->callchain);
	if (nr + 1 >= sample->callchain->nr)
		return false;
	*cookie = sample->callchain->ips[nr + 1];
	return true;
}

bool evlist__has_guest_callchain(struct evlist *evlist, const union perf_event *event,
				 const struct perf_sample *sample)
{
	u64 cookie;

	return guest_choice__is_made() ||
	       perf_event__type(event) == PERF_RECORD_GUEST_CALLCHAIN ||
	       evlist__guest_cookie(evlist, event, sample, &cookie) ||
	       evlist__needs_host_module(evlist, event, sample);
}

bool evlist__check_guest_callchain(struct evlist *evlist, union perf_event *event)
{
	struct evsel *evsel;
	u16 id_hdr_size;

	if (perf_event__type(event) != PERF_RECORD_GUEST_CALLCHAIN)
		return true;
	/* what is at its end differs between events: a tracepoint's has the CPU */
	evsel = evlist__event2evsel(evlist, event);
	if (evsel) {
		id_hdr_size = evsel->core.attr.sample_id_all ? evsel__id_hdr_size(evsel) : 0;
		if (perf_event__guest_callchain_valid(event, id_hdr_size))
			return true;
	}

	if (!evlist->stats.guest_callchain.malformed++)
		pr_err("Skipping malformed guest callchain records\n");
	return false;
}

static int gc__hold(struct guest_callchains *gc, const union perf_event *event,
		    const struct perf_sample *sample, const u64 *cookie,
		    u64 file_offset, const char *file_path)
{
	struct held_event *held = malloc(sizeof(*held) + event->header.size);
	struct guest_record *record;

	if (!held)
		return -ENOMEM;
	*held = (struct held_event) {
		.time = sample->time,
		.file_offset = file_offset,
		.file_path = file_path,
	};
	memcpy(held->event, event, event->header.size);
	list_add_tail(&held->list, &gc->held);
	gc->nr_held++;
	gc->bytes += sizeof(*held) + event->header.size;
	if (!cookie)
		return 0;

	held->deferred = true;
	held->key = gc__key(gc, sample, *cookie);
	record = gc__find_record(gc, &held->key);
	if (record) {
		gc__complete(gc, held, record);
	} else {
		held->waiting = true;
		hash_add(gc->waiting, &held->hash, held->key.cookie);
	}
	return 0;
}

static int gc__deliver(struct guest_callchains *gc, union perf_event *event,
		       struct perf_sample *sample, u64 file_offset, const char *file_path)
{
	if (event->header.type == PERF_RECORD_SAMPLE && !guest_choice__has(sample->pid))
		return 0;
	return gc->deliver(gc->data, event, sample, file_offset, file_path);
}

static int gc__deliver_held(struct guest_callchains *gc, struct held_event *held)
{
	union perf_event *event = (void *)held->event;
	struct perf_sample sample;
	int ret;

	ret = evlist__parse_sample(gc->evlist, event, &sample);
	if (ret)
		return ret;

	if (held->deferred) {
		if (!held->record)
			gc__stats(gc)->missing++;
		sample.vcpu = held->record ? (s32)held->record->guest.vcpu : -1;
		/* in the event itself is none of the module's */
		if (host_module__is_used(gc->module))
			sample.guest_cookie = held->key.cookie;
		sample.callchain = guest_chains__merge(gc->chains, &sample, held->record ?
						       &held->record->guest : NULL);
		if (!sample.callchain)
			return -ENOMEM;
	}
	return gc__deliver(gc, event, &sample, held->file_offset, held->file_path);
}

/* Records of a thread come in order: a newer one means that ours was lost. */
static bool gc__passed(struct guest_callchains *gc, const struct held_event *held)
{
	const struct guest_key *key = &held->key;
	struct newest_record *newest = &gc->newest[hash_64(key->wants ^ key->tid, HASH_BITS_LOG2)];

	return gc->ordered && newest->wants == key->wants && newest->tid == key->tid &&
	       newest->time > held->time;
}

static bool gc__must_wait(struct guest_callchains *gc, const struct held_event *held)
{
	if (!held->waiting || gc__passed(gc, held))
		return false;
	if (gc->nr_held <= gc->max_held && gc->bytes <= gc->max_bytes)
		return true;
	gc__stats(gc)->evicted++;
	return false;
}

static int gc__drain(struct guest_callchains *gc, bool all)
{
	struct held_event *held;
	int ret = 0;

	while (ret >= 0 && !list_empty(&gc->held)) {
		held = list_first_entry(&gc->held, struct held_event, list);
		if (!all && gc__must_wait(gc, held))
			break;
		ret = gc__deliver_held(gc, held);
		gc__free_held(gc, held);
	}
	return ret < 0 ? ret : 0;
}

/* Deliver an event, now or later. */
static int gc__pass_on(struct guest_callchains *gc, union perf_event *event,
		       struct perf_sample *sample, u64 file_offset, const char *file_path)
{
	bool deferred;
	u64 cookie;
	int ret;

	deferred = evlist__guest_cookie(gc->evlist, event, sample, &cookie);
	if (!deferred && list_empty(&gc->held))
		return gc__deliver(gc, event, sample, file_offset, file_path);

	ret = gc__hold(gc, event, sample, deferred ? &cookie : NULL, file_offset, file_path);
	return ret ?: gc__drain(gc, /*all=*/false);
}

/* One of the module's chains: as many records as it has samples, all of them before the next. */
static int gc__process_chain(struct guest_callchains *gc, struct perf_sample *chain,
			     u64 file_offset, const char *file_path)
{
	u32 i, nr = host_module__match(gc->module, chain);
	struct perf_sample sample;
	union perf_event *record;
	int ret = 0;

	for (i = 0; !ret && i < nr; i++) {
		record = host_module__record(gc->module, i, &sample);
		ret = gc__add_record(gc, record, &sample);
	}
	ret = ret ?: gc__drain(gc, /*all=*/false);
	for (i = 0; !ret && i < nr; i++) {
		record = host_module__record(gc->module, i, &sample);
		ret = gc__pass_on(gc, record, &sample, file_offset, file_path);
	}
	return ret;
}

int guest_callchains__process(struct guest_callchains *gc, union perf_event *event,
			      struct perf_sample *sample, u64 file_offset,
			      const char *file_path)
{
	int ret = host_module__note(gc->module, event, sample);

	if (!ret && host_module__is_chain(gc->module, event, sample)) {
		ret = gc__process_chain(gc, sample, file_offset, file_path);
		if (!host_module_shown)
			return ret;
	} else if (!ret && perf_event__type(event) == PERF_RECORD_GUEST_CALLCHAIN) {
		ret = gc__add_record(gc, event, sample);
		/* most often this is what the only sample held waits for */
		ret = ret ?: gc__drain(gc, /*all=*/false);
	}
	return ret ?: gc__pass_on(gc, event, sample, file_offset, file_path);
}

int guest_callchains__flush(struct guest_callchains *gc)
{
	int ret;

	if (!gc)
		return 0;
	ret = gc__drain(gc, /*all=*/true);
	while (gc->nr_recent)
		gc__forget_oldest(gc);
	return ret;
}

void guest_callchains__warn(const struct guest_callchains *gc,
			    const struct guest_callchain_stats *stats)
{
	if (gc)
		guest_chains__report(gc->chains);
	if (guest_frames.left_out)
		pr_warning("%llu samples of KVM guests were left out: 'perf kvm-callchain report --host' shows them, as does 'perf kvm-callchain script'\n",
			   (unsigned long long)guest_frames.left_out);
	guest_frames.left_out = 0;
	if (!stats->missing && !stats->unused && !stats->duplicate && !stats->malformed)
		return;
	pr_warning("Guest callchains: %" PRIu64 " merged, %" PRIu64 " missing (%" PRIu64
		    " given up waiting), records: %" PRIu64 " unused, %" PRIu64
		    " duplicate, %" PRIu64 " malformed\n",
		    stats->merged, stats->missing, stats->evicted, stats->unused,
		    stats->duplicate, stats->malformed);
}
