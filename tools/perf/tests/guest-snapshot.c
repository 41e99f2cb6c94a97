// SPDX-License-Identifier: GPL-2.0
/*
 * What is taken along of a guest, from mounts good and bad; and the command lines
 * that are handed on.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <subcmd/parse-options.h>
#include <sys/stat.h>
#include "made-files.h"
#include "tests.h"
#include "debug.h"
#include "util.h"
#include "util/build-id.h"
#include "util/guest-args.h"
#include "util/guest-doctor.h"
#include "util/guest-list.h"
#include "util/guest-snapshot.h"
#include "util/symbol.h"

#define RELEASE "6.12.1-amd64"

static char dir[64];

static void path_of(char *name, size_t size, const char *path)
{
	snprintf(name, size, "%s/%s", dir, path);
}

static int put(const char *path, const char *text, size_t size)
{
	return made_file__put(dir, path, text, size);
}

static bool is(const char *path, const char *text)
{
	return made_file__is(dir, path, text);
}

static int put_text(const char *path, const char *text)
{
	return put(path, text, strlen(text));
}

static const char notes[] = "\4\0\0\0\6\0\0\0\1\1\0\0Xen\0abcdef\0\0"
			    "\4\0\0\0\4\0\0\0\3\0\0\0GNU\0\1\2\3\4";
static const char notes_rest[4096];
static const char bad_notes[] = "\377\377\377\377\4\0\0\0\3\0\0\0GNU\0";

static void put_guest(void)
{
	char name[PATH_MAX];

	put_text("m/proc/version", "Linux version " RELEASE " (x) #1\033[2J\n");
	put_text("m/proc/kallsyms",
		 "ffffffff81000000 T _text\n"
		 "ffffffff81000100 T evil\033[2J\n"
		 "0000000000000000 T zero\n"
		 "ffffffffc0000000 t f\t[kvm_amd]\n");
	put_text("m/proc/modules",
		 "kvm_amd 16384 0 - Live 0xffffffffc0000000 (O)\n"
		 "../../etc 4096 0 - Live 0xffffffffc0100000\n"
		 "gone 4096 1 kvm_amd, Live 0xffffffffc0200000\n"
		 "hidden 4096 0 - Live 0x0000000000000000\n");
	put("m/sys/kernel/notes", notes, sizeof(notes) - 1);
	put("m/sys/module/kvm_amd/notes/.note.gnu.build-id", bad_notes, sizeof(bad_notes) - 1);
	put_text("m/sys/module/kvm_amd/sections/.text", "0xffffffffc0000000\n");
	put_text("m/sys/module/kvm_amd/sections/.exit.text", "what?\n");
	put_text("m/boot/config-" RELEASE, "CONFIG_SECRET=\"\033\"\nCONFIG_UNWINDER_ORC=y\n");
	/* out of the mount: not the host's file, but the guest's of that name */
	path_of(name, sizeof(name), "m/boot/vmlinuz-" RELEASE);
	if (symlink("../../../../etc/vmlinuz", name) < 0)
		pr_debug("%s: %m\n", name);
	put_text("m/etc/vmlinuz", "kernel");
	put_text("m/lib/modules/" RELEASE "/modules.dep",
		 "kernel/other.ko:\n../../../../etc/passwd:\nkernel/kvm/kvm-amd.ko.xz: kernel/other.ko\n");
	put_text("m/lib/modules/" RELEASE "/kernel/kvm/kvm-amd.ko.xz", "module");
	put_text("m/lib/modules/" RELEASE "/extra/x/gone.ko", "x");

	/* not a regular file: a FIFO would block who opens it */
	path_of(name, sizeof(name), "m/lib/modules/" RELEASE "/extra/x/gone.ko");
	unlink(name);
	if (mkfifo(name, 0644) < 0)
		pr_debug("%s: %m\n", name);
}

static int check_snapshot(void)
{
	struct guest guest = { .pid = 7, .name = "n", .vmm = "v" };
	char out[PATH_MAX];
	struct guest_snapshot snapshot;

	path_of(out, sizeof(out), "out");
	snprintf(guest.mount, sizeof(guest.mount), "%s/m", dir);
	put_guest();
	TEST_ASSERT_EQUAL("take", guest_snapshot__take(&guest, out, GUEST_SNAPSHOT_KERNEL,
						       &snapshot), 0);
	TEST_ASSERT_EQUAL("symbols", (int)snapshot.symbols, 2);
	TEST_ASSERT_EQUAL("modules", (int)snapshot.modules, 2);
	TEST_ASSERT_EQUAL("module files", (int)snapshot.module_files, 1);

	TEST_ASSERT_VAL("kallsyms", is("out/7/proc/kallsyms",
		"ffffffff81000000 T _text\nffffffffc0000000 t f\t[kvm_amd]\n"));
	TEST_ASSERT_VAL("modules", is("out/7/proc/modules",
		"kvm_amd 16384 0 - Live 0xffffffffc0000000\n"
		"gone 4096 0 - Live 0xffffffffc0200000\n"));
	TEST_ASSERT_VAL("version", is("out/7/proc/version", "Linux version " RELEASE " \12"));
	TEST_ASSERT_VAL("config", is("out/7/boot/config-" RELEASE, "CONFIG_UNWINDER_ORC=y\n"));
	TEST_ASSERT_VAL("kernel", snapshot.kernel && is("out/7/boot/vmlinuz-" RELEASE, "kernel"));
	TEST_ASSERT_VAL("build-id", is("out/7/sys/kernel/notes", "\4"));
	TEST_ASSERT_VAL("bad build-id",
			is("out/7/sys/module/kvm_amd/notes/.note.gnu.build-id", NULL));
	TEST_ASSERT_VAL("section", is("out/7/sys/module/kvm_amd/sections/.text",
				      "0xffffffffc0000000\n"));
	TEST_ASSERT_VAL("bad section", is("out/7/sys/module/kvm_amd/sections/.exit.text", NULL));
	TEST_ASSERT_VAL("module", is("out/7/lib/modules/" RELEASE "/kvm-amd.ko.xz", "module"));
	TEST_ASSERT_VAL("FIFO", is("out/7/lib/modules/" RELEASE "/gone.ko", NULL));
	TEST_ASSERT_EQUAL("name", strcmp(guest_snapshot__name(out, 7, guest.vmm, 8), "n"), 0);
	guest.pid = 8;
	guest.facts.unwind = GUEST_UNWIND_FP;
	TEST_ASSERT_EQUAL("take", guest_snapshot__take(&guest, out, GUEST_SNAPSHOT_KERNEL,
						       &snapshot), 0);
	TEST_ASSERT_VAL("no kernel with frame pointers",
			!snapshot.kernel && is("out/8/boot/vmlinuz-" RELEASE, NULL));
	TEST_ASSERT_EQUAL("no name", strcmp(guest_snapshot__name(out, 9, guest.vmm, 8), "9"), 0);
	return TEST_OK;
}

static int test__guest_snapshot_take(struct test_suite *test __maybe_unused,
				     int subtest __maybe_unused)
{
	int ret;

	strcpy(dir, "/tmp/perf-guest-snapshot-XXXXXX");
	if (!mkdtemp(dir))
		return TEST_FAIL;
	ret = check_snapshot();
	rm_rf(dir);
	return ret;
}

static int check_args(int argc, const char **argv, const char *host, const char *output,
		      const char *handed_on, const struct option *theirs)
{
	const char *got_host = NULL, *got_output = NULL, *event = NULL;
	const struct guest_option ours[] = {
		{ 0, "host", .take = true, .value = &got_host },
		{ 'o', "output", .arg = true, .take = true, .value = &got_output },
		{ 'e', "event", .arg = true, .value = &event },
		{ }
	};
	struct guest_args args = {};
	char words[256] = "";
	int i;

	TEST_ASSERT_EQUAL("parse", guest_args__parse(&args, argc, argv, ours, theirs), 0);
	for (i = 0; i < args.argc; i++)
		scnprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%s",
			  i ? " " : "", args.argv[i]);
	guest_args__exit(&args);
	pr_debug("handed on: %s\n", words);
	TEST_ASSERT_EQUAL(words, strcmp(words, handed_on), 0);
	TEST_ASSERT_VAL("--host", !host == !got_host);
	TEST_ASSERT_VAL("-o", !output == !got_output && !(output && strcmp(output, got_output)));
	return TEST_OK;
}

#define CHECK_ARGS(theirs, host, output, handed_on, ...)				\
	check_args(ARRAY_SIZE(((const char *[]){ __VA_ARGS__ })),			\
		   ((const char *[]){ __VA_ARGS__ }), host, output, handed_on, theirs)

static int test__guest_snapshot_args(struct test_suite *test __maybe_unused,
				     int subtest __maybe_unused)
{
	const char *str = NULL;
	int ret = TEST_OK;
	bool all = false;
	int freq = 0;
	const struct option theirs[] = {
		OPT_BOOLEAN('a', "all", &all, ""),
		OPT_INTEGER('F', "freq", &freq, ""),
		OPT_STRING(0, "filter", &str, "", ""),
		OPT_END()
	};

	ret |= CHECK_ARGS(theirs, NULL, "f", "-a sleep -o x", "-a", "-o", "f", "sleep", "-o", "x");
	ret |= CHECK_ARGS(theirs, NULL, "f", "-F 9 -e c", "-F", "9", "-of", "-e", "c");
	ret |= CHECK_ARGS(theirs, "", "f=g", "-aF 9 --filter --host x", "-aF", "9", "--host",
			  "--filter", "--host", "--output=f=g", "x");
	ret |= CHECK_ARGS(theirs, NULL, NULL, "--freq=9 -- --host", "--freq=9", "--", "--host");
	ret |= CHECK_ARGS(theirs, NULL, NULL, "-F", "-F");
	ret |= CHECK_ARGS(NULL, "", NULL, "-s sym -Fip,event f", "-s", "sym", "--host",
			  "-Fip,event", "f");
	return ret;
}

static int count_lines(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what))) {
		text += strlen(what);
		n++;
	}
	return n;
}

/* Return: whether all is well, with the number of problems and remedies */
static bool examine(const struct guest_doctor *doctor, struct guest *guest, int *problems,
		    int *remedies)
{
	struct guests guests = { .nr = guest ? 1 : 0, .guest = guest };
	char text[4096] = "";
	FILE *fp = fmemopen(text, sizeof(text), "w");
	bool well;

	if (!fp)
		return false;
	well = guest_doctor__print(doctor, &guests, fp);
	fclose(fp);
	pr_debug("%s\n", text);
	*problems = count_lines(text, "PROBLEM");
	*remedies = count_lines(text, "fix:");
	return well;
}

static int test__guest_snapshot_doctor(struct test_suite *test __maybe_unused,
				       int subtest __maybe_unused)
{
	const struct guest_doctor good = { true, true, true, true, true };
	struct guest_doctor doctor = { .openat2 = true };
	struct guest guest = { .name = "n", .mount = "/m", .facts = {
		.kallsyms = GUEST_KALLSYMS_OK, .unwind = GUEST_UNWIND_FP } };
	int problems, remedies;

	TEST_ASSERT_VAL("all is well", examine(&good, &guest, &problems, &remedies));
	TEST_ASSERT_VAL("nothing to do", !problems && !remedies);

	TEST_ASSERT_VAL("no guest", !examine(&good, NULL, &problems, &remedies));
	TEST_ASSERT_VAL("one remedy", problems == 1 && remedies == 1);

	TEST_ASSERT_VAL("host", !examine(&doctor, &guest, &problems, &remedies));
	TEST_ASSERT_VAL("three, and a note", problems == 3 && remedies == 4);

	guest.facts.unwind = GUEST_UNWIND_ORC;
	TEST_ASSERT_VAL("no tables", !examine(&good, &guest, &problems, &remedies));
	TEST_ASSERT_VAL("one remedy", problems == 1 && remedies == 1);
	guest.facts.kernel_file = true;
	TEST_ASSERT_VAL("tables", examine(&good, &guest, &problems, &remedies));

	guest.facts.kallsyms = GUEST_KALLSYMS_HIDDEN;
	TEST_ASSERT_VAL("kptr_restrict", !examine(&good, &guest, &problems, &remedies));
	TEST_ASSERT_VAL("one remedy", problems == 1 && remedies == 1);

	guest.mount[0] = '\0';
	TEST_ASSERT_VAL("no mount", !examine(&good, &guest, &problems, &remedies));
	TEST_ASSERT_VAL("one remedy", problems == 1 && remedies == 1);
	return TEST_OK;
}

/* perf's own reader of notes, which a guest mount shows it as the guest has them */
static int check_notes(u32 name, u32 desc, u32 type, const char *text)
{
	u32 head[] = { name, desc, type };
	char path[] = "/tmp/perf-guest-notes-XXXXXX";
	struct build_id bid;
	int fd = mkstemp(path), i, ret;

	TEST_ASSERT_VAL("file", fd >= 0);
	ret = write(fd, head, sizeof(head)) != sizeof(head) || write(fd, text, 4) != 4;
	/* more than any buffer for it */
	for (i = 0; i < 16 && !ret; i++)
		ret = write(fd, notes_rest, sizeof(notes_rest)) != sizeof(notes_rest);
	close(fd);
	ret = ret ?: sysfs__read_build_id(path, &bid);
	unlink(path);
	return ret;
}

static int test__guest_snapshot_notes(struct test_suite *test __maybe_unused,
				      int subtest __maybe_unused)
{
	TEST_ASSERT_EQUAL("good", check_notes(4, 20, 3, "GNU"), 0);
	TEST_ASSERT_VAL("a long name", check_notes(~0U, 0, 1, "Xen"));
	TEST_ASSERT_VAL("a name of 2 GiB", check_notes(1U << 31, 0, 1, "Xen"));
	TEST_ASSERT_VAL("of another one's with a long id", check_notes(4, ~3U, 3, "Xen"));
	return TEST_OK;
}

static struct test_case tests__guest_snapshot[] = {
	TEST_CASE("Guest callchain snapshot of a guest's symbols", guest_snapshot_take),
	TEST_CASE("Guest callchain command lines handed on", guest_snapshot_args),
	TEST_CASE("Guest callchain doctor", guest_snapshot_doctor),
	TEST_CASE("Guest callchain build-id of a guest's kernel", guest_snapshot_notes),
	{ .name = NULL, }
};

struct test_suite suite__guest_snapshot = {
	.desc = "Guest callchain recording",
	.test_cases = tests__guest_snapshot,
};
