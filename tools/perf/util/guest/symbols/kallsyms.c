// SPDX-License-Identifier: GPL-2.0
/*
 * What perf's reader of kallsyms leaves open of a guest's.
 */
#include <errno.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/rbtree.h>
#include <linux/string.h>
#include "debug.h"
#include "dso.h"
#include "guest/symbols/kallsyms.h"
#include "guest/vm/kallsyms.h"
#include "map.h"
#include "maps.h"
#include "symbol.h"

/* A guest may alternate between modules: each map costs a sort of all. */
#define MADE_MAX	256

bool guest_kallsyms__is_made(struct map *map)
{
	return map__mapping_type(map) == MAPPING_TYPE__IDENTITY;
}

/* Of these there is no list: a module that is in none is gone, or another one was there. */
static bool is_of_no_list(const char *module)
{
	return !strcmp(module, "[bpf]") || strstarts(module, "[__builtin__");
}

/* Symbols of the same module that follow one another: where does the last one end? */
static u64 run_end(struct symbol *sym, const char *module)
{
	u64 end = sym->end;
	struct rb_node *next;
	const char *of;

	for (next = rb_next(&sym->rb_node); next; next = rb_next(&sym->rb_node)) {
		sym = rb_entry(next, struct symbol, rb_node);
		of = strchr(sym->name, '\t');
		if (!of || strcmp(of + 1, module))
			break;
		end = sym->end;
	}
	return end;
}

static struct map *make_map(struct maps *maps, const char *module, struct symbol *sym)
{
	struct dso *dso = dso__new(module);
	struct map *map, *next;

	if (!dso)
		return NULL;
	dso__set_kernel(dso, DSO_SPACE__KERNEL_GUEST);
	dso__set_loaded(dso);
	map = map__new2(sym->start, dso);
	dso__put(dso);
	if (!map)
		return NULL;
	map__set_mapping_type(map, MAPPING_TYPE__IDENTITY);
	map__set_end(map, run_end(sym, module));
	if (maps__insert(maps, map)) {
		map__put(map);
		return NULL;
	}
	next = maps__find_next_entry(maps, map);
	if (next && map__start(next) < map__end(map))
		map__set_end(map, map__start(next));
	map__put(next);
	return map;
}

struct map *guest_kallsyms__map(struct maps *maps, const char *module, struct symbol *sym,
				struct map *kernel)
{
	struct map *map = maps__find_by_name(maps, module);
	static struct maps *made_in;
	static unsigned int made;

	if (dso__kernel(map__dso(kernel)) != DSO_SPACE__KERNEL_GUEST ||
	    (map && !guest_kallsyms__is_made(map)))
		return map;
	map__put(map);
	map = maps__find(maps, sym->start);
	if (made_in != maps) {
		made_in = maps;
		made = 0;
	}
	if (!map)
		return is_of_no_list(module) && made++ < MADE_MAX ?
		       make_map(maps, module, sym) : NULL;
	if (RC_CHK_EQUAL(map, kernel) || !strcmp(dso__short_name(map__dso(map)), module))
		return map;
	map__put(map);
	return NULL;
}

int guest_kallsyms__load(struct dso *dso, const char *filename, struct map *map)
{
	int ret = guest_kallsyms__check(filename) ?: dso__load_kallsyms(dso, filename, map);

	if (ret <= 0)
		pr_err("No symbols of a guest's kernel in %s\n", filename);
	return ret;
}
