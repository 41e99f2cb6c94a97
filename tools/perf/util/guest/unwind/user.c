// SPDX-License-Identifier: GPL-2.0
/*
 * Find what a guest's user code is unwound by, and do it.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include <linux/string.h>
#include <linux/zalloc.h>
#include "debug.h"
#include "guest/unwind/sections.h"
#include "guest/untrusted/dir.h"
#include "guest/unwind/dwarf-child.h"
#include "guest/vm/vm.h"
#include "guest/snapshot/lookup.h"
#include "guest/snapshot/take.h"
#include "guest/unwind/user.h"
#include "symbol_conf.h"

/**
 * struct guest_user - a guest
 * @copy:   directory of files copied to be read here, if @copied; else they were there before
 * @ends:   chains by how they ended
 */
struct guest_user {
	struct guest_user	 *next;
	pid_t			 pid;
	struct guest_dwarf_child child;
	bool			 copied;
	struct guest_temp	 copy;
	u64			 ends[GUEST_DWARF_NR_ENDS];
};

/* @plain: for those without files */
struct guest_users {
	struct guest_user	  *guests;
	struct guest_dwarf	  *plain;
	struct guest_dwarf_sample sample;
	u64			  malformed;
};

struct guest_users *guest_users__new(void)
{
	struct guest_users *users = zalloc(sizeof(*users));

	if (!users)
		return NULL;
	users->plain = guest_dwarf__new(-1);
	if (!users->plain)
		zfree(&users);
	return users;
}

void guest_users__delete(struct guest_users *users)
{
	struct guest_user *guest;

	if (!users)
		return;
	while ((guest = users->guests)) {
		users->guests = guest->next;
		guest_dwarf_child__exit(&guest->child);
		if (guest->copied)
			guest_temp__remove(&guest->copy);
		free(guest);
	}
	guest_dwarf__delete(users->plain);
	free(users);
}

/* A guest that runs: its processes as they are now. Its files may change, so copy them. */
static bool copy_from_mount(struct guest_user *user)
{
	struct guest_snapshot snapshot;
	struct guest guest = { .pid = user->pid };
	int err;

	if (snprintf(guest.mount, sizeof(guest.mount), "%s/%d", symbol_conf.guestmount,
		     user->pid) >= (int)sizeof(guest.mount) || access(guest.mount, F_OK))
		return false;
	err = guest_temp__new(&user->copy, NULL);
	if (err) {
		pr_warning("%s: %s: user stacks by frame pointers\n", user->copy.path,
			   strerror(-err));
		return false;
	}
	user->copied = true;
	/* what has come before the time was up is what there is */
	guest_snapshot__take(&guest, user->copy.fd,
			     GUEST_SNAPSHOT_PROCESSES | GUEST_SNAPSHOT_FILES, NULL, &snapshot);
	return true;
}

static void load(struct guest_user *user)
{
	const char *dir = symbol_conf.guestmount;
	char path[PATH_MAX];

	user->child.fd = -1;
	user->child.started = GUEST_DWARF_CHILDREN;
	if (!dir || guest_snapshot__refuses(user->pid))
		return;
	if (!guest_snapshot__has(user->pid)) {
		if (!copy_from_mount(user))
			return;
		dir = user->copy.path;
	}
	if (snprintf(path, sizeof(path), "%s/%d", dir, user->pid) < (int)sizeof(path))
		guest_dwarf_child__init(&user->child, path);
}

static struct guest_user *find_guest(struct guest_users *users, pid_t pid)
{
	struct guest_user *user;

	for (user = users->guests; user; user = user->next) {
		if (user->pid == pid)
			return user;
	}
	user = zalloc(sizeof(*user));
	if (!user)
		return NULL;
	user->pid = pid;
	load(user);
	user->next = users->guests;
	users->guests = user;
	return user;
}

/* A value for each bit of the mask, the lowest first. */
static bool parse_regs(struct guest_dwarf_sample *sample, const u64 *data, size_t nr)
{
	size_t at = 2;
	int i;

	if (nr < 2 || data[0] != PERF_SAMPLE_REGS_ABI_64 || data[1] >> GUEST_DWARF_REGS_MAX)
		return false;
	sample->mask = data[1];
	for (i = 0; i < GUEST_DWARF_REGS_MAX; i++) {
		sample->regs[i] = 0;
		if (!(sample->mask & 1ULL << i))
			continue;
		if (at == nr)
			return false;
		sample->regs[i] = data[at++];
	}
	return true;
}

static bool parse_stack(struct guest_dwarf_sample *sample, const u64 *data, size_t nr)
{
	if (nr < 1 || (nr - 1) * sizeof(u64) > sizeof(sample->stack))
		return false;
	sample->start = data[0];
	sample->size = (nr - 1) * sizeof(u64);
	memcpy(sample->stack, data + 1, sample->size);
	return true;
}

static bool parse(struct guest_users *users, const u64 *sections, size_t size)
{
	const u64 *regs, *stack;
	size_t nr_regs, nr_stack;

	regs = guest_sections__find(sections, size, PERF_GUEST_SECTION_USER_REGS, &nr_regs);
	stack = guest_sections__find(sections, size, PERF_GUEST_SECTION_USER_STACK, &nr_stack);
	if (!regs || !stack)
		return false;
	if (parse_regs(&users->sample, regs, nr_regs) &&
	    parse_stack(&users->sample, stack, nr_stack))
		return true;
	users->malformed++;
	return false;
}

u32 guest_users__unwind(struct guest_users *users, pid_t pid, u64 root, const u64 *sections,
			size_t size, u64 *ips, u32 max, bool *complete)
{
	enum guest_dwarf_end end, ignored;
	struct guest_user *user;
	u32 nr;

	*complete = false;
	if (!parse(users, sections, size))
		return 0;
	user = find_guest(users, pid);
	if (!user)
		return 0;
	users->sample.root = root;
	nr = guest_dwarf_child__unwind(&user->child, &users->sample, ips, max, &end);
	user->ends[end]++;
	*complete = end == GUEST_DWARF_ROOT;
	if (end == GUEST_DWARF_FAILED)
		nr = guest_dwarf__unwind(users->plain, &users->sample, ips, max, &ignored);
	return nr;
}

static void report(const struct guest_user *user, const char *name)
{
	u64 all = 0;
	int i;

	for (i = 0; i < GUEST_DWARF_NR_ENDS; i++)
		all += user->ends[i];
	if (!all)
		return;
	if (!user->child.processes && !user->ends[GUEST_DWARF_FAILED]) {
		pr_warning("Guest %s: user stacks by frame pointers, for want of its processes' files: record with --call-graph dwarf and a guest mount (perf kvm-callchain mount)\n",
			   name);
		return;
	}
	pr_info("Guest %s: user stacks by DWARF (%u processes): %.2f %% of %" PRIu64 " to a root\n",
		name, user->child.processes, 100.0 * user->ends[GUEST_DWARF_ROOT] / all, all);
	for (i = 0; i < GUEST_DWARF_NR_ENDS; i++) {
		if (user->ends[i] && i != GUEST_DWARF_ROOT)
			pr_debug("  short: %" PRIu64 ": %s\n", user->ends[i],
				 guest_dwarf_end__name(i));
	}
	if (user->ends[GUEST_DWARF_FAILED])
		pr_warning("Guest %s: libdw failed: %" PRIu64 " user stacks by frame pointers\n",
			   name, user->ends[GUEST_DWARF_FAILED]);
}

void guest_users__report(const struct guest_users *users)
{
	const struct guest_user *user;
	char name[GUEST_NAME_MAX];

	for (user = users->guests; user; user = user->next) {
		guest_snapshot__name(symbol_conf.guestmount ?: "", user->pid, name, sizeof(name));
		report(user, name);
	}
	if (users->malformed)
		pr_warning("Guest callchains: %" PRIu64 " with malformed user stacks\n",
			   users->malformed);
}
