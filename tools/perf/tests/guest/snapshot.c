// SPDX-License-Identifier: GPL-2.0
/*
 * What is taken along of a guest, from mounts good and bad; and where it is written.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "tests/guest/made-files.h"
#include "tests/tests.h"
#include "debug.h"
#include "util.h"
#include "util/build-id.h"
#include "util/guest/untrusted/dir.h"
#include "util/guest/cmd/doctor.h"
#include "util/guest/untrusted/file.h"
#include "util/guest/vm/vm.h"
#include "util/guest/snapshot/lookup.h"
#include "util/guest/snapshot/take.h"
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
	TEST_ASSERT_EQUAL("take", made_snapshot__take(&guest, out, GUEST_SNAPSHOT_KERNEL,
						       &snapshot), 0);
	TEST_ASSERT_EQUAL("symbols", (int)snapshot.symbols, 2);
	TEST_ASSERT_EQUAL("modules", (int)snapshot.modules, 2);
	TEST_ASSERT_EQUAL("module files", (int)snapshot.module_files, 1);
	TEST_ASSERT_EQUAL("not out of memory", snapshot.memory_err, -ECANCELED);

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
	TEST_ASSERT_EQUAL("take", made_snapshot__take(&guest, out, GUEST_SNAPSHOT_KERNEL,
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

static bool is_link(const char *path)
{
	char name[PATH_MAX];
	struct stat st;

	path_of(name, sizeof(name), path);
	return !lstat(name, &st) && S_ISLNK(st.st_mode);
}

/* Wherever a path leads, it is not followed through a link or out of the directory. */
static int check_links(void)
{
	static const char * const paths[] = { "link/x", "../x", "a/../../x", "/x", "dangling" };
	struct guest_dir out = { .err = 0 };
	char name[PATH_MAX];
	FILE *file;
	size_t i;

	path_of(name, sizeof(name), "out");
	TEST_ASSERT_VAL("out", !mkdir(name, 0700));
	out.fd = guest_file__root(name);
	path_of(name, sizeof(name), "out/link");
	TEST_ASSERT_VAL("link", !symlink("..", name));
	path_of(name, sizeof(name), "out/dangling");
	TEST_ASSERT_VAL("dangling link", !symlink("../made", name));
	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		file = guest_dir__fcreate(&out, paths[i]);
		if (file)
			guest_dir__fadd(&out, file, paths[i]);
	}
	TEST_ASSERT_VAL("nothing outside", is("x", NULL) && is("made", NULL));
	TEST_ASSERT_VAL("a file in the link's place", !is_link("out/dangling"));
	TEST_ASSERT_VAL("the disk is not to blame", !out.err);

	/* a file has its name when it is complete, and replaces one of that name */
	put_text("out/a/b", "old");
	file = guest_dir__fcreate(&out, "a/b");
	TEST_ASSERT_VAL("create", file);
	fprintf(file, "new");
	TEST_ASSERT_VAL("not yet", !fflush(file) && is("out/a/b", "old"));
	TEST_ASSERT_EQUAL("add", guest_dir__fadd(&out, file, "a/b"), 0);
	TEST_ASSERT_VAL("now", is("out/a/b", "new") && is("out/" GUEST_DIR_PART, NULL));
	close(out.fd);
	return TEST_OK;
}

/* What there is no room for is left out; it is no error. */
static int check_room(void)
{
	int root = guest_file__root(dir);
	struct guest_dir out = { .fd = root };
	FILE *file;

	guest_dir__limit(&out, 12);
	put_text("small", "12345678");
	TEST_ASSERT_EQUAL("fits", (int)guest_file__copy(root, "small", &out, "a/copy", 100), 8);
	TEST_ASSERT_EQUAL("left", (int)guest_dir__left(&out), 4);
	TEST_ASSERT_EQUAL("does not", (int)guest_file__copy(root, "small", &out, "other", 100),
			  -EFBIG);
	TEST_ASSERT_EQUAL("is no question of room",
			  (int)guest_file__copy(root, "small", &out, "other", 2), -EFBIG);
	file = guest_dir__fcreate(&out, "text");
	TEST_ASSERT_VAL("create", file);
	fprintf(file, "12345");
	TEST_ASSERT_EQUAL("nor this", guest_dir__fadd(&out, file, "text"), -EFBIG);
	file = guest_dir__fcreate(&out, "text");
	TEST_ASSERT_VAL("create", file);
	fprintf(file, "1234");
	TEST_ASSERT_EQUAL("this", guest_dir__fadd(&out, file, "text"), 0);
	TEST_ASSERT_VAL("what is there", is("a/copy", "12345678") && is("text", "1234") &&
			is("other", NULL) && is(GUEST_DIR_PART, NULL));
	TEST_ASSERT_EQUAL("files left out", (int)out.left_out, 2);
	TEST_ASSERT_EQUAL("no error", out.err, 0);
	guest_dir__limit(&out, UINT64_MAX);
	TEST_ASSERT_VAL("no more than is free", out.room && out.room < UINT64_MAX);
	close(root);
	return TEST_OK;
}

static int test__guest_snapshot_room(struct test_suite *test __maybe_unused,
				     int subtest __maybe_unused)
{
	int ret;

	strcpy(dir, "/tmp/perf-guest-snapshot-XXXXXX");
	if (!mkdtemp(dir))
		return TEST_FAIL;
	ret = check_room();
	rm_rf(dir);
	return ret;
}

#define DEPTH	2000

/* Deeper than there may be open files, or a path may be long; and a link in it. */
static int check_removed(void)
{
	int root = guest_file__root(dir), fd = dup(root), next, i;

	put_text("kept", "x");
	TEST_ASSERT_VAL("top", !mkdirat(root, "top", 0700));
	TEST_ASSERT_VAL("link", !symlinkat("..", root, "top/link"));
	for (i = 0; i < DEPTH && fd >= 0; i++) {
		next = mkdirat(fd, "top", 0700) < 0 && i ? -1 : openat(fd, "top", O_RDONLY);
		close(fd);
		fd = next;
	}
	TEST_ASSERT_VAL("deep", fd >= 0);
	close(fd);
	guest_dir__remove(root, "top");
	TEST_ASSERT_VAL("removed", faccessat(root, "top", F_OK, 0));
	TEST_ASSERT_VAL("what the link is to", is("kept", "x"));
	close(root);
	return TEST_OK;
}

/* A process that is killed leaves nothing, and TMPDIR says where. */
static int check_temp(void)
{
	char *tmp = getenv("TMPDIR");
	struct guest_temp temp;
	int i, fds[2];
	bool there;
	pid_t pid;

	TEST_ASSERT_VAL("pipe", !pipe(fds));
	pid = fork();
	if (!pid) {
		setenv("TMPDIR", dir, 1);
		if (!guest_temp__new(&temp, NULL) && !mkdirat(temp.fd, "some", 0700) &&
		    write(fds[1], temp.path, sizeof(temp.path)) > 0)
			pause();
		_exit(1);
	}
	close(fds[1]);
	TEST_ASSERT_VAL("made", read(fds[0], temp.path, sizeof(temp.path)) > 0);
	close(fds[0]);
	there = strstarts(temp.path, dir) && !access(temp.path, F_OK);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	TEST_ASSERT_VAL("there", there && (!tmp || strcmp(tmp, dir)));
	for (i = 0; i < 500 && !access(temp.path, F_OK); i++)
		usleep(10000);
	TEST_ASSERT_VAL("gone", access(temp.path, F_OK));
	return TEST_OK;
}

static int test__guest_snapshot_dir(struct test_suite *test __maybe_unused,
				    int subtest __maybe_unused)
{
	int ret;

	strcpy(dir, "/tmp/perf-guest-snapshot-XXXXXX");
	if (!mkdtemp(dir))
		return TEST_FAIL;
	ret = check_links() ?: check_removed() ?: check_temp();
	rm_rf(dir);
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
	const struct guest_doctor good = {
		.callchains = true, .allowed = true, .kvm = true, .privileged = true,
		.cycles = true, .openat2 = true,
	};
	struct guest_doctor doctor = { .openat2 = true };
	struct guest guest = { .name = "n", .mount = "/m", .facts = {
		.kallsyms = GUEST_KALLSYMS_OK, .unwind = GUEST_UNWIND_FP } };
	int problems, remedies;

	TEST_ASSERT_VAL("all is well", examine(&good, &guest, &problems, &remedies));
	TEST_ASSERT_VAL("nothing to do", !problems && !remedies);

	TEST_ASSERT_VAL("no guest", !examine(&good, NULL, &problems, &remedies));
	TEST_ASSERT_VAL("one remedy", problems == 1 && remedies == 1);

	TEST_ASSERT_VAL("host", !examine(&doctor, &guest, &problems, &remedies));
	TEST_ASSERT_VAL("four, and a note", problems == 4 && remedies == 5);

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

static int finish(const char *path)
{
	static const struct guest guest = { .name = "web", .vmm = "qemu" };
	char name[PATH_MAX];
	int out, err;

	path_of(name, sizeof(name), path);
	out = guest_file__root(name);
	err = guest_snapshot__finish(&guest, out);
	close(out);
	return err;
}

static bool has_name(const char *path)
{
	char name[PATH_MAX], text[256] = "";
	int fd, n;

	path_of(name, sizeof(name), path);
	fd = open(name, O_RDONLY | O_NOFOLLOW);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n > 0 && strstarts(text, "name web\nvmm qemu\n");
}

/* What a child leaves that is the guest's. */
static int check_finished(void)
{
	char name[PATH_MAX];

	put_text("a/guest", "name another\n");
	put_text("a/proc/kallsyms", "text");
	put_text("a/" GUEST_DIR_PART "/x/y", "in the way");
	TEST_ASSERT_EQUAL("another name", finish("a"), 0);
	TEST_ASSERT_VAL("the name is the VMM's", has_name("a/guest"));
	TEST_ASSERT_VAL("the rest stays", is("a/proc/kallsyms", "text") &&
			is("a/" GUEST_DIR_PART, NULL));

	put_text("b/guest/x/y", "in the way");
	TEST_ASSERT_EQUAL("a directory", finish("b"), 0);
	TEST_ASSERT_VAL("its place is the name's", has_name("b/guest"));

	put_text("c/proc/kallsyms", "text");
	path_of(name, sizeof(name), "c/fifo");
	TEST_ASSERT_VAL("FIFO", !mkfifo(name, 0600));
	TEST_ASSERT_EQUAL("a FIFO", finish("c"), -EBADMSG);
	TEST_ASSERT_VAL("nothing but the name", has_name("c/guest") &&
			is("c/proc/kallsyms", NULL) && is("c/fifo", NULL));
	return TEST_OK;
}

static int check_held(void)
{
	int root = guest_file__root(dir);

	put_text("a", "text");
	put_text("b/c", "text");
	TEST_ASSERT_VAL("as it is", guest_dir__holds(root, 1 << 20, 4));
	TEST_ASSERT_VAL("names", !guest_dir__holds(root, 1 << 20, 3));
	TEST_ASSERT_VAL("bytes", !guest_dir__holds(root, 4096, 4));
	close(root);
	return TEST_OK;
}

static int in_dir(int (*check)(void))
{
	int ret;

	strcpy(dir, "/tmp/perf-guest-snapshot-XXXXXX");
	if (!mkdtemp(dir))
		return TEST_FAIL;
	ret = check();
	rm_rf(dir);
	return ret;
}

static int test__guest_snapshot_finish(struct test_suite *test __maybe_unused,
				       int subtest __maybe_unused)
{
	return in_dir(check_held) ?: in_dir(check_finished);
}

static struct test_case tests__guest_snapshot[] = {
	TEST_CASE("Guest callchain snapshot of a guest's symbols", guest_snapshot_take),
	TEST_CASE("Guest callchain directories written by descriptor", guest_snapshot_dir),
	TEST_CASE("Guest callchain room for what is taken along", guest_snapshot_room),
	TEST_CASE("Guest callchain directory when the child has ended", guest_snapshot_finish),
	TEST_CASE("Guest callchain doctor", guest_snapshot_doctor),
	TEST_CASE("Guest callchain build-id of a guest's kernel", guest_snapshot_notes),
	{ .name = NULL, }
};

struct test_suite suite__guest_snapshot = {
	.desc = "Guest callchain recording",
	.test_cases = tests__guest_snapshot,
};
