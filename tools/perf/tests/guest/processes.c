// SPDX-License-Identifier: GPL-2.0
/*
 * What is taken along of a guest's processes, and what is understood of it: from mounts
 * and directories good and bad.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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
#include "util/guest/untrusted/file.h"
#include "util/guest/vm/vm.h"
#include "util/guest/snapshot/processes.h"
#include "util/guest/snapshot/take.h"

static char dir[64];

static FILE *make(const char *path)
{
	return made_file__create(dir, path);
}

static int put(const char *path, const char *text)
{
	return made_file__put(dir, path, text, strlen(text));
}

static bool is(const char *path, const char *text)
{
	return made_file__is(dir, path, text);
}

static int begin(void)
{
	strcpy(dir, "/tmp/perf-guest-processes-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static void link_in(const char *path, const char *to)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%s/m/%s", dir, path);
	if (symlink(to, name))
		pr_debug("%s: %m\n", name);
}

#define REST	" r-xp 00001000 fe:00 1234                  "

static void put_mount(void)
{
	char name[PATH_MAX];

	put("m/proc/1/maps",
	    "00400000-00401000 r--p 00000000 fe:00 1234               /usr/bin/a\n"
	    "00401000-00402000" REST "/usr/bin/a\n"
	    "7f0000000000-7f0000001000" REST "/lib/out.so\n"
	    "7f0000010000-7f0000011000" REST "/lib/fifo.so\n"
	    "7f0000020000-7f0000021000" REST "/lib/text\n"
	    "7f0000030000-7f0000031000" REST "/lib/gone.so (deleted)\n"
	    "7f0000040000-7f0000041000" REST "/lib/../etc/shadow\n"
	    "7f0000050000-7f0000051000" REST "/lib/b.so\n"
	    "7f0000060000-7f0000061000" REST "\n"
	    "7f0000070000-7f0000071000" REST "[heap]\n"
	    "7f0000080000-7f0000081000" REST "anon_inode:x\n"
	    "7f0000090000-7f0000091000" REST "/lib/\033[2J.so\n"
	    "7f00000a0000-7f00000a1000" REST "/lib/new\\012line.so\n"
	    "7f00000b0000-7f00000b1000" REST "/lib/not-there.so\n"
	    "f7fc0000-f7fc2000 r-xp 00000000 00:00 0          [vdso]\n"
	    "7fff00000000-7fff00002000 r-xp 00000000 00:00 0          [vdso]\n"
	    "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]\n");
	put("m/proc/2/maps", "");
	put("m/proc/3/maps", "00401000-00402000" REST "/usr/bin/a\n"
			     "7f0000050000-7f0000051000" REST "/lib/b.so\n"
			     /* of a container's */
			     "7f0000060000-7f0000061000 r-xp 00001000 fe:00 9999 /lib/b.so\n"
			     "7f0000070000-7f0000071000 r-xp 00001000 00:2a 1234 /lib/b.so\n");
	put("m/proc/4/maps", "00401000-00402000" REST "/guest\n"
			     "00402000-00403000" REST "/processes/1\n");
	put("m/proc/5x/maps", "00401000-00402000" REST "/lib/c.so\n");
	put("m/proc/version", "Linux version 6.1 (x)\n");
	put("m/usr/bin/a", "\177ELF a");
	put("m/lib/b.so", "\177ELF b");
	put("m/lib/c.so", "\177ELF c");
	put("m/lib/text", "root:x\n");
	put("m/guest", "\177ELF guest");
	put("m/processes/1", "\177ELF one");
	put("m/etc/shadow", "\177ELF secret");
	put("m/tmp/x", "\177ELF inside");
	put("out.so", "\177ELF of the host");
	/* not the host's file, but the guest's of that name */
	put("m/out.so", "\177ELF inside");
	link_in("lib/out.so", "../../out.so");
	snprintf(name, sizeof(name), "%s/m/lib/fifo.so", dir);
	if (mkfifo(name, 0644))
		pr_debug("%s: %m\n", name);
}

static int check_snapshot(void)
{
	struct guest guest = {
		.pid = 7, .name = "n", .vmm = "qemu", .protection = "sev",
		.facts.release = "6.12",
	};
	struct guest_snapshot snapshot;
	char out[PATH_MAX];

	put_mount();
	snprintf(out, sizeof(out), "%s/out", dir);
	snprintf(guest.mount, sizeof(guest.mount), "%s/m", dir);
	TEST_ASSERT_EQUAL("take", made_snapshot__take(&guest, out, GUEST_SNAPSHOT_PROCESSES |
						       GUEST_SNAPSHOT_FILES, &snapshot), 0);
	TEST_ASSERT_EQUAL("processes", (int)snapshot.processes, 3);
	TEST_ASSERT_EQUAL("files", (int)snapshot.user_files, 5);
	TEST_ASSERT_VAL("process 1", is("out/7/processes/1",
		"401000-402000 1000 /usr/bin/a\n"
		"7f0000000000-7f0000001000 1000 /lib/out.so\n"
		"7f0000010000-7f0000011000 1000 /lib/fifo.so\n"
		"7f0000020000-7f0000021000 1000 /lib/text\n"
		"7f0000030000-7f0000031000 1000 [other]\n"
		"7f0000040000-7f0000041000 1000 [other]\n"
		"7f0000050000-7f0000051000 1000 /lib/b.so\n"
		"7f0000060000-7f0000061000 1000 [other]\n"
		"7f0000070000-7f0000071000 1000 [other]\n"
		"7f0000080000-7f0000081000 1000 [other]\n"
		"7f0000090000-7f0000091000 1000 [other]\n"
		"7f00000a0000-7f00000a1000 1000 [other]\n"
		"7f00000b0000-7f00000b1000 1000 /lib/not-there.so\n"
		"f7fc0000-f7fc2000 0 [vdso32]\n"
		"7fff00000000-7fff00002000 0 [vdso]\n"));
	TEST_ASSERT_VAL("process 3, with other files of the same name",
			is("out/7/processes/3", "401000-402000 1000 /usr/bin/a\n"
			   "7f0000050000-7f0000051000 1000 /lib/b.so\n"
			   "7f0000060000-7f0000061000 1000 [other]\n"
			   "7f0000070000-7f0000071000 1000 [other]\n"));
	TEST_ASSERT_VAL("kernel thread", is("out/7/processes/2", NULL));
	TEST_ASSERT_VAL("no process", is("out/7/processes/5x", NULL));
	TEST_ASSERT_VAL("program", is("out/7/user/usr/bin/a", "\177ELF a"));
	TEST_ASSERT_VAL("library", is("out/7/user/lib/b.so", "\177ELF b"));
	TEST_ASSERT_VAL("link out of the mount", is("out/7/user/lib/out.so", "\177ELF inside"));
	TEST_ASSERT_VAL("FIFO", is("out/7/user/lib/fifo.so", NULL));
	TEST_ASSERT_VAL("no program", is("out/7/user/lib/text", NULL));
	TEST_ASSERT_VAL("path that goes up", is("out/7/user/etc/shadow", NULL));
	TEST_ASSERT_VAL("not overwritten", is("out/7/guest",
		"name n\nvmm qemu\nvcpus 0\nrelease 6.12\nunwind unknown\nprotection sev\n"));
	TEST_ASSERT_VAL("beside it", is("out/7/user/guest", "\177ELF guest"));
	TEST_ASSERT_VAL("no symbols", is("out/7/proc/version", NULL));

	guest.pid = 8;
	TEST_ASSERT_EQUAL("take", made_snapshot__take(&guest, out, GUEST_SNAPSHOT_KERNEL,
						       &snapshot), 0);
	TEST_ASSERT_VAL("no processes", !snapshot.processes && is("out/8/processes/1", NULL));
	return TEST_OK;
}

static int test__guest_processes_take(struct test_suite *test __maybe_unused,
				      int subtest __maybe_unused)
{
	int ret;

	if (begin())
		return TEST_FAIL;
	ret = check_snapshot();
	rm_rf(dir);
	return ret;
}

/* More than there may be, of all that is counted. */
static int check_limits(void)
{
	struct guest guest = { .pid = 7, .name = "n" };
	struct guest_snapshot snapshot;
	struct guest_processes p;
	char out[PATH_MAX];
	FILE *file;
	int i, root;

	file = make("m/proc/1/maps");
	for (i = 1; file && i <= GUEST_MAPPINGS_MAX + 10; i++)
		fprintf(file, "%x000-%x800" REST "/lib/x\n", i, i);
	if (file)
		fclose(file);
	put("m/lib/x", "\177ELF");
	/* a file of more than can be, with nothing in it */
	put("m/lib/large", "\177ELF");
	snprintf(out, sizeof(out), "%s/m/lib/large", dir);
	TEST_ASSERT_VAL("large file", !truncate(out, (256 << 20) + 1));
	put("m/proc/2/maps", "00401000-00402000" REST "/lib/large\n");
	for (i = 10; i < GUEST_PROCESSES_MAX + 20; i++) {
		snprintf(out, sizeof(out), "m/proc/%d/maps", i);
		put(out, "00401000-00402000" REST "/lib/x\n");
	}

	snprintf(out, sizeof(out), "%s/out", dir);
	snprintf(guest.mount, sizeof(guest.mount), "%s/m", dir);
	TEST_ASSERT_EQUAL("take", made_snapshot__take(&guest, out, GUEST_SNAPSHOT_PROCESSES |
						       GUEST_SNAPSHOT_FILES, &snapshot), 0);
	TEST_ASSERT_EQUAL("processes", (int)snapshot.processes, GUEST_PROCESSES_MAX);
	TEST_ASSERT_EQUAL("files", (int)snapshot.user_files, 1);
	TEST_ASSERT_VAL("large", is("out/7/user/lib/large", NULL));

	snprintf(out, sizeof(out), "%s/out/7", dir);
	root = guest_file__root(out);
	TEST_ASSERT_EQUAL("read", guest_processes__read(&p, root), 0);
	close(root);
	TEST_ASSERT_EQUAL("processes read", (int)p.nr, GUEST_PROCESSES_MAX);
	TEST_ASSERT_VAL("one layout each", p.nr_layouts >= 1 && p.nr_layouts <= 3);
	for (i = 0; i < (int)p.nr_layouts; i++)
		TEST_ASSERT_VAL("mappings", p.layouts[i].nr == 1 ||
				p.layouts[i].nr == GUEST_MAPPINGS_MAX);
	guest_processes__exit(&p);
	return TEST_OK;
}

static int test__guest_processes_limits(struct test_suite *test __maybe_unused,
					int subtest __maybe_unused)
{
	int ret;

	if (begin())
		return TEST_FAIL;
	ret = check_limits();
	rm_rf(dir);
	return ret;
}

/* Lines of processes/PID, and whether they say anything. */
static const struct {
	const char *line;
	bool good;
} lines[] = {
	{ "1000-2000 0 /lib/a", true },
	{ "7ffe00000000-7ffe00001000 0 [vdso]", true },
	{ "7ffe00000000-7ffe00001000 0 [other]", false },
	{ "7ffe00000000-7ffe00001000 0 [stack]", false },
	{ "7ffe00000000-7ffe00001000 0 /[vdso]", false },
	{ "1000-2000 fff000 /lib/with space/and (deleted) in it", true },
	{ "", false },
	{ "1000-2000", false },
	{ "1000-2000 0", false },
	{ "1000-2000 0 ", false },
	{ "1000 2000 0 /lib/a", false },
	{ "x-y 0 /lib/a", false },
	{ "2000-1000 0 /lib/a", false },
	{ "1000-1000 0 /lib/a", false },
	{ "1000-ffffffffffffffff 0 /lib/a", false },
	{ "ffffffffff600000-ffffffffff601000 0 /lib/a", false },
	{ "1000-2000 ffffffffffffffff /lib/a", false },
	{ "1000-2000 0 lib/a", false },
	{ "1000-2000 0 /", false },
	{ "1000-2000 0 //lib/a", false },
	{ "1000-2000 0 /lib//a", false },
	{ "1000-2000 0 /lib/", false },
	{ "1000-2000 0 /lib/../a", false },
	{ "1000-2000 0 /..", false },
	{ "1000-2000 0 /lib/./a", false },
	{ "1000-2000 0 /lib/a (deleted)", false },
	{ "1000-2000 0 /lib/\033[31ma", false },
	{ "1000-2000 0 /lib/\342\200\256a", false },
	{ "1000-2000 0 /lib/\377a", false },
	{ "1000-2000 0 /lib/a\\012b", false },
	{ "1000-2000 0 [heap]", false },
	{ "1000-2000 0 [vdso]x", false },
};

static int read_line_as_process(const char *line, struct guest_processes *p)
{
	int root, err;

	put("processes/1", line);
	root = guest_file__root(dir);
	err = guest_processes__read(p, root);
	close(root);
	return err;
}

static int check_lines(void)
{
	struct guest_processes p;
	char line[GUEST_PATH_MAX + 64] = "1000-2000 0 /";
	int ret = TEST_OK, root;
	FILE *file;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		if (read_line_as_process(lines[i].line, &p) || p.nr != lines[i].good) {
			pr_debug("%s: %u\n", lines[i].line, p.nr);
			ret = TEST_FAIL;
		}
		guest_processes__exit(&p);
	}
	file = make("processes/1");
	for (i = 1; file && i <= GUEST_MAPPINGS_MAX + 1000; i++)
		fprintf(file, "%zx000-%zx800 0 /lib/a\n", i, i);
	if (file)
		fclose(file);
	root = guest_file__root(dir);
	TEST_ASSERT_VAL("too many", !guest_processes__read(&p, root) && p.nr_layouts == 1 &&
			p.layouts[0].nr == GUEST_MAPPINGS_MAX);
	guest_processes__exit(&p);
	close(root);

	memset(line + strlen(line), 'a', GUEST_PATH_MAX);
	TEST_ASSERT_VAL("long path", !read_line_as_process(line, &p) && !p.nr);
	guest_processes__exit(&p);
	return ret;
}

/* Looked up by address, in whatever order they came, and where they overlap. */
static int check_look_up(void)
{
	static const char text[] =
		"5000-6000 0 /c\n1000-2000 0 /a\n2000-3000 7000 /b\n1800-1900 0 /d\n"
		"5800-7000 0 /e\n";
	const struct guest_layout *layout;
	const struct guest_mapping *m;
	struct guest_processes p;

	TEST_ASSERT_EQUAL("read", read_line_as_process(text, &p), 0);
	layout = &p.layouts[0];
	TEST_ASSERT_EQUAL("without overlaps", (int)layout->nr, 3);
	TEST_ASSERT_VAL("before", !guest_layout__find(layout, 0xfff));
	TEST_ASSERT_VAL("between", !guest_layout__find(layout, 0x3000));
	TEST_ASSERT_VAL("behind", !guest_layout__find(layout, 0x6000));
	m = guest_layout__find(layout, 0x1fff);
	TEST_ASSERT_VAL("first", m && !strcmp(p.files[m->file], "/a"));
	m = guest_layout__find(layout, 0x2000);
	TEST_ASSERT_VAL("second", m && !strcmp(p.files[m->file], "/b") && m->offset == 0x7000);
	guest_processes__exit(&p);

	put("processes/2", text);
	put("processes/3", "2000-3000 8000 /b\n");
	put("processes/nobody", "2000-3000 9000 /b\n");
	TEST_ASSERT_EQUAL("read", read_line_as_process(text, &p), 0);
	TEST_ASSERT_VAL("share a layout", p.nr == 3 && p.nr_layouts == 2);
	TEST_ASSERT_EQUAL("both", guest_processes__next(&p, 0x2abc,
			  guest_processes__next(&p, 0x2abc, 0) + 1), 1);
	TEST_ASSERT_EQUAL("no more", guest_processes__next(&p, 0x2abc, 2), -1);
	TEST_ASSERT_EQUAL("none", guest_processes__next(&p, 0x4000, 0), -1);
	guest_processes__exit(&p);
	return TEST_OK;
}

static int test__guest_processes_read(struct test_suite *test __maybe_unused,
				      int subtest __maybe_unused)
{
	int ret;

	if (begin())
		return TEST_FAIL;
	ret = check_lines() ?: check_look_up();
	rm_rf(dir);
	return ret;
}

static struct test_case tests__guest_processes[] = {
	TEST_CASE("Guest callchain processes, taken along", guest_processes_take),
	TEST_CASE("Guest callchain processes, too many", guest_processes_limits),
	TEST_CASE("Guest callchain processes, lines good and bad", guest_processes_read),
	{ .name = NULL, }
};

struct test_suite suite__guest_processes = {
	.desc = "Guest callchain processes",
	.test_cases = tests__guest_processes,
};
