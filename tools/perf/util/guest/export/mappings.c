// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/zalloc.h>
#include "build-id.h"
#include "dso.h"
#include "guest/export/mappings.h"
#include "guest/export/stacks.h"
#include "guest/untrusted/printable.h"
#include "hashmap.h"
#include "map.h"

#define RECENT_BITS	8

/* A map may be gone, and another one be there: it is what it was if all this is the same. */
struct recent_map {
	const struct map *map;
	const struct dso *dso;
	u64		 start, end, offset;
	u32		 number;
};

/**
 * struct mappings
 * @by_text: keys are owned by it: they are unlike for all that are told apart
 * @recent:  maps of the last frames, for most of which there is no need to look further
 */
struct mappings {
	struct mapping	  *mappings;
	u32		  nr;
	struct hashmap	  *by_text;
	struct recent_map recent[1 << RECENT_BITS];
};

struct mappings *mappings__new(void)
{
	struct mappings *mappings = zalloc(sizeof(*mappings));

	if (!mappings)
		return NULL;
	mappings->by_text = hashmap__new(stacks__hash_text, stacks__equal_texts, NULL);
	if (!IS_ERR(mappings->by_text))
		return mappings;
	free(mappings);
	return NULL;
}

void mappings__delete(struct mappings *mappings)
{
	struct hashmap_entry *entry;
	size_t bkt;
	u32 i;

	if (!mappings)
		return;
	hashmap__for_each_entry(mappings->by_text, entry, bkt)
		free((char *)entry->pkey);
	hashmap__free(mappings->by_text);
	for (i = 0; i < mappings->nr; i++) {
		free(mappings->mappings[i].dso);
		free(mappings->mappings[i].build_id);
	}
	free(mappings->mappings);
	free(mappings);
}

static struct recent_map describe(struct map *map)
{
	return (struct recent_map) {
		.map = map, .dso = map__dso(map), .start = map__start(map),
		.end = map__end(map), .offset = map__pgoff(map),
	};
}

static bool is_same(const struct recent_map *a, const struct recent_map *b)
{
	return a->map == b->map && a->dso == b->dso && a->start == b->start &&
	       a->end == b->end && a->offset == b->offset;
}

/* Return: its number, 0 without memory */
static u32 add(struct mappings *mappings, struct map *map, const char *build_id, char *key)
{
	struct mapping *longer = realloc(mappings->mappings, (mappings->nr + 1) * sizeof(*longer));
	struct mapping new = {
		.dso = strdup(dso__short_name(map__dso(map))), .build_id = strdup(build_id),
		.start = map__start(map), .end = map__end(map), .offset = map__pgoff(map),
	};

	if (longer)
		mappings->mappings = longer;
	if (!longer || !new.dso || !new.build_id ||
	    hashmap__add(mappings->by_text, key, mappings->nr + 1)) {
		free(new.dso);
		free(new.build_id);
		return 0;
	}
	text__make_printable(new.dso);
	mappings->mappings[mappings->nr++] = new;
	return mappings->nr;
}

static u32 findnew(struct mappings *mappings, struct map *map)
{
	struct dso *dso = map__dso(map);
	char build_id[SBUILD_ID_SIZE] = "";
	long number;
	char *key;

	if (dso__has_build_id(dso))
		build_id__sprintf(dso__bid(dso), build_id);
	if (asprintf(&key, "%" PRIx64 " %" PRIx64 " %" PRIx64 " %s %s", map__start(map),
		     map__end(map), map__pgoff(map), build_id, dso__short_name(dso)) < 0)
		return 0;
	if (hashmap__find(mappings->by_text, key, &number)) {
		free(key);
		return number;
	}
	number = add(mappings, map, build_id, key);
	if (!number)
		free(key);
	return number;
}

u32 mappings__findnew(struct mappings *mappings, struct map *map)
{
	struct recent_map *recent = &mappings->recent[hash_ptr(map, RECENT_BITS)];
	struct recent_map this = describe(map);

	if (!is_same(recent, &this)) {
		this.number = findnew(mappings, map);
		*recent = this;
	}
	return recent->number;
}

u32 mappings__nr(const struct mappings *mappings)
{
	return mappings->nr;
}

const struct mapping *mappings__get(const struct mappings *mappings, u32 number)
{
	return &mappings->mappings[number - 1];
}
