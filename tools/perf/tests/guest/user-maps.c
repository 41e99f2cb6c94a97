// SPDX-License-Identifier: GPL-2.0
/*
 * User addresses of a guest are found in the files of its processes. The guest's process
 * is made of this one: its program, its C library and its vDSO, whose addresses are known.
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "debug.h"
#include "tests/guest/made-files.h"
#include "tests/tests.h"
#include "util.h"
#include "util/dso.h"
#include "util/event.h"
#include "util/guest/vm/vm.h"
#include "util/guest/snapshot/processes.h"
#include "util/guest/snapshot/lookup.h"
#include "util/guest/snapshot/take.h"
#include "util/guest/symbols/user-maps.h"
#include "util/machine.h"
#include "util/map.h"
#include "util/symbol.h"
#include "util/symbol_conf.h"
#include "util/thread.h"

#define PID	7
/* Where the guest has its vDSO: our own is too high up for a file to have a /proc/PID/mem */
#define VDSO_AT	0x110000000ULL

static char dir[64];

static int put(const char *path, const char *text)
{
	return made_file__put(dir, path, text, strlen(text));
}

/* What of this process a guest's process is to have. */
struct mapped {
	u64  start, end, offset;
	char path[PATH_MAX];
};

static bool find_mapped(const void *addr, struct mapped *m)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	bool found = false;
	char line[PATH_MAX + 128];

	while (maps && !found && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %*s %*s %4095[^\n]",
			   &m->start, &m->end, &m->offset, m->path) == 4)
			found = (u64)(long)addr >= m->start && (u64)(long)addr < m->end;
	}
	if (maps)
		fclose(maps);
	return found;
}

static struct mapped program, library, vdso;

/* In each of them, a function: a static one, an exported one, and the vDSO's */
static noinline int known_function(int x)
{
	return x * 3 + getpid();
}

static u64 in_program, in_library, in_vdso;

static bool find_ourselves(void)
{
	void *handle = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
	void *gettime = handle ? dlsym(handle, "__vdso_clock_gettime") : NULL;

	if (!gettime || !find_mapped(known_function, &program) ||
	    !find_mapped(qsort, &library) || !find_mapped(gettime, &vdso))
		return false;
	in_program = (long)known_function;
	in_library = (long)qsort;
	in_vdso = (long)gettime - vdso.start + VDSO_AT;
	return true;
}

/* /proc/PID/mem, of which only the vDSO is there to be read */
static int put_memory(void)
{
	FILE *file = made_file__create(dir, "m/proc/1/mem");
	int err;

	if (!file)
		return -1;
	err = fseeko(file, VDSO_AT, SEEK_SET) ||
	      fwrite((void *)(long)vdso.start, vdso.end - vdso.start, 1, file) != 1;
	return fclose(file) || err ? -1 : 0;
}

static int copy_file(const char *path)
{
	char cmd[5 * PATH_MAX];

	snprintf(cmd, sizeof(cmd), "mkdir -p \"$(dirname '%s/m%s')\" && cp '%s' '%s/m%s'", dir,
		 path, path, dir, path);
	return system(cmd);
}

static int put_maps(const char *more)
{
	char text[4 * PATH_MAX];

	snprintf(text, sizeof(text),
		 "%" PRIx64 "-%" PRIx64 " r-xp %" PRIx64 " fe:00 1 %s\n"
		 "%" PRIx64 "-%" PRIx64 " r-xp %" PRIx64 " fe:00 2 %s\n"
		 "%" PRIx64 "-%" PRIx64 " r-xp 00000000 00:00 0 [vdso]\n%s",
		 program.start, program.end, program.offset, program.path,
		 library.start, library.end, library.offset, library.path,
		 (u64)VDSO_AT, (u64)(VDSO_AT + (vdso.end - vdso.start)), more);
	return put("m/proc/1/maps", text);
}

static int take(unsigned int what, struct guest_snapshot *snapshot)
{
	struct guest guest = { .pid = PID, .name = "web", .vmm = "qemu" };
	char out[PATH_MAX];

	snprintf(guest.mount, sizeof(guest.mount), "%s/m", dir);
	snprintf(out, sizeof(out), "%s/out", dir);
	rm_rf(out);
	return made_snapshot__take(&guest, out, what, snapshot);
}

/* Is an address found in a file of that short name, and is the function that one? */
static int check_address(struct thread *thread, u64 addr, const char *dso, const char *function)
{
	struct addr_location al;
	bool right;

	addr_location__init(&al);
	thread__find_symbol(thread, PERF_RECORD_MISC_GUEST_USER, addr, &al);
	pr_debug("%" PRIx64 ": %s %s\n", addr, al.map ? dso__short_name(map__dso(al.map)) : "-",
		 al.sym ? al.sym->name : "-");
	right = dso ? al.map && !strcmp(dso__short_name(map__dso(al.map)), dso) : !al.map;
	if (right)
		right = function ? al.sym && !strcmp(al.sym->name, function) : !al.sym;
	addr_location__exit(&al);
	return right ? TEST_OK : TEST_FAIL;
}

static const char *short_name(const struct mapped *m)
{
	static char name[PATH_MAX];

	snprintf(name, sizeof(name), "[guest/web]/%s", strrchr(m->path, '/') + 1);
	return name;
}

static int check_found(struct machines *machines, bool files)
{
	struct machine *machine = machines__findnew(machines, PID);
	struct thread *thread = machine ? machine__findnew_thread(machine, PID, PID + 1) : NULL;
	int ret;

	TEST_ASSERT_VAL("thread", thread);
	guest_thread__name(machine, thread);
	ret = check_address(thread, in_program, short_name(&program),
			    files ? "known_function" : NULL);
	TEST_ASSERT_EQUAL("program", ret, TEST_OK);
	ret = check_address(thread, in_library, short_name(&library), files ? "qsort" : NULL);
	TEST_ASSERT_EQUAL("library", ret, TEST_OK);
	ret = check_address(thread, in_vdso, "[guest/web]/[vdso]", "__vdso_clock_gettime");
	TEST_ASSERT_EQUAL("vDSO", ret, TEST_OK);
	TEST_ASSERT_EQUAL("nowhere", check_address(thread, 0x1000, NULL, NULL), TEST_OK);
	TEST_ASSERT_EQUAL("garbage", check_address(thread, 0x20100, "[guest/web]/garbage", NULL),
			  TEST_OK);
	thread__put(thread);
	return TEST_OK;
}

static int check_with(bool files)
{
	int nr = files ? 3 : 0, ret;
	unsigned int what = GUEST_SNAPSHOT_PROCESSES | (files ? GUEST_SNAPSHOT_FILES : 0);
	bool guest = perf_guest;
	struct guest_snapshot snapshot;
	struct machines machines;
	char out[PATH_MAX];

	TEST_ASSERT_EQUAL("take", take(what, &snapshot), 0);
	TEST_ASSERT_EQUAL("files", (int)snapshot.user_files, nr);
	snprintf(out, sizeof(out), "%s/out", dir);
	guest_snapshot__use(out);
	perf_guest = true;
	machines__init(&machines);
	ret = check_found(&machines, files);
	machines__exit(&machines);
	guest_snapshot__use(NULL);
	perf_guest = guest;
	return ret;
}

static int check_process(void)
{
	char garbage[4096] = "\177ELF\2\1\1";

	memset(garbage + 16, 0xff, sizeof(garbage) - 16);
	TEST_ASSERT_VAL("files", !copy_file(program.path) && !copy_file(library.path) &&
			!made_file__put(dir, "m/garbage", garbage, sizeof(garbage)) &&
			!put_maps("20000-21000 r-xp 0 fe:00 3 /garbage\n") &&
			!put_memory());
	return check_with(/*files=*/false) ?: check_with(/*files=*/true);
}

static int test__guest_user_maps_process(struct test_suite *test __maybe_unused,
					 int subtest __maybe_unused)
{
	int ret = TEST_FAIL;

	strcpy(dir, "/tmp/perf-guest-user-maps-XXXXXX");
	if (!mkdtemp(dir))
		return TEST_FAIL;
	if (find_ourselves() && known_function(1))
		ret = check_process();
	rm_rf(dir);
	return ret;
}

#define M(s, e, o, f) { .start = s, .end = e, .offset = o, .file = f }

static int test__guest_user_maps_merge(struct test_suite *test __maybe_unused,
				       int subtest __maybe_unused)
{
	struct guest_mapping one[] = { M(0x1000, 0x2000, 0, 0), M(0x5000, 0x7000, 0x1000, 1),
				       M(0xa000, 0xb000, 0, 2) };
	/* the same file, more of it; another file; the same file elsewhere; no file in a third */
	struct guest_mapping two[] = { M(0x1000, 0x3000, 0, 0), M(0x6000, 0x8000, 0, 3),
				       M(0xa000, 0xb000, 0x1000, 2), M(0xc000, 0xd000, 0, 2),
				       M(0x20000, 0x21000, 0, 0) };
	struct guest_layout layouts[] = {
		{ .nr = ARRAY_SIZE(one), .mappings = one },
		{ .nr = ARRAY_SIZE(two), .mappings = two },
	};
	struct guest_mapping others[] = { M(0x20000, 0x30000, 0, GUEST_FILES_MAX) };
	struct guest_processes p = {
		.nr = 2, .nr_layouts = 2, .layouts = layouts, .nr_others = 1, .others = others,
	};
	struct guest_mapping *m;

	TEST_ASSERT_EQUAL("merged", guest_user_maps__merge(&p, &m), 2);
	TEST_ASSERT_VAL("union", m[0].start == 0x1000 && m[0].end == 0x3000 && !m[0].file);
	TEST_ASSERT_VAL("of one process", m[1].start == 0xc000 && m[1].file == 2);
	free(m);
	p.nr_layouts = 0;
	p.nr_others = 0;
	TEST_ASSERT_EQUAL("none", guest_user_maps__merge(&p, &m), 0);
	free(m);
	return TEST_OK;
}

static struct test_case tests__guest_user_maps[] = {
	TEST_CASE("Guest callchain user code, of one process", guest_user_maps_process),
	TEST_CASE("Guest callchain user code, of several", guest_user_maps_merge),
	{ .name = NULL, }
};

struct test_suite suite__guest_user_maps = {
	.desc = "Guest callchain user code",
	.test_cases = tests__guest_user_maps,
};
