// SPDX-License-Identifier: GPL-2.0
/* What doctor says of the module, of hosts that are files in a directory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include "debug.h"
#include "tests/guest/made-files.h"
#include "tests/tests.h"
#include "util/guest/cmd/doctor-check.h"
#include "util/guest/cmd/doctor-module.h"
#include "util/util.h"

#define RELEASE "6.12.1-amd64"

/* Another line for each file, from that of a host on which only modprobe is left to do. */
struct host {
	const char *name;
	const char *cpuinfo, *ftrace, *sig_enforce, *lockdown, *modules, *makefile;
	enum host_module_state state;
	const char *says[3];
};

static const char good_cpu[] = "processor\t: 0\nflags\t\t: fpu svm npt\n";
static const char other_modules[] = "kernel/fs/fat/fat.ko:\n";
static const char good_modules[] =
	"kernel/fs/fat/fat.ko:\nupdates/dkms/kvm_callchain.ko.xz: kernel/arch/x86/kvm/kvm.ko\n";
static const char open_lockdown[] = "[none] integrity confidentiality\n";

static const struct host hosts[] = {
	{
		"not loaded", good_cpu, "1\n", "N\n", open_lockdown, good_modules, "",
		.says = { "is not loaded\n         fix: modprobe kvm_callchain" },
	}, {
		"another vendor", "flags\t\t: fpu vmx svm_lock\n", "0\n", "Y\n", NULL, NULL, NULL,
		.says = { "fix: boot a kernel built with", "it is for AMD's SVM" },
	}, {
		"not built", good_cpu, "1\n", "N\n", open_lockdown, other_modules, "",
		.says = { "fix: load it, once it is built; or boot",
			  "not built, or not installed\n"
			  "         fix: apt install kvm-callchain-dkms" },
	}, {
		"no headers", good_cpu, "1\n", "N\n", open_lockdown, other_modules, NULL,
		.says = { "is not loaded", "fix: apt install linux-headers-" RELEASE "\n",
			  "not built" },
	}, {
		"ftrace is off", good_cpu, "0\n", "N\n", open_lockdown, good_modules, "",
		.says = { "is not loaded", "fix: sysctl kernel.ftrace_enabled=1" },
	}, {
		"signatures are enforced", good_cpu, "1\n", "Y\n", open_lockdown, good_modules, "",
		.says = { "is not loaded", "fix: with DKMS: mokutil --import" },
	}, {
		"locked down", good_cpu, "1\n", "N\n", "none [integrity] confidentiality\n",
		good_modules, "",
		.says = { "is not loaded", "fix: with DKMS: mokutil --import" },
	}, {
		"no securityfs", "flags\t\t: fpu svm\n", "1\n", "N\n", NULL, good_modules, "",
		.says = { "is not loaded" },
	}, {
		"loaded", .state = HOST_MODULE_USABLE,
		.says = { NULL },
	}, {
		"loaded, by root", .state = HOST_MODULE_NOT_ALLOWED,
		.says = { "not yours to record\n         fix: run as root" },
	},
};

static int put(const char *dir, const char *path, const char *text)
{
	return text ? made_file__put(dir, path, text, strlen(text)) : 0;
}

static int make(const char *dir, const struct host *host)
{
	return put(dir, "proc/cpuinfo", host->cpuinfo) ?:
	       put(dir, "proc/sys/kernel/ftrace_enabled", host->ftrace) ?:
	       put(dir, "sys/module/module/parameters/sig_enforce", host->sig_enforce) ?:
	       put(dir, "sys/kernel/security/lockdown", host->lockdown) ?:
	       put(dir, "lib/modules/" RELEASE "/modules.dep", host->modules) ?:
	       put(dir, "lib/modules/" RELEASE "/build/Makefile", host->makefile);
}

static size_t count(const char *text, const char *word)
{
	size_t nr = 0;

	while ((text = strstr(text, word))) {
		text += strlen(word);
		nr++;
	}
	return nr;
}

static int check(const struct host *host, const char *dir)
{
	struct guest_doctor_module module = { .state = host->state, .release = RELEASE };
	char text[4096] = "";
	struct guest_check lines = { .fp = fmemopen(text, sizeof(text), "w"), .well = true };
	size_t i, nr = 0;

	TEST_ASSERT_VAL("memory", lines.fp);
	guest_doctor_module__look(&module, dir);
	guest_doctor_module__print(&module, &lines);
	fclose(lines.fp);
	pr_debug("%s:\n%s\n", host->name, text);
	for (i = 0; i < ARRAY_SIZE(host->says) && host->says[i]; i++, nr++)
		TEST_ASSERT_VAL(host->says[i], strstr(text, host->says[i]));
	TEST_ASSERT_EQUAL("problems", (int)count(text, "PROBLEM"), (int)nr);
	TEST_ASSERT_EQUAL("remedies", (int)count(text, "fix: "), (int)nr);
	TEST_ASSERT_VAL("well", lines.well == !nr);
	return TEST_OK;
}

static int test__guest_doctor_module(struct test_suite *test __maybe_unused,
				     int subtest __maybe_unused)
{
	int ret = TEST_OK;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hosts); i++) {
		char dir[] = "/tmp/perf-guest-doctor-XXXXXX";

		TEST_ASSERT_VAL("directory", mkdtemp(dir));
		if (make(dir, &hosts[i]) || check(&hosts[i], dir))
			ret = TEST_FAIL;
		rm_rf(dir);
	}
	return ret;
}

static struct test_case guest_doctor_tests[] = {
	TEST_CASE("Guest callchain doctor, of the module", guest_doctor_module),
	{ .name = NULL, }
};

struct test_suite suite__guest_doctor = {
	.desc = "Guest callchain doctor",
	.test_cases = guest_doctor_tests,
};
