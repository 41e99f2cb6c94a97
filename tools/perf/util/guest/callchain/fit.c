// SPDX-License-Identifier: GPL-2.0
/*
 * Judge the symbols of a guest's kernel by what was recorded of it.
 *
 * A kallsyms of another boot or another build gives a name to every address that is in its
 * range. What tells is that addresses where the kernel was are in no function, that what
 * calls return to is behind no call, or that the way from user code into the kernel is not
 * by the code for it.
 */
#include <inttypes.h>
#include <string.h>
#include <linux/kernel.h>
#include "data.h"
#include "debug.h"
#include "dso.h"
#include "event.h"
#include "guest/callchain/fit.h"
#include "guest/callchain/seen.h"
#include "guest/snapshot/lookup.h"
#include "guest/symbols/vmlinux.h"
#include "machine.h"
#include "map.h"
#include "maps.h"
#include "session.h"
#include "symbol.h"

/* Below, it may be chance. */
#define JUDGED_MIN	20

/* The entry code, .entry.text, is a few KiB on either side of this. */
#define ENTRY_SYMBOL	"entry_SYSCALL_64"
#define ENTRY_SIZE_MAX	0x4000

/* That of a CPU with FRED is elsewhere, and short. */
#define FRED_SYMBOL	"asm_fred_entrypoint_user"
#define FRED_SIZE_MAX	0x100

/*
 * Where the image of an x86 kernel is, wherever it is moved to (Linux's
 * Documentation/arch/x86/x86_64/mm.rst). Modules, BPF programs and firmware, which are
 * elsewhere, need not be in a kallsyms that is right.
 */
#define IMAGE_START	0xffffffff80000000ULL
#define IMAGE_END	0xffffffffc0000000ULL

/**
 * struct judge - of the symbols that a machine has
 * @entry: address of ENTRY_SYMBOL, 0 if there is none
 * @fred:  of FRED_SYMBOL
 */
struct judge {
	struct machine *machine;
	u64		entry, fred;
};

/* How many of a kind there are, and how many of these fit */
struct tally {
	const char *what;
	u64 nr, fit;
};

static bool tally__is_bad(const struct tally *tally)
{
	return tally->nr >= JUDGED_MIN && tally->fit * 2 < tally->nr;
}

static bool in_function(const struct judge *judge, u64 addr)
{
	struct map *map = maps__find(machine__kernel_maps(judge->machine), addr);
	struct symbol *sym = NULL;

	if (map)
		sym = dso__find_symbol_nocache(map__dso(map), map__map_ip(map, addr));
	map__put(map);
	return sym && sym->type == STT_FUNC;
}

static bool is_entry(const struct judge *judge, u64 addr)
{
	return addr - judge->entry + ENTRY_SIZE_MAX < 2 * ENTRY_SIZE_MAX ||
	       (judge->fred && addr - judge->fred < FRED_SIZE_MAX);
}

static void tally__add(struct tally *tally, const struct judge *judge, u64 addr)
{
	bool fits = in_function(judge, addr);

	if (!fits && (addr < IMAGE_START || addr >= IMAGE_END))
		return;
	tally->nr++;
	tally->fit += fits;
}

/* A function may end with a call that does not return: what matters is where the call is. */
static struct tally count_addrs(const struct judge *judge, const struct guest_addrs *addrs,
				u64 back, const char *what)
{
	struct tally tally = { .what = what };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(addrs->slot); i++) {
		if (addrs->slot[i].addr)
			tally__add(&tally, judge, addrs->slot[i].addr - back);
	}
	return tally;
}

/* There are few of them: it is each chain that counts. */
static struct tally count_entries(const struct judge *judge, const struct guest_addrs *addrs)
{
	struct tally tally = { .what = "chains enter the kernel where its entry code is" };
	size_t i;

	for (i = 0; judge->entry && i < ARRAY_SIZE(addrs->slot); i++) {
		tally.nr += addrs->slot[i].count;
		if (is_entry(judge, addrs->slot[i].addr))
			tally.fit += addrs->slot[i].count;
	}
	return tally;
}

static bool fits(const struct judge *judge, const struct guest_seen *seen)
{
	struct tally tally[] = {
		count_addrs(judge, &seen->callers, 1, "return addresses are in a function"),
		count_addrs(judge, &seen->leaves, 0, "sampled addresses are in a function"),
		count_entries(judge, &seen->entries),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tally); i++) {
		if (tally__is_bad(&tally[i]))
			break;
	}
	if (i == ARRAY_SIZE(tally))
		return true;
	pr_warning("Guest %s: its symbols are of another kernel or boot, and not used: %" PRIu64
		   " of %" PRIu64 " %s. Record again%s.\n",
		   guest_pid__name(seen->pid), tally[i].fit, tally[i].nr, tally[i].what,
		   symbol_conf.default_guest_kallsyms ?
		   ", or give this guest's kallsyms as --guestkallsyms" : "");
	return false;
}

static int drop_symbols(struct map *map, void *arg __maybe_unused)
{
	struct dso *dso = map__dso(map);

	symbols__delete(dso__symbols(dso));
	dso__reset_find_symbol_cache(dso);
	dso__set_loaded(dso);
	return 0;
}

static bool has_these(void *arg, pid_t pid)
{
	struct machine *machine = arg;

	return machines__find_guest(machine->machines, pid) == machine;
}

static void find_entries(struct judge *judge, struct map *map)
{
	struct rb_node *node;
	struct symbol *sym;

	symbols__for_each_entry(dso__symbols(map__dso(map)), sym, node) {
		if (!strcmp(sym->name, ENTRY_SYMBOL))
			judge->entry = map__unmap_ip(map, sym->start);
		else if (!strcmp(sym->name, FRED_SYMBOL))
			judge->fred = map__unmap_ip(map, sym->start);
	}
}

/* NULL if machines are not those of a recording that can be read again. */
static const struct perf_data *find_recording(struct machine *machine)
{
	struct perf_session *session;

	if (machine__is_host(machine) || !machine->machines)
		return NULL;
	session = container_of(machine->machines, struct perf_session, machines);
	/* machines without a session have another env, or none */
	if (machine->machines->host.env != &session->header.env || !session->data ||
	    !perf_data__is_read(session->data) || perf_data__is_pipe(session->data))
		return NULL;
	return session->data;
}

static void judge_names(struct map *map)
{
	struct machine *machine = maps__machine(map__kmaps(map));
	struct judge judge = { .machine = machine };
	const struct perf_data *data = find_recording(machine);
	struct guest_seen *all, *seen;

	/* a dump has no names, and would be made of both readings */
	if (!data || dump_trace)
		return;
	find_entries(&judge, map);
	all = guest_seen__read(data, has_these, machine);
	for (seen = all; seen; seen = seen->next) {
		if (fits(&judge, seen))
			continue;
		/* from now on this one is another than the default guest, and has no kernel */
		if (seen->pid != machine->pid)
			machines__add(machine->machines, seen->pid, "");
		else
			maps__for_each_map(machine__kernel_maps(machine), drop_symbols, NULL);
	}
	guest_seen__delete(all);
}

void guest_fit__loaded(struct dso *dso, struct map *map, int nr)
{
	guest_debuginfo__loaded(dso, map, nr);
	if (nr > 0)
		judge_names(map);
}
