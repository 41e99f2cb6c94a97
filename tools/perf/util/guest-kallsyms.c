// SPDX-License-Identifier: GPL-2.0
/*
 * What perf's reader of kallsyms leaves open of a guest's.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/rbtree.h>
#include <linux/string.h>
#include <symbol/kallsyms.h>
#include <sys/stat.h>
#include "debug.h"
#include "dso.h"
#include "guest-kallsyms.h"
#include "map.h"
#include "maps.h"
#include "symbol.h"

/* A guest may alternate between modules: each map costs a sort of all. */
#define MADE_MAX	256

static int is_shown(void *arg, const char *name __maybe_unused, char type __maybe_unused,
		    u64 start)
{
	*(bool *)arg = true;
	/* one address, and they are not hidden */
	return !!start;
}

static const char *wrong_fd(int fd, const char *path)
{
	char magic[SELFMAG] = "";
	bool some = false;
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return "is no regular file";
	if (pread(fd, magic, SELFMAG, 0) == SELFMAG && !memcmp(magic, ELFMAG, SELFMAG))
		return "is an ELF file: use --guestvmlinux";
	if (!kallsyms__parse(path, &some, is_shown) && some)
		return "hides addresses: copy it as root, or with kernel.kptr_restrict=0 there";
	return NULL;
}

const char *guest_kallsyms__wrong(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *wrong;

	if (fd < 0)
		return strerror(errno);
	wrong = wrong_fd(fd, path);
	close(fd);
	return wrong;
}

int guest_kallsyms__check(const char *path)
{
	const char *wrong = guest_kallsyms__wrong(path);

	if (!wrong)
		return 0;
	pr_err("%s %s\n", path, wrong);
	return -1;
}

bool guest_kallsyms__is_made(const struct map *map)
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

struct map *guest_kallsyms__find_map(struct maps *maps, const char *module, struct symbol *sym,
				     struct map *kernel)
{
	struct map *map = maps__find_by_name(maps, module);
	static unsigned int made;

	if (dso__kernel(map__dso(kernel)) != DSO_SPACE__KERNEL_GUEST ||
	    (map && !guest_kallsyms__is_made(map)))
		return map;
	map__put(map);
	map = maps__find(maps, sym->start);
	if (!map)
		return is_of_no_list(module) && made++ < MADE_MAX ?
		       make_map(maps, module, sym) : NULL;
	if (RC_CHK_EQUAL(map, kernel) || !strcmp(dso__short_name(map__dso(map)), module))
		return map;
	map__put(map);
	return NULL;
}
