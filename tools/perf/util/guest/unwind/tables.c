// SPDX-License-Identifier: GPL-2.0
/*
 * Load the ORC tables of a guest's kernel and modules from its files.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/zalloc.h>
#include "debug.h"
#include "guest/untrusted/dir.h"
#include "guest/vm/facts.h"
#include "guest/untrusted/file.h"
#include "guest/unwind/orc-table.h"
#include "guest/unwind/orc-load.h"
#include "guest/unwind/select.h"
#include "guest/snapshot/lookup.h"
#include "guest/snapshot/take.h"
#include "guest/unwind/tables.h"
#include "symbol_conf.h"

#define FUNCTIONS_MAX	(4 << 20)

/**
 * struct load - tables in the making
 * @root: of the guest's files
 * @text: address of _stext, 0 until it is known
 */
struct load {
	struct guest_tables *tables;
	int		    root;
	u64		    text;
};

static int add_function(struct guest_tables *tables, u64 addr)
{
	size_t alloc = tables->alloc_functions;
	u64 *functions;

	if (tables->nr_functions == FUNCTIONS_MAX)
		return 0;
	if (tables->nr_functions == alloc) {
		alloc = alloc ? alloc * 2 : 65536;
		functions = realloc(tables->functions, alloc * sizeof(*functions));
		if (!functions)
			return -ENOMEM;
		tables->functions = functions;
		tables->alloc_functions = alloc;
	}
	tables->functions[tables->nr_functions++] = addr;
	return 0;
}

static int kallsyms_line(void *arg, char *line)
{
	struct load *load = arg;
	struct guest_symbol sym;

	if (!guest_symbol__parse(&sym, line) || !sym.start)
		return 0;
	if (!load->text && !*sym.module &&
	    (!strcmp(sym.name, "_stext") || !strcmp(sym.name, "_text")))
		load->text = sym.start;
	return strchr("tw", tolower(sym.type)) ? add_function(load->tables, sym.start) : 0;
}

static int cmp_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static void read_kallsyms(struct load *load, const char *path)
{
	struct guest_tables *tables = load->tables;

	guest_file__lines(load->root, path, GUEST_KALLSYMS_LIMIT, kallsyms_line, load);
	qsort(tables->functions, tables->nr_functions, sizeof(u64), cmp_u64);
}

static void load_orc(struct guest_tables *tables, struct guest_orc_source *source, u64 text)
{
	tables->why = "no address of _stext in the guest's kallsyms";
	if (!text)
		return;
	source->text = text;
	source->vmlinux = symbol_conf.default_guest_vmlinux_name;
	tables->orc = guest_orc__load(source, &tables->loaded);
	tables->why = tables->orc ? NULL : tables->loaded.why;
}

/* From a directory that does not change or hang: our own. */
static void load_from(struct guest_tables *tables, const char *dir)
{
	struct load load = { .tables = tables, .root = guest_file__root(dir) };
	struct guest_facts facts;
	struct guest_orc_source source = { .dir = dir, .release = facts.release };

	if (load.root < 0) {
		tables->why = "no files of the guest's";
		return;
	}
	guest_facts__read(&facts, load.root);
	tables->unwind = facts.unwind;
	read_kallsyms(&load, "proc/kallsyms");
	tables->why = "its kernel has frame pointers";
	if (tables->unwind != GUEST_UNWIND_FP)
		load_orc(tables, &source, load.text);
	guest_text__load(&tables->text, load.root);
	close(load.root);
}

/* --guestkallsyms and --guestvmlinux: files of the host's. */
static void load_from_files(struct guest_tables *tables)
{
	struct load load = { .tables = tables, .root = guest_file__root("/") };
	struct guest_orc_source source = { .release = "" };
	char path[PATH_MAX];

	if (load.root >= 0 && realpath(symbol_conf.default_guest_kallsyms, path))
		read_kallsyms(&load, path);
	if (load.root >= 0)
		close(load.root);
	if (symbol_conf.default_guest_vmlinux_name)
		load_orc(tables, &source, load.text);
}

/* The guest may still change its files, or not answer: take a copy, as record does. */
static void load_from_mount(struct guest_tables *tables, pid_t pid)
{
	struct guest_snapshot snapshot;
	struct guest_temp temp;
	char path[PATH_MAX + 16];
	struct guest guest = { .pid = pid };

	if (snprintf(guest.mount, sizeof(guest.mount), "%s/%d", symbol_conf.guestmount, pid) >=
	    (int)sizeof(guest.mount) || access(guest.mount, F_OK)) {
		tables->why = "no files of the guest's";
		return;
	}
	if (guest_temp__new(&temp, NULL)) {
		tables->why = "no place to copy its files to: TMPDIR names one";
		return;
	}
	/* what has come before the time was up is what there is */
	guest_snapshot__take(&guest, temp.fd, GUEST_SNAPSHOT_KERNEL | guest_unwind__takes(),
			     NULL, &snapshot);
	snprintf(path, sizeof(path), "%s/%d", temp.path, pid);
	load_from(tables, path);
	guest_temp__remove(&temp);
}

void guest_tables__load(struct guest_tables *tables, pid_t pid)
{
	char path[PATH_MAX];

	*tables = (struct guest_tables) { .why = "no files of the guest's" };
	if (guest_snapshot__refuses(pid))
		return;
	if (guest_snapshot__has(pid)) {
		snprintf(path, sizeof(path), "%s/%d", symbol_conf.guestmount, pid);
		load_from(tables, path);
	} else if (symbol_conf.guestmount) {
		load_from_mount(tables, pid);
	} else if (symbol_conf.default_guest_kallsyms) {
		load_from_files(tables);
	}
}

void guest_tables__exit(struct guest_tables *tables)
{
	guest_orc__delete(tables->orc);
	free(tables->functions);
	guest_text__exit(&tables->text);
	memset(tables, 0, sizeof(*tables));
}

static bool in_function(const struct guest_tables *tables, u64 addr)
{
	size_t low = 0, high = tables->nr_functions, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (tables->functions[mid] == addr)
			return false;	/* a function's begin is behind no call in it */
		if (tables->functions[mid] < addr)
			low = mid + 1;
		else
			high = mid;
	}
	/* the last one's end is not known */
	return low && low < tables->nr_functions;
}

bool guest_tables__may_return_to(const struct guest_tables *tables, u64 addr)
{
	return in_function(tables, addr) &&
	       guest_text__behind_call(&tables->text, addr) != GUEST_TEXT_NO_CALL;
}
