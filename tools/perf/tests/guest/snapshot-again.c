// SPDX-License-Identifier: GPL-2.0
/*
 * A guest that changes while it is recorded: modules come and go, or it reboots.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/perf_guest_callchain.h>
#include <linux/time64.h>
#include "debug.h"
#include "tests/guest/made-files.h"
#include "tests/tests.h"
#include "tests/guest/callchain-data.h"
#include "util.h"
#include "util/guest/untrusted/file.h"
#include "util/guest/vm/vm.h"
#include "util/guest/cmd/summary.h"
#include "util/guest/snapshot/lookup.h"
#include "util/guest/snapshot/take.h"
#include "util/guest/snapshot/update.h"
#include "util/session.h"
#include "util/time-utils.h"

static char dir[64];

static int put(const char *path, const char *text)
{
	return made_file__put(dir, path, text, strlen(text));
}

static bool is(const char *path, const char *text)
{
	return made_file__is(dir, path, text);
}

#define BOOT_1	"11111111-2222-3333-4444-555555555555\n"
#define BOOT_2	"66666666-2222-3333-4444-555555555555\n"

#define KERNEL	"ffffffff81000000 T _stext\n"
#define A_SYM	"ffffffffc0000010 t a_work\t[a]\n"
#define B_SYM	"ffffffffc0100010 t b_work\t[b]\n"
#define A	"a 4096 0 - Live 0xffffffffc0000000\n"
#define B	"b 8192 0 - Live 0xffffffffc0100000\n"

/*
 * What the guest says the second time; what is then in the snapshot, which had module a.
 * NULL: as it was.
 */
static const struct again_case {
	const char *name;
	const char *boot_id, *modules, *kallsyms;
	const char *then_modules, *then_kallsyms;
	struct guest_snapshot_change change;
} cases[] = {
	{
		"nothing has changed", BOOT_1, A, NULL, A, KERNEL A_SYM, { .modules = 0 },
	}, {
		"loaded", BOOT_1, B A, KERNEL B_SYM A_SYM, A B, KERNEL A_SYM B_SYM,
		{ .modules = 1 },
	}, {
		"unloaded", BOOT_1, "", KERNEL, A, KERNEL A_SYM, { .modules = 0 },
	}, {
		"another one is where it was", BOOT_1,
		"b 8192 0 - Live 0xffffffffbffff000\n",
		KERNEL "ffffffffc0000010 t b_work\t[b]\n", "", KERNEL A_SYM, { .unclear = 2 },
	}, {
		"loaded again elsewhere", BOOT_1, "a 4096 0 - Live 0xffffffffc0200000\n",
		KERNEL "ffffffffc0200010 t a_work\t[a]\n", A, KERNEL A_SYM, { .unclear = 1 },
	}, {
		"loaded again where it was, and larger", BOOT_1,
		"a 12288 0 - Live 0xffffffffc0000000\n", KERNEL A_SYM, "", KERNEL A_SYM,
		{ .unclear = 2 },
	}, {
		"a module without end", BOOT_1, A "b 4294967295 0 - Live 0xfffffffffffff000\n",
		NULL, A, KERNEL A_SYM, { .modules = 0 },
	}, {
		"two new ones at one address", BOOT_1, A B "c 4096 0 - Live 0xffffffffc0101000\n",
		KERNEL A_SYM B_SYM, A B, KERNEL A_SYM B_SYM, { .modules = 1, .unclear = 1 },
	}, {
		"lines that say nothing", BOOT_1,
		A "\033]0;b 8192 0 - Live 0xffffffffc0100000\nb\nb 1 0 - Live 0x0\n", NULL,
		A, KERNEL A_SYM, { .modules = 0 },
	}, {
		"rebooted", BOOT_2, B, KERNEL B_SYM, A, KERNEL A_SYM,
		{ .rebooted = true },
	},
};

static int check_case(const struct again_case *c)
{
	struct guest guest = { .pid = 7, .name = "n", .vmm = "qemu" };
	struct guest_snapshot_change change;
	struct guest_snapshot snapshot;
	char out[PATH_MAX];
	int root;
	s64 up;

	pr_debug("%s\n", c->name);
	snprintf(out, sizeof(out), "%s/out", dir);
	snprintf(guest.mount, sizeof(guest.mount), "%s/m", dir);
	rm_rf(out);
	put("m/proc/version", "Linux version 6.1 (x)\n");
	put("m/proc/uptime", "123.45 99.00\n");
	put("m/proc/sys/kernel/random/boot_id", BOOT_1);
	put("m/proc/modules", A);
	put("m/proc/kallsyms", KERNEL A_SYM);
	TEST_ASSERT_EQUAL("take", made_snapshot__take(&guest, out, GUEST_SNAPSHOT_KERNEL,
						       &snapshot), 0);
	put("m/proc/sys/kernel/random/boot_id", c->boot_id);
	put("m/proc/modules", c->modules);
	if (c->kallsyms)
		put("m/proc/kallsyms", c->kallsyms);
	put("m/sys/module/b/sections/.text", "0xffffffffc0100000\n");

	root = guest_file__root(out);
	TEST_ASSERT_EQUAL(c->name, guest_snapshot__look_again(&guest, root, &change), 0);
	close(root);
	up = ((s64)rdclock() - change.booted) / NSEC_PER_SEC;
	TEST_ASSERT_VAL("for 123 s", !change.rebooted || (up >= 123 && up < 200));
	TEST_ASSERT_VAL(c->name, change.rebooted == c->change.rebooted &&
			change.modules == c->change.modules &&
			change.unclear == c->change.unclear);
	TEST_ASSERT_VAL(c->name, is("out/7/proc/modules", c->then_modules));
	TEST_ASSERT_VAL(c->name, is("out/7/proc/kallsyms", c->then_kallsyms));
	TEST_ASSERT_VAL(c->name, is("out/7/sys/module/b/sections/.text",
				    change.modules ? "0xffffffffc0100000\n" : NULL));
	return TEST_OK;
}

static int check_no_answer(void)
{
	struct guest guest = { .pid = 7 };
	struct guest_snapshot_change change;
	char path[PATH_MAX];
	int out;

	snprintf(guest.mount, sizeof(guest.mount), "%s/m", dir);
	snprintf(path, sizeof(path), "%s/m/proc/sys", dir);
	rm_rf(path);
	snprintf(path, sizeof(path), "%s/out", dir);
	out = guest_file__root(path);
	TEST_ASSERT_VAL("no boot_id any more",
			guest_snapshot__look_again(&guest, out, &change) < 0);
	strcat(guest.mount, "/gone");
	TEST_ASSERT_VAL("no mount", guest_snapshot__look_again(&guest, out, &change) < 0);
	*guest.mount = '\0';
	TEST_ASSERT_EQUAL("out of memory", guest_snapshot__look_again(&guest, out, &change), 0);
	TEST_ASSERT_VAL("whose boot is not known", change.unknown && !change.rebooted);
	snprintf(path, sizeof(path), "%s/out/7/proc/kallsyms", dir);
	unlink(path);
	TEST_ASSERT_EQUAL("never had any", guest_snapshot__look_again(&guest, out, &change), 0);
	TEST_ASSERT_VAL("so nothing can be wrong", !change.unknown && !change.rebooted);
	close(out);
	return TEST_OK;
}

static int in_dir(int (*check)(void))
{
	int ret;

	strcpy(dir, "/tmp/perf-guest-again-XXXXXX");
	if (!mkdtemp(dir))
		return TEST_FAIL;
	ret = check();
	rm_rf(dir);
	return ret;
}

static int check_cases(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (check_case(&cases[i]))
			return TEST_FAIL;
	}
	return check_no_answer();
}

static int test__guest_again_modules(struct test_suite *test __maybe_unused,
				     int subtest __maybe_unused)
{
	return in_dir(check_cases);
}

/* Samples from before and after, in user code as well, and one whose record is lost. */
static const struct gcd_event events[] = {
	GUEST(10, 1), RECORD(11, 1, GK, 0x11, GU, 0x21),
	GUEST(20, 2), RECORD(21, 2, GK, 0x11, GU, 0x21),
	HOST(30, HK, 1, DEFER, 3), RECORD(31, 3, GK, 0x11),
	GUEST(40, 4),
};

/* In which mode a record says that the guest's kernel was. */
#define MODE(_time, _cookie, _mode)						\
	{ .type = GCD_RECORD, .time = _time, .cookie = _cookie, .ips = { GK, 0x11 }, .nr = 2,	\
	  .flags = PERF_GUEST_CALLCHAIN_MODE_##_mode }

static const struct firmware_case {
	const char *name;
	struct gcd_event events[8];
	size_t nr;
	u64 firmware;
} firmware_cases[] = {
	{ "one reboot", { GUEST(10, 1), MODE(11, 1, 64), GUEST(20, 2), MODE(21, 2, 16),
			  GUEST(30, 3), MODE(31, 3, 64) }, 6, 21 },
	{ "two", { MODE(11, 1, 64), MODE(21, 2, 32), MODE(31, 3, 64), MODE(41, 4, 16) }, 4, 21 },
	{ "booting when recording began", { MODE(11, 1, 16), MODE(21, 2, 64) }, 2, UINT64_MAX },
	{ "none, 32 bit", { MODE(11, 1, 32), MODE(21, 2, 32) }, 2, UINT64_MAX },
};

static int test__guest_again_firmware(struct test_suite *test __maybe_unused,
				      int subtest __maybe_unused)
{
	static struct guest_summary summary;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(firmware_cases); i++) {
		const struct firmware_case *c = &firmware_cases[i];
		char path[] = "/tmp/perf-guest-again-data-XXXXXX";
		int err;

		TEST_ASSERT_VAL(c->name, !gcd__write(path, false, c->events, c->nr));
		err = guest_summary__read(&summary, path);
		unlink(path);
		TEST_ASSERT_VAL(c->name, !err && summary.nr == 1 &&
				summary.guest[0].firmware == c->firmware);
	}
	return TEST_OK;
}

static int check_reboot(void)
{
	static const char expected[] =
		"s10[GK:11_GU:21] r11 s20[HV:11,21] r21 s30[HK:1_HV:11] r31 s40[HV:11]";
	char path[PATH_MAX], guests[PATH_MAX + 8], info[64];
	struct perf_session *session;
	struct gcd_log log;
	int root;

	snprintf(path, sizeof(path), "%s/data-XXXXXX", dir);
	TEST_ASSERT_VAL("write", !gcd__write(path, false, events, ARRAY_SIZE(events)));
	snprintf(info, sizeof(info), "%s.guests/%d/guest", path + strlen(dir) + 1, GCD_PID);
	put(info, "name n\nvmm qemu\n");
	snprintf(info, sizeof(info), "%s.guests/id", path + strlen(dir) + 1);
	put(info, "a5\n");
	guest_snapshot__dir(guests, sizeof(guests), path);
	root = guest_file__root(guests);
	TEST_ASSERT_EQUAL("note", guest_snapshot__set_rebooted(root, GCD_PID, 15), 0);
	close(root);

	gcd_log__init(&log, true);
	session = gcd__read(path, &log);
	TEST_ASSERT_VAL("read", session);
	TEST_ASSERT_VAL("before", !guest_snapshot__rebooted(GCD_PID, 15));
	TEST_ASSERT_VAL("after", guest_snapshot__rebooted(GCD_PID, 16));
	TEST_ASSERT_VAL("another guest", !guest_snapshot__rebooted(GCD_PID + 1, 16));
	perf_session__delete(session);
	guest_snapshot__use(NULL);
	pr_debug("%s\n", log.text);
	TEST_ASSERT_VAL("chains", !strcmp(log.text, expected));
	return TEST_OK;
}

static int test__guest_again_reboot(struct test_suite *test __maybe_unused,
				    int subtest __maybe_unused)
{
	return in_dir(check_reboot);
}

static struct test_case tests__guest_again[] = {
	TEST_CASE("Guest callchain symbols, of modules that come and go", guest_again_modules),
	TEST_CASE("Guest callchain symbols, after a reboot", guest_again_reboot),
	TEST_CASE("Guest callchain symbols, reboots seen in samples", guest_again_firmware),
	{ .name = NULL, }
};

struct test_suite suite__guest_again = {
	.desc = "Guest callchain symbols, later",
	.test_cases = tests__guest_again,
};
