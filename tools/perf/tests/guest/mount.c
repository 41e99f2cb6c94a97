// SPDX-License-Identifier: GPL-2.0
/*
 * Guest mounts as a hostile guest would make them. Each test is done when a child
 * process has read them, or was killed for not getting anywhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include "tests/tests.h"
#include "debug.h"
#include "util.h"
#include "util/guest/vm/facts.h"
#include "util/guest/untrusted/child.h"
#include "util/guest/untrusted/file.h"

#define TIMEOUT_MS	20000

static char dir[64];

static int put(const char *path, const char *text)
{
	char name[PATH_MAX], *slash;
	int fd;

	snprintf(name, sizeof(name), "%s/%s", dir, path);
	slash = strrchr(name, '/');
	*slash = '\0';
	mkdir_p(name, 0755);
	*slash = '/';
	if (!text)
		return 0;
	unlink(name);
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return -1;
	return close(fd);
}

static int put_link(const char *path, const char *target)
{
	char name[PATH_MAX];

	put(path, NULL);
	snprintf(name, sizeof(name), "%s/%s", dir, path);
	return symlink(target, name);
}

static int make_dir(void)
{
	strcpy(dir, "/tmp/perf-guest-mount-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

/* What a child process reads of a small file in the mount. */
struct content {
	ssize_t	size;
	char	text[256];
};

static int read_child(void *arg, void *result, int root)
{
	struct content *content = result;

	content->size = guest_file__read(root, arg, content->text, sizeof(content->text));
	return 0;
}

static ssize_t read_in_child(const char *path, struct content *content)
{
	const struct guest_child child = {
		.fn = read_child, .arg = (void *)path, .dir = dir, .mounted = true,
		.idle_ms = TIMEOUT_MS,
	};
	int err = guest_child__run(&child, content, sizeof(*content));

	return err ?: content->size;
}

static int check_links(void)
{
	char outside[PATH_MAX];
	struct content content;

	snprintf(outside, sizeof(outside), "%s.outside", dir);
	put("etc/inside", "inside");
	put_link("absolute", "/etc/inside");
	put_link("deep/er/dotdot", "../../../../../../../../etc/inside");
	put_link("passwd", "/etc/passwd");
	put_link("self", "/proc/self/root/etc/passwd");
	put_link("loop", "loop");
	put_link("up", "..");

	TEST_ASSERT_EQUAL("plain", (int)read_in_child("etc/inside", &content), 6);
	TEST_ASSERT_EQUAL("absolute link", (int)read_in_child("absolute", &content), 6);
	TEST_ASSERT_EQUAL("..", (int)read_in_child("deep/er/dotdot", &content), 6);
	TEST_ASSERT_EQUAL("the text", strcmp(content.text, "inside"), 0);
	TEST_ASSERT_EQUAL("/etc/passwd", (int)read_in_child("passwd", &content), -ENOENT);
	TEST_ASSERT_EQUAL("/proc/self", (int)read_in_child("self", &content), -ENOENT);
	TEST_ASSERT_EQUAL("a loop", (int)read_in_child("loop", &content), -ELOOP);
	TEST_ASSERT_EQUAL(".. of the root", (int)read_in_child("up/etc/passwd", &content), -ENOENT);
	TEST_ASSERT_EQUAL("absolute path", (int)read_in_child("/etc/passwd", &content), -ENOENT);
	return TEST_OK;
}

static int test__guest_mount_links(struct test_suite *test __maybe_unused,
				   int subtest __maybe_unused)
{
	int ret;

	if (make_dir())
		return TEST_FAIL;
	ret = check_links();
	rm_rf(dir);
	return ret;
}

static int check_special(void)
{
	char name[PATH_MAX + 8];
	struct content content;

	snprintf(name, sizeof(name), "%s/fifo", dir);
	TEST_ASSERT_EQUAL("mkfifo", mkfifo(name, 0644), 0);
	TEST_ASSERT_EQUAL("FIFO", (int)read_in_child("fifo", &content), -EINVAL);

	put("directory/file", "");
	TEST_ASSERT_EQUAL("directory", (int)read_in_child("directory", &content), -EINVAL);
	TEST_ASSERT_EQUAL("not there", (int)read_in_child("nothing", &content), -ENOENT);

	/* making devices takes privileges */
	snprintf(name, sizeof(name), "%s/zero", dir);
	if (!mknod(name, S_IFCHR | 0644, makedev(1, 5)))
		TEST_ASSERT_EQUAL("device", (int)read_in_child("zero", &content), -EINVAL);

	put("large", "");
	snprintf(name, sizeof(name), "%s/large", dir);
	TEST_ASSERT_EQUAL("truncate", truncate(name, 4ULL << 30), 0);
	TEST_ASSERT_EQUAL("too large", (int)read_in_child("large", &content), -EFBIG);
	return TEST_OK;
}

static int test__guest_mount_special(struct test_suite *test __maybe_unused,
				     int subtest __maybe_unused)
{
	int ret;

	if (make_dir())
		return TEST_FAIL;
	ret = check_special();
	rm_rf(dir);
	return ret;
}

static int hang_child(void *arg __maybe_unused, void *result __maybe_unused,
		      int root __maybe_unused)
{
	for (;;)
		pause();
	return 0;
}

/* gets a byte at a time, for ever */
static int drip_child(void *arg __maybe_unused, void *result __maybe_unused, int root)
{
	char text[8];

	for (;;) {
		guest_file__read(root, "proc/version", text, sizeof(text));
		usleep(1000);
	}
	return 0;
}

static int crash_child(void *arg __maybe_unused, void *result __maybe_unused,
		       int root __maybe_unused)
{
	abort();
	return 0;
}

static int fail_child(void *arg __maybe_unused, void *result, int root __maybe_unused)
{
	*(int *)result = 2;
	return -ENXIO;
}

static int lie_child(void *arg __maybe_unused, void *result, int root __maybe_unused)
{
	*(int *)result = 2;
	return 0;
}

static int strange_child(void *arg __maybe_unused, void *result __maybe_unused,
			 int root __maybe_unused)
{
	return 1;
}

static bool is_three(const void *result)
{
	return *(const int *)result == 3;
}

static int run(int (*fn)(void *arg, void *result, int root), int idle_ms, int *result)
{
	const struct guest_child child = {
		.fn = fn, .check = is_three, .dir = "/", .idle_ms = idle_ms,
	};

	return guest_child__run(&child, result, sizeof(*result));
}

static int test__guest_mount_child(struct test_suite *test __maybe_unused,
				   int subtest __maybe_unused)
{
	int result = 1;

	TEST_ASSERT_EQUAL("hangs", run(hang_child, 50, &result), -ETIMEDOUT);
	TEST_ASSERT_EQUAL("drips", run(drip_child, 50, &result), -ETIMEDOUT);
	TEST_ASSERT_EQUAL("dies", run(crash_child, TIMEOUT_MS, &result), -EIO);
	TEST_ASSERT_EQUAL("fails", run(fail_child, TIMEOUT_MS, &result), -ENXIO);
	TEST_ASSERT_EQUAL("lies", run(lie_child, TIMEOUT_MS, &result), -EBADMSG);
	TEST_ASSERT_EQUAL("is not itself", run(strange_child, TIMEOUT_MS, &result), -EBADMSG);
	TEST_ASSERT_EQUAL("result is left alone", result, 1);
	TEST_ASSERT_VAL("no child is left", waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	return TEST_OK;
}

static int slow_child(void *arg __maybe_unused, void *result, int root __maybe_unused)
{
	usleep(1300 * USEC_PER_MSEC);
	*(int *)result = 3;
	return 0;
}

/* What is on the terminal meanwhile. */
static int watch_slow_child(int terminal, char *text, size_t size)
{
	const struct guest_child child = {
		.fn = slow_child, .idle_ms = TIMEOUT_MS, .waiting = "web: slow",
	};
	int result = 0, saved = dup(STDERR_FILENO), slave, err = -1;
	ssize_t n = -1;

	slave = grantpt(terminal) || unlockpt(terminal) ? -1 :
		open(ptsname(terminal), O_RDWR | O_NOCTTY);
	if (slave >= 0 && dup2(slave, STDERR_FILENO) >= 0) {
		err = guest_child__run(&child, &result, sizeof(result));
		dup2(saved, STDERR_FILENO);
		n = read(terminal, text, size - 1);
	}
	close(slave);
	close(saved);
	text[max_t(ssize_t, n, 0)] = '\0';
	return err ?: result;
}

static int test__guest_mount_waiting(struct test_suite *test __maybe_unused,
				     int subtest __maybe_unused)
{
	static const char shown[] = "\r\033[K[ perf kvm-callchain: web: slow: ";
	static const char cleared[] = " s ]\r\033[K";
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK), ret;
	char text[256];

	TEST_ASSERT_VAL("a terminal", terminal >= 0);
	ret = watch_slow_child(terminal, text, sizeof(text));
	close(terminal);
	TEST_ASSERT_EQUAL("result", ret, 3);
	/* how many seconds, and how often, is up to the machine */
	TEST_ASSERT_VAL("line", strstarts(text, shown));
	TEST_ASSERT_EQUAL("cleared", strcmp(text + strlen(text) - strlen(cleared), cleared), 0);
	return TEST_OK;
}

static int facts_child(void *arg __maybe_unused, void *result, int root)
{
	guest_facts__read(result, root);
	return 0;
}

static int get_facts(struct guest_facts *facts)
{
	const struct guest_child child = {
		.fn = facts_child, .dir = dir, .mounted = true, .idle_ms = TIMEOUT_MS,
	};

	return guest_child__run(&child, facts, sizeof(*facts));
}

static int check_facts(void)
{
	struct guest_facts facts;
	char name[PATH_MAX + 16];

	TEST_ASSERT_EQUAL("empty", get_facts(&facts), 0);
	TEST_ASSERT_EQUAL("no symbols", facts.kallsyms, GUEST_KALLSYMS_NONE);

	put("proc/version", "Linux version 6.12.1-amd64 (a@b) #1\n");
	put("proc/kallsyms", "0000000000000000 A fixed_percpu_data\n"
			     "ffffffff81000000 T _text\nffffffff81001000 t unwind_module_init\n");
	TEST_ASSERT_EQUAL("ORC", get_facts(&facts), 0);
	TEST_ASSERT_EQUAL(facts.release, strcmp(facts.release, "6.12.1-amd64"), 0);
	TEST_ASSERT_EQUAL("symbols", facts.kallsyms, GUEST_KALLSYMS_OK);
	TEST_ASSERT_EQUAL("unwinder", facts.unwind, GUEST_UNWIND_ORC);

	/* the configuration says it better */
	put("boot/config-6.12.1-amd64", "# C\nCONFIG_UNWINDER_FRAME_POINTER=y\n");
	TEST_ASSERT_EQUAL("FP", get_facts(&facts), 0);
	TEST_ASSERT_EQUAL("unwinder", facts.unwind, GUEST_UNWIND_FP);

	put("proc/kallsyms", "0000000000000000 T _text\n0000000000000000 T f\n");
	put("proc/version", "Linux version ../../etc (a@b)\n");
	TEST_ASSERT_EQUAL("hidden", get_facts(&facts), 0);
	TEST_ASSERT_EQUAL("hidden", facts.kallsyms, GUEST_KALLSYMS_HIDDEN);
	TEST_ASSERT_EQUAL("release that is a path", *facts.release, 0);

	/* 4 GiB of zero bytes: no line in it, and more than anybody reads */
	snprintf(name, sizeof(name), "%s/proc/kallsyms", dir);
	TEST_ASSERT_EQUAL("truncate", truncate(name, 4ULL << 30), 0);
	TEST_ASSERT_EQUAL("large", get_facts(&facts), 0);
	return TEST_OK;
}

static int test__guest_mount_facts(struct test_suite *test __maybe_unused,
				   int subtest __maybe_unused)
{
	int ret;

	if (make_dir())
		return TEST_FAIL;
	ret = check_facts();
	rm_rf(dir);
	return ret;
}

static int test__guest_mount_symbols(struct test_suite *test __maybe_unused,
				     int subtest __maybe_unused)
{
	static const char * const bad[] = {
		"", " ", "x", "ffffffff81000000", "ffffffff81000000 T", "ffffffff81000000 T ",
		"1ffffffff81000000 T f", "-1 T f", "0x10 T f", "ffffffff81000000 1 f",
		"ffffffff81000000 T a\033[2J", "ffffffff81000000 T a b",
		"ffffffff81000000 t f\t[", "ffffffff81000000 t f\t[m", "ffffffff81000000 t f\t[]",
		"ffffffff81000000 t f\t[../m]", "ffffffff81000000 t f\t[m]x",
	};
	struct guest_symbol sym;
	char line[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		strcpy(line, bad[i]);
		TEST_ASSERT_VAL(bad[i], !guest_symbol__parse(&sym, line));
	}
	strcpy(line, "ffffffffc0100010 t f.isra.0\t[kvm_amd]");
	TEST_ASSERT_VAL("of a module", guest_symbol__parse(&sym, line));
	TEST_ASSERT_VAL("start", sym.start == 0xffffffffc0100010ULL);
	TEST_ASSERT_EQUAL("type", sym.type, 't');
	TEST_ASSERT_EQUAL(sym.name, strcmp(sym.name, "f.isra.0"), 0);
	TEST_ASSERT_EQUAL(sym.module, strcmp(sym.module, "kvm_amd"), 0);
	return TEST_OK;
}

static struct test_case tests__guest_mount[] = {
	TEST_CASE("Guest callchain mount, links out of it", guest_mount_links),
	TEST_CASE("Guest callchain mount, no regular files", guest_mount_special),
	TEST_CASE("Guest callchain mount, hanging", guest_mount_child),
	TEST_CASE("Guest callchain mount, slow", guest_mount_waiting),
	TEST_CASE("Guest callchain mount, facts about the kernel", guest_mount_facts),
	TEST_CASE("Guest callchain mount, lines of kallsyms", guest_mount_symbols),
	{ .name = NULL, }
};

struct test_suite suite__guest_mount = {
	.desc = "Guest callchain mount",
	.test_cases = tests__guest_mount,
};
