// SPDX-License-Identifier: GPL-2.0
/*
 * Choose how a guest's kernel is unwound, and do it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/perf_guest_callchain.h>
#include <linux/zalloc.h>
#include <subcmd/parse-options.h>
#include "callchain.h"
#include "debug.h"
#include "guest/vm/vm.h"
#include "guest/vm/mount.h"
#include "guest/unwind/orc-unwind.h"
#include "guest/snapshot/lookup.h"
#include "guest/snapshot/take.h"
#include "guest/unwind/stack-words.h"
#include "guest/unwind/tables.h"
#include "guest/unwind/sections.h"
#include "guest/unwind/select.h"
#include "guest/unwind/user.h"
#include "symbol_conf.h"

enum guest_unwind_by guest_unwind_by;

static const char * const by_names[] = {
	[GUEST_UNWIND_BY_AUTO]	= "auto",
	[GUEST_UNWIND_BY_FP]	= "fp",
	[GUEST_UNWIND_BY_ORC]	= "orc",
	[GUEST_UNWIND_BY_DWARF]	= "dwarf",
	[GUEST_UNWIND_BY_SCAN]	= "scan",
};

int guest_unwind__parse(const struct option *opt __maybe_unused, const char *arg, int unset)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(by_names); i++) {
		if (unset || !strcmp(arg, by_names[i])) {
			guest_unwind_by = i;
			return 0;
		}
	}
	pr_err("--guest-unwind=%s: it is one of auto, fp, orc, dwarf, scan\n", arg);
	return -1;
}

/* Is it left to us how each guest's kernel is unwound? */
static bool is_free(void)
{
	return guest_unwind_by == GUEST_UNWIND_BY_AUTO || guest_unwind_by == GUEST_UNWIND_BY_DWARF;
}

unsigned int guest_unwind__takes(void)
{
	if (guest_unwind_by == GUEST_UNWIND_BY_SCAN)
		return GUEST_SNAPSHOT_CODE;
	return is_free() ? GUEST_SNAPSHOT_CODE_FOR_TABLES : 0;
}

/* Are there guests without frame pointers? -1 if that is not known yet. */
static int wants_words = -1;

void guest_unwind__know(const struct guests *guests)
{
	int i;

	wants_words = !guests->nr;
	for (i = 0; i < guests->nr; i++)
		wants_words |= guests->guest[i].facts.unwind != GUEST_UNWIND_FP;
}

static void look_at_all(void)
{
	struct guests guests;

	wants_words = true;
	if (guests__scan(&guests, "/proc"))
		return;
	guests__look(&guests, symbol_conf.guestmount ?: guest_mount__dir());
	guest_unwind__know(&guests);
	guests__exit(&guests);
}

bool guest_unwind__wants_stack_words(void)
{
	if (guest_unwind_by == GUEST_UNWIND_BY_FP)
		return false;
	if (!is_free())
		return true;
	if (wants_words < 0)
		look_at_all();
	return wants_words;
}

bool guest_unwind__wants_user_stack(void)
{
	return callchain_param.record_mode == CALLCHAIN_DWARF ||
	       guest_unwind_by == GUEST_UNWIND_BY_DWARF;
}

/**
 * struct guest_unwound - a guest
 * @by:	     how it is unwound
 * @ends:    chains by how they ended, with GUEST_UNWIND_BY_ORC
 * @guessed: chains with guesses in them
 */
struct guest_unwound {
	struct guest_unwound *next;
	pid_t		     pid;
	enum guest_unwind_by by;
	struct guest_tables  tables;
	u64		     ends[GUEST_ORC_NR_ENDS];
	u64		     guessed;
};

struct guest_unwinds {
	struct guest_unwound *guests;
	struct guest_stack   stack;
	struct guest_users   *users;
	u64		     malformed;
};

struct guest_unwinds *guest_unwinds__new(void)
{
	struct guest_unwinds *unwinds = zalloc(sizeof(*unwinds));

	if (!unwinds)
		return NULL;
	unwinds->users = guest_users__new();
	if (!unwinds->users)
		zfree(&unwinds);
	return unwinds;
}

void guest_unwinds__delete(struct guest_unwinds *unwinds)
{
	struct guest_unwound *guest;

	if (!unwinds)
		return;
	while ((guest = unwinds->guests)) {
		unwinds->guests = guest->next;
		guest_tables__exit(&guest->tables);
		free(guest);
	}
	guest_users__delete(unwinds->users);
	guest_stack__exit(&unwinds->stack);
	free(unwinds);
}

static enum guest_unwind_by choose(const struct guest_tables *tables)
{
	if (!is_free())
		return guest_unwind_by;
	if (tables->orc)
		return GUEST_UNWIND_BY_ORC;
	return tables->unwind == GUEST_UNWIND_ORC ? GUEST_UNWIND_BY_SCAN : GUEST_UNWIND_BY_FP;
}

static struct guest_unwound *find_guest(struct guest_unwinds *unwinds, pid_t pid)
{
	struct guest_unwound **guest = &unwinds->guests, *found;

	while (*guest && (*guest)->pid != pid)
		guest = &(*guest)->next;
	found = *guest;
	if (found) {
		/* the next sample is likely to be of the same one */
		*guest = found->next;
	} else {
		found = zalloc(sizeof(*found));
		if (!found)
			return NULL;
		found->pid = pid;
		guest_tables__load(&found->tables, pid);
		found->by = choose(&found->tables);
	}
	found->next = unwinds->guests;
	unwinds->guests = found;
	return found;
}

static bool parse(struct guest_unwinds *unwinds, const u64 *sections, size_t size,
		  struct guest_orc_regs *regs)
{
	size_t nr_regs, nr_words;
	const u64 *data, *words;

	data = guest_sections__find(sections, size, PERF_GUEST_SECTION_REGS, &nr_regs);
	words = guest_sections__find(sections, size, PERF_GUEST_SECTION_STACK_WORDS, &nr_words);
	if (!data || !words)
		return false;
	if (guest_orc_regs__parse(regs, data, nr_regs) &&
	    !guest_stack__parse(&unwinds->stack, words, nr_words))
		return true;
	unwinds->malformed++;
	return false;
}

static u32 by_orc(struct guest_unwinds *unwinds, struct guest_unwound *guest,
		  const struct guest_orc_regs *regs, u64 *ips, u32 max)
{
	/* one word is for the mark */
	struct guest_orc_chain chain = { .ips = ips, .max = max - 1 };

	guest_orc__unwind(guest->tables.orc, regs, &unwinds->stack, &chain);
	guest->ends[chain.end]++;
	if (chain.exact == chain.nr)
		return chain.nr;

	memmove(ips + chain.exact + 1, ips + chain.exact,
		(chain.nr - chain.exact) * sizeof(*ips));
	ips[chain.exact] = PERF_CONTEXT_GUEST_GUESS;
	guest->guessed++;
	return chain.nr + 1;
}

static u32 by_scan(struct guest_unwinds *unwinds, struct guest_unwound *guest,
		   const struct guest_orc_regs *regs, u64 *ips, u32 max)
{
	const struct guest_stack *stack = &unwinds->stack;
	u32 i, nr = 0;

	ips[nr++] = regs->ip;
	ips[nr++] = PERF_CONTEXT_GUEST_GUESS;
	for (i = 0; i < stack->first[stack->nr_stacks] && nr < max; i++) {
		if (guest_tables__may_return_to(&guest->tables, stack->words[i].value))
			ips[nr++] = stack->words[i].value;
	}
	guest->guessed++;
	return nr;
}

u32 guest_unwinds__kernel(struct guest_unwinds *unwinds, pid_t pid, const u64 *sections,
			  size_t size, u64 *ips, u32 max)
{
	struct guest_unwound *guest;
	struct guest_orc_regs regs;

	if (guest_unwind_by == GUEST_UNWIND_BY_FP || max < 3 ||
	    !parse(unwinds, sections, size, &regs))
		return 0;
	guest = find_guest(unwinds, pid);
	if (!guest)
		return 0;
	switch (guest->by) {
	case GUEST_UNWIND_BY_ORC:
		if (guest->tables.orc)
			return by_orc(unwinds, guest, &regs, ips, max);
		ips[0] = regs.ip;
		return 1;
	case GUEST_UNWIND_BY_SCAN:
		return by_scan(unwinds, guest, &regs, ips, max);
	case GUEST_UNWIND_BY_AUTO:
	case GUEST_UNWIND_BY_FP:
	case GUEST_UNWIND_BY_DWARF:
	default:
		return 0;
	}
}

u32 guest_unwinds__user(struct guest_unwinds *unwinds, pid_t pid, u64 root,
			const u64 *sections, size_t size, u64 *ips, u32 max, bool *complete)
{
	if (guest_unwind_by == GUEST_UNWIND_BY_FP)
		return 0;
	return guest_users__unwind(unwinds->users, pid, root, sections, size, ips, max, complete);
}

static void report_orc(const struct guest_unwound *guest, const char *name)
{
	u64 all = 0, roots = 0;
	int i;

	for (i = 0; i < GUEST_ORC_NR_ENDS; i++) {
		all += guest->ends[i];
		if (guest_orc_end__is_root(i))
			roots += guest->ends[i];
	}
	if (!all)
		return;
	pr_info("Guest %s: kernel stacks by ORC tables (%u modules, %u without): ", name,
		guest->tables.loaded.modules, guest->tables.loaded.failed);
	pr_info("%.2f %% of %" PRIu64 " to a root, %" PRIu64 " with guesses\n",
		100.0 * roots / all, all, guest->guessed);
	for (i = 0; i < GUEST_ORC_NR_ENDS; i++) {
		if (guest->ends[i] && !guest_orc_end__is_root(i))
			pr_debug("  short: %" PRIu64 ": %s\n", guest->ends[i],
				 guest_orc_end__name(i));
	}
}

void guest_unwinds__report(const struct guest_unwinds *unwinds)
{
	const struct guest_unwound *guest;
	char name[GUEST_NAME_MAX];

	for (guest = unwinds->guests; guest; guest = guest->next) {
		guest_snapshot__name(symbol_conf.guestmount ?: "", guest->pid, name, sizeof(name));
		if (guest->by == GUEST_UNWIND_BY_ORC && guest->tables.orc)
			report_orc(guest, name);
		else if (guest->by == GUEST_UNWIND_BY_ORC)
			pr_warning("Guest %s: its kernel's stacks cannot be unwound: %s\n", name,
				   guest->tables.why);
		else if (guest->by == GUEST_UNWIND_BY_SCAN)
			pr_warning("Guest %s: callers in its kernel are guesses, marked '?': %s\n",
				   name, guest->tables.why ?: "as asked for");
	}
	if (unwinds->malformed)
		pr_warning("Guest callchains: %" PRIu64 " with malformed stack words\n",
			   unwinds->malformed);
	guest_users__report(unwinds->users);
}
