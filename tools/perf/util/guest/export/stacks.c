// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/zalloc.h>
#include "guest/export/stacks.h"
#include "guest/untrusted/printable.h"
#include "hashmap.h"

const struct stack_kind_name stack_kinds[STACK_KINDS] = {
	[STACK_PROCESS]	     = { "process", "" },
	[STACK_HOST_KERNEL]  = { "host kernel", "_[k]" },
	[STACK_HOST_USER]    = { "host user", "_[u]" },
	[STACK_GUEST_KERNEL] = { "guest kernel", "_[gk]" },
	[STACK_GUEST_MODULE] = { "guest module", "_[gm]" },
	[STACK_GUEST_USER]   = { "guest user", "_[gu]" },
	[STACK_GUESS]	     = { "guess", "_[?]" },
};

/*
 * The maps go from a hash to an index into their array: an entry is compared there. Those of
 * the same hash follow one another in the map.
 */
size_t stacks__hash_key(long key, void *ctx __maybe_unused)
{
	return key;
}

bool stacks__equal_keys(long a, long b, void *ctx __maybe_unused)
{
	return a == b;
}

static u64 mix(u64 hash, u64 value)
{
	hash = (hash ^ value) * 0xff51afd7ed558ccdULL;
	return hash ^ hash >> 32;
}

/* A guest that knew the seed could choose names that all are in one place. */
size_t stacks__hash_text(long key, void *ctx __maybe_unused)
{
	static u64 seed;
	u64 hash;

	while (!seed) {
		if (getrandom(&seed, sizeof(seed), 0) < 0)
			seed = (uintptr_t)&hash;
	}
	hash = seed;
	for (const char *c = (const char *)key; *c; c++)
		hash = mix(hash, (unsigned char)*c);
	return hash;
}

bool stacks__equal_texts(long a, long b, void *ctx __maybe_unused)
{
	return !strcmp((const char *)a, (const char *)b);
}

struct stacks *stacks__new(void)
{
	struct stacks *stacks = zalloc(sizeof(*stacks));

	if (!stacks)
		return NULL;
	stacks->strings = hashmap__new(stacks__hash_text, stacks__equal_texts, NULL);
	stacks->by_frame = hashmap__new(stacks__hash_key, stacks__equal_keys, NULL);
	stacks->by_node = hashmap__new(stacks__hash_key, stacks__equal_keys, NULL);
	stacks->by_source = hashmap__new(stacks__hash_key, stacks__equal_keys, NULL);
	stacks->by_count = hashmap__new(stacks__hash_key, stacks__equal_keys, NULL);
	if (!IS_ERR(stacks->strings) && !IS_ERR(stacks->by_frame) && !IS_ERR(stacks->by_node) &&
	    !IS_ERR(stacks->by_source) && !IS_ERR(stacks->by_count))
		return stacks;
	stacks__delete(stacks);
	return NULL;
}

static void free_maps(struct stacks *stacks)
{
	struct hashmap **maps[] = { &stacks->by_frame, &stacks->by_node, &stacks->by_source,
				    &stacks->by_count };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(maps); i++) {
		if (!IS_ERR_OR_NULL(*maps[i]))
			hashmap__free(*maps[i]);
		*maps[i] = NULL;
	}
}

void stacks__delete(struct stacks *stacks)
{
	struct hashmap_entry *entry;
	size_t bkt;

	if (!stacks)
		return;
	free_maps(stacks);
	if (!IS_ERR_OR_NULL(stacks->strings)) {
		hashmap__for_each_entry(stacks->strings, entry, bkt)
			free(entry->pvalue);
		hashmap__free(stacks->strings);
	}
	free(stacks->frames);
	free(stacks->nodes);
	free(stacks->sources);
	free(stacks->counts);
	free(stacks->events);
	free(stacks);
}

/* By the text as it came; what is printable is found without a copy. */
static const char *findnew_string(struct stacks *stacks, const char *text)
{
	char *copy;

	if (hashmap__find(stacks->strings, text, &copy))
		return copy;
	copy = strdup(text);
	if (!copy)
		return NULL;
	text__make_printable(copy);
	if (!strcmp(copy, text)) {
		if (!hashmap__add(stacks->strings, copy, copy))
			return copy;
	} else {
		const char *printable = findnew_string(stacks, copy);

		free(copy);
		return printable;
	}
	free(copy);
	return NULL;
}

/* One more of @size bytes behind @nr of them, which doubles at powers of two. */
static void *grow(void *array, u32 nr, size_t size)
{
	if (nr & (nr - 1))
		return array;
	return nr > STACK_NONE / 4 ? NULL : realloc(array, (nr ? 2UL * nr : 1) * size);
}

#define ADD(stacks, array, map, hash, entry) ({					\
	typeof((stacks)->array) __array;					\
	u32 __index = STACK_NONE;						\
										\
	__array = grow((stacks)->array, (stacks)->nr_##array, sizeof(*__array));	\
	if (__array) {								\
		(stacks)->array = __array;					\
		if (!hashmap__append((stacks)->map, hash, (stacks)->nr_##array)) {	\
			__array[(stacks)->nr_##array] = entry;			\
			__index = (stacks)->nr_##array++;			\
		}								\
	}									\
	__index;								\
})

u32 stacks__event(struct stacks *stacks, const char *name)
{
	const char *string = findnew_string(stacks, name), **events;
	u32 i;

	if (!string)
		return STACK_NONE;
	for (i = 0; i < stacks->nr_events; i++) {
		if (stacks->events[i] == string)
			return i;
	}
	events = grow(stacks->events, stacks->nr_events, sizeof(*events));
	if (!events)
		return STACK_NONE;
	stacks->events = events;
	events[stacks->nr_events] = string;
	return stacks->nr_events++;
}

u32 stacks__source(struct stacks *stacks, const struct stack_source *source)
{
	struct stack_source new = *source, *old;
	struct hashmap_entry *entry;
	long hash;

	new.guest = findnew_string(stacks, source->guest);
	new.comm = findnew_string(stacks, source->comm);
	if (!new.guest || !new.comm)
		return STACK_NONE;
	hash = mix(mix(mix((long)new.guest, (long)new.comm), new.pid), new.tid);
	hashmap__for_each_key_entry(stacks->by_source, entry, hash) {
		old = &stacks->sources[entry->value];
		if (old->guest == new.guest && old->comm == new.comm && old->pid == new.pid &&
		    old->tid == new.tid && old->old == new.old) {
			/* a sample whose record is missing does not tell */
			if (new.vcpu >= 0)
				old->vcpu = new.vcpu;
			return entry->value;
		}
	}
	return ADD(stacks, sources, by_source, hash, new);
}

u32 stacks__frame(struct stacks *stacks, const struct stack_frame *frame)
{
	struct stack_frame new = *frame, *old;
	struct hashmap_entry *entry;
	long hash;

	new.name = findnew_string(stacks, frame->name);
	new.dso = findnew_string(stacks, frame->dso);
	if (!new.name || !new.dso)
		return STACK_NONE;
	hash = mix(mix(mix(mix((long)new.name, (long)new.dso), new.kind), new.mapping),
		   new.address);
	hashmap__for_each_key_entry(stacks->by_frame, entry, hash) {
		old = &stacks->frames[entry->value];
		if (old->name == new.name && old->dso == new.dso && old->kind == new.kind &&
		    old->mapping == new.mapping && old->address == new.address)
			return entry->value;
	}
	return ADD(stacks, frames, by_frame, hash, new);
}

u32 stacks__node(struct stacks *stacks, u32 parent, u32 frame)
{
	struct stack_node new = { .parent = parent, .frame = frame };
	long key = (u64)parent << 32 | frame, found;

	if (hashmap__find(stacks->by_node, key, &found))
		return found;
	return ADD(stacks, nodes, by_node, key, new);
}

u32 stacks__count(struct stacks *stacks, const struct stack_count *at, u64 period)
{
	struct stack_count new = {
		.node = at->node, .event = at->event, .source = at->source, .slot = at->slot,
		.slice = STACK_NONE,
	};
	long hash = mix(mix(mix(at->node, at->event), at->source), at->slot);
	struct hashmap_entry *entry;
	struct stack_count *old;
	u32 index = STACK_NONE;

	hashmap__for_each_key_entry(stacks->by_count, entry, hash) {
		old = &stacks->counts[entry->value];
		if (old->node == at->node && old->event == at->event &&
		    old->source == at->source && old->slot == at->slot)
			index = entry->value;
	}
	if (index == STACK_NONE)
		index = ADD(stacks, counts, by_count, hash, new);
	if (index == STACK_NONE)
		return STACK_NONE;
	stacks->counts[index].samples++;
	stacks->counts[index].period += period;
	stacks->samples++;
	return index;
}

u32 stacks__path(const struct stacks *stacks, u32 node, u32 path[STACK_DEPTH_MAX])
{
	u32 i, nr = 0;

	for (i = node; i != STACK_NONE && nr < STACK_DEPTH_MAX; i = stacks->nodes[i].parent)
		path[nr++] = stacks->nodes[i].frame;
	for (i = 0; i < nr / 2; i++) {
		u32 frame = path[i];

		path[i] = path[nr - 1 - i];
		path[nr - 1 - i] = frame;
	}
	return nr;
}

/* What was at an index, and where it goes to. */
struct order {
	u32 *from, *to;
};

static int order__new(struct order *order, u32 nr)
{
	u32 i;

	order->from = calloc(nr ?: 1, sizeof(u32));
	order->to = calloc(nr ?: 1, sizeof(u32));
	if (!order->from || !order->to)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		order->from[i] = i;
	return 0;
}

static void order__delete(struct order *order)
{
	free(order->from);
	free(order->to);
}

static int cmp_frames(const void *a, const void *b, void *ctx)
{
	const struct stacks *stacks = ctx;
	const struct stack_frame *l = &stacks->frames[*(const u32 *)a];
	const struct stack_frame *r = &stacks->frames[*(const u32 *)b];

	int cmp = strcmp(l->name, r->name) ?: (int)l->kind - (int)r->kind ?:
		  strcmp(l->dso, r->dso);

	if (cmp)
		return cmp;
	if (l->mapping != r->mapping)
		return l->mapping < r->mapping ? -1 : 1;
	return l->address < r->address ? -1 : l->address > r->address;
}

static int sort_frames(struct stacks *stacks)
{
	struct stack_frame *frames = calloc(stacks->nr_frames ?: 1, sizeof(*frames));
	struct order order;
	u32 i;

	if (order__new(&order, stacks->nr_frames) || !frames) {
		order__delete(&order);
		free(frames);
		return -ENOMEM;
	}
	qsort_r(order.from, stacks->nr_frames, sizeof(u32), cmp_frames, stacks);
	for (i = 0; i < stacks->nr_frames; i++) {
		frames[i] = stacks->frames[order.from[i]];
		order.to[order.from[i]] = i;
	}
	for (i = 0; i < stacks->nr_nodes; i++)
		stacks->nodes[i].frame = order.to[stacks->nodes[i].frame];
	free(stacks->frames);
	stacks->frames = frames;
	order__delete(&order);
	return 0;
}

/* Siblings next to one another, the first of them last, as the walk takes them from a pile. */
static int cmp_nodes(const void *a, const void *b, void *ctx)
{
	const struct stacks *stacks = ctx;
	const struct stack_node *l = &stacks->nodes[*(const u32 *)a];
	const struct stack_node *r = &stacks->nodes[*(const u32 *)b];

	if (l->parent != r->parent)
		return l->parent < r->parent ? -1 : 1;
	return l->frame < r->frame ? 1 : l->frame > r->frame ? -1 : 0;
}

/*
 * Walk the tree: @by_parent are nodes as cmp_nodes() has them, @first is where a node's
 * children begin there. The pile is never larger than all of them.
 */
static void walk(struct stacks *stacks, const u32 *by_parent, const u32 *first, u32 *pile,
		 struct order *order)
{
	u32 i, nr = stacks->nr_nodes, piled = 0, at = 0;

	for (i = 0; i < nr; i++) {
		if (stacks->nodes[by_parent[i]].parent == STACK_NONE)
			pile[piled++] = by_parent[i];
	}
	while (piled) {
		u32 node = pile[--piled];

		order->from[at] = node;
		order->to[node] = at++;
		for (i = first[node]; i < nr && stacks->nodes[by_parent[i]].parent == node; i++)
			pile[piled++] = by_parent[i];
	}
}

static void move_nodes(struct stacks *stacks, struct stack_node *nodes, const struct order *order)
{
	u32 i;

	for (i = 0; i < stacks->nr_nodes; i++) {
		nodes[i] = stacks->nodes[order->from[i]];
		if (nodes[i].parent != STACK_NONE)
			nodes[i].parent = order->to[nodes[i].parent];
	}
	for (i = 0; i < stacks->nr_counts; i++)
		stacks->counts[i].node = order->to[stacks->counts[i].node];
	free(stacks->nodes);
	stacks->nodes = nodes;
}

static int sort_nodes(struct stacks *stacks)
{
	u32 nr = stacks->nr_nodes, i, *first = calloc(nr ?: 1, sizeof(u32));
	struct stack_node *nodes = calloc(nr ?: 1, sizeof(*nodes));
	u32 *pile = calloc(nr ?: 1, sizeof(u32));
	struct order parents = {}, order = {};
	int err = -ENOMEM;

	if (!first || !nodes || !pile || order__new(&parents, nr) || order__new(&order, nr))
		goto out;
	qsort_r(parents.from, nr, sizeof(u32), cmp_nodes, stacks);
	for (i = 0; i < nr; i++)
		first[i] = nr;
	for (i = nr; i-- > 0;) {
		u32 parent = stacks->nodes[parents.from[i]].parent;

		if (parent != STACK_NONE)
			first[parent] = i;
	}
	walk(stacks, parents.from, first, pile, &order);
	move_nodes(stacks, nodes, &order);
	nodes = NULL;
	err = 0;
out:
	order__delete(&order);
	order__delete(&parents);
	free(pile);
	free(nodes);
	free(first);
	return err;
}

static int cmp_counts(const void *a, const void *b)
{
	const struct stack_count *l = a, *r = b;

	if (l->node != r->node)
		return l->node < r->node ? -1 : 1;
	if (l->event != r->event)
		return l->event < r->event ? -1 : 1;
	if (l->source != r->source)
		return l->source < r->source ? -1 : 1;
	return l->slot < r->slot ? -1 : l->slot > r->slot;
}

int stacks__sort(struct stacks *stacks)
{
	int err;

	/* what they say is not true any more, and their memory is wanted */
	free_maps(stacks);
	err = sort_frames(stacks) ?: sort_nodes(stacks);
	if (!err)
		qsort(stacks->counts, stacks->nr_counts, sizeof(*stacks->counts), cmp_counts);
	return err;
}
