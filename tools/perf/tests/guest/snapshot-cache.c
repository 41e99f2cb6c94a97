// SPDX-License-Identifier: GPL-2.0
/*
 * What is kept of a guest's kernel, and when it is not used.
 *
 * The mount says something new each time: what is in the snapshot shows where it came from.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <sys/stat.h>
#include "debug.h"
#include "tests/guest/made-files.h"
#include "tests/tests.h"
#include "util.h"
#include "util/guest/snapshot/take.h"
#include "util/guest/unwind/select.h"
#include "util/guest/vm/vm.h"

#define BOOT_ID	"11111111-2222-3333-4444-555555555555\n"
#define MODULE	"a 4096 0 - Live 0xffffffffc0000000\n"
#define FIRST	"ffffffff81000000 T first\nffffffffc0000010 t a_work\t[a]\n"
#define PROGRAM	"ffffffffc0100000 t bpf_prog_1\t[bpf]\nffffffffc0200000 t ftrace_trampoline\t[__builtin__ftrace]\n"
#define SECOND	"ffffffff81000000 T second\n"

static char dir[64];

static int put(const char *path, const char *text)
{
	return made_file__put(dir, path, text, strlen(text));
}

static void path_of(char *path, const char *name)
{
	snprintf(path, PATH_MAX, "%s/%s", dir, name);
}

/* The VMM is this process, which runs. */
static int take(unsigned int what, const char *out_name, struct guest_snapshot *snapshot)
{
	struct guest guest = { .pid = getpid(), .name = "n", .vmm = "qemu" };
	char out[PATH_MAX], cache[PATH_MAX];
	int fd, err;

	path_of(out, out_name);
	path_of(cache, "cache");
	path_of(guest.mount, "m");
	rm_rf(out);
	if (mkdir(out, 0700) < 0)
		return -errno;
	fd = open(out, O_RDONLY | O_DIRECTORY);
	err = guest_snapshot__take(&guest, fd, what, cache, snapshot);
	close(fd);
	return err;
}

static bool has(const char *path, const char *text)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "out/%d/%s", getpid(), path);
	return made_file__is(dir, name, text);
}

static void put_mount(const char *kallsyms)
{
	put("m/proc/version", "Linux version 6.1 (x)\n");
	put("m/proc/sys/kernel/random/boot_id", BOOT_ID);
	put("m/proc/modules", MODULE);
	put("m/proc/kallsyms", kallsyms);
}

/* The first recording, and a mount that says something else then. */
static int keep_first(void)
{
	struct guest_snapshot snapshot;
	char cache[PATH_MAX];

	path_of(cache, "cache");
	rm_rf(cache);
	put_mount(FIRST PROGRAM);
	TEST_ASSERT_EQUAL("take", take(GUEST_SNAPSHOT_KERNEL, "out", &snapshot), 0);
	TEST_ASSERT_VAL("from the mount", !snapshot.cached && snapshot.symbols == 4);
	TEST_ASSERT_VAL("all of it", has("proc/kallsyms", FIRST PROGRAM));
	put("m/proc/kallsyms", SECOND);
	return 0;
}

static int is_kept(unsigned int what)
{
	struct guest_snapshot snapshot;

	TEST_ASSERT_EQUAL("take", take(what, "out", &snapshot), 0);
	TEST_ASSERT_VAL("kept", snapshot.cached && snapshot.memory_err == -ECANCELED);
	TEST_ASSERT_VAL("counts", snapshot.symbols == 2 && snapshot.modules == 1);
	TEST_ASSERT_VAL("symbols, but of programs", has("proc/kallsyms", FIRST));
	TEST_ASSERT_VAL("modules", has("proc/modules", MODULE));
	TEST_ASSERT_VAL("boot", has("proc/sys/kernel/random/boot_id", BOOT_ID));
	return 0;
}

static int is_not_kept(const char *why, unsigned int what)
{
	struct guest_snapshot snapshot;

	pr_debug("%s\n", why);
	TEST_ASSERT_EQUAL("take", take(what, "out", &snapshot), 0);
	TEST_ASSERT_VAL("not kept", !snapshot.cached);
	TEST_ASSERT_VAL("symbols of now", has("proc/kallsyms", SECOND));
	return 0;
}

static int another_boot(void)
{
	put("m/proc/sys/kernel/random/boot_id", "2" BOOT_ID);
	return is_not_kept("another boot", GUEST_SNAPSHOT_KERNEL);
}

static int other_modules(void)
{
	put("m/proc/modules", "a 4096 0 - Live 0xffffffffc0001000\n");
	return is_not_kept("a module is elsewhere", GUEST_SNAPSHOT_KERNEL);
}

static int no_boot_id(void)
{
	char path[PATH_MAX];

	path_of(path, "m/proc/sys/kernel/random/boot_id");
	unlink(path);
	return is_not_kept("nothing to tell boots by", GUEST_SNAPSHOT_KERNEL);
}

static int more_is_wanted(void)
{
	return is_not_kept("files are wanted", GUEST_SNAPSHOT_KERNEL | GUEST_SNAPSHOT_FILES);
}

static int another_vmm(void)
{
	char note[32];

	snprintf(note, sizeof(note), "cache/.%d", getpid());
	put(note, "00000000-0000-0000-0000-000000000000 1 n\n");
	return is_not_kept("of a VMM that has ended", GUEST_SNAPSHOT_KERNEL);
}

static int others_write(void)
{
	char path[PATH_MAX];

	path_of(path, "cache");
	chmod(path, 0777);
	return is_not_kept("others may write there", GUEST_SNAPSHOT_KERNEL);
}

static int half_written(void)
{
	char name[48];

	snprintf(name, sizeof(name), "cache/%d/key", getpid());
	put(name, "perf\n");
	return is_not_kept("a key that says nothing", GUEST_SNAPSHOT_KERNEL);
}

static int check_all(void)
{
	int (*const cases[])(void) = {
		another_boot, other_modules, no_boot_id, more_is_wanted, another_vmm,
		others_write, half_written,
	};
	size_t i;

	TEST_ASSERT_EQUAL("first", keep_first(), TEST_OK);
	TEST_ASSERT_EQUAL("second", is_kept(GUEST_SNAPSHOT_KERNEL), TEST_OK);
	TEST_ASSERT_EQUAL("with processes",
			  is_kept(GUEST_SNAPSHOT_KERNEL | GUEST_SNAPSHOT_PROCESSES), TEST_OK);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		TEST_ASSERT_EQUAL("first", keep_first(), TEST_OK);
		TEST_ASSERT_EQUAL("case", cases[i](), TEST_OK);
	}
	return TEST_OK;
}

static int test__guest_cache(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	int ret;

	strcpy(dir, "/tmp/perf-guest-test-XXXXXX");
	if (!mkdtemp(dir))
		return TEST_FAIL;
	ret = check_all();
	rm_rf(dir);
	return ret;
}

static struct test_case tests__guest_cache[] = {
	TEST_CASE("Guest callchain snapshot, what is kept for the next", guest_cache),
	{ .name = NULL, }
};

struct test_suite suite__guest_cache = {
	.desc = "Guest callchain cache",
	.test_cases = tests__guest_cache,
};
