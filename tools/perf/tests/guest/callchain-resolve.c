// SPDX-License-Identifier: GPL-2.0
/*
 * Guest frames in callchains resolve against the guest's kernel and modules,
 * and what the guest calls these is printable.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include "debug.h"
#include "tests/guest/callchain-data.h"
#include "tests/tests.h"
#include "util/callchain.h"
#include "util/dso.h"
#include "util/event.h"
#include "util/evsel.h"
#include "util/machine.h"
#include "util/map.h"
#include "util/guest/untrusted/printable.h"
#include "util/sample.h"
#include "util/symbol.h"
#include "util/thread.h"
#include "util/util.h"

#define MAX_WORDS	12

struct resolve_case {
	const char *name;
	u64 ips[MAX_WORDS];
	const char *callee;
	const char *caller;
};

static const struct resolve_case cases[] = {
	{
		"guest kernel",
		{ GK, 0xffffffff81000110, 0xffffffff81000210 },
		"guest_leaf guest_mid", "guest_mid guest_leaf",
	}, {
		"guest module and user",
		{ GK, 0xffffffffc0000010, 0xffffffff81000210, GU, 0x401000 },
		"mod_leaf guest_mid 401000", "401000 guest_mid mod_leaf",
	}, {
		"the same address is no guest's in other contexts",
		{ HK, 0xffffffff81000110, HU, 0xffffffff81000210, GK, 0xffffffff81000210 },
		"ffffffff81000110 ffffffff81000210 guest_mid",
		"guest_mid ffffffff81000210 ffffffff81000110",
	}, {
		"guest user frames are not the guest kernel's",
		{ GU, 0xffffffff81000110 },
		"ffffffff81000110", "ffffffff81000110",
	}, {
		"a cookie is no frame",
		{ HK, 0x1000, DEFER, 0xffffffff81000110 },
		"1000", "1000",
	}, {
		"a cookie alone",
		{ DEFER, 0xffffffff81000110 },
		"", "",
	}, {
		"names that are not printable",
		{ GK, 0xffffffff81000310, 0xffffffff81000410 },
		"evil_?c_name osc_?]0;title", "osc_?]0;title evil_?c_name",
	},
};

static const char kallsyms[] =
	"ffffffff81000000 T _stext\n"
	"ffffffff81000000 T _text\n"
	"this is no symbol\n"
	"ffffffff81000100 T guest_leaf\n"
	"ffffffff81000200 T guest_mid\n"
	"ffffffff81000300 T evil_\033c_name\n"
	"ffffffff81000400 T osc_\033]0;title\n"
	"ffffffff81000500 T guest_end\n"
	"ffffffff81000600 T _etext\n"
	"ffffffff81000700 D _edata\n"
	"ffffffffc0000000 t mod_leaf\t[guestmod]\n"
	"ffffffffc0000100 t mod_end\t[guestmod]\n";

static const char modules[] =
	"guestmod 16384 1 - Live 0xffffffffc0000000 (O)\n"
	"evil\033]0;mod 16384 0 - Live 0xffffffffc0100000\n"
	"huge 18446744073709551615 0 - Live 0xffffffffc0200000\n"
	"no_numbers x\n"
	"\n";

static int write_file(char *path, const char *text)
{
	int fd = mkstemp(path), ret;

	if (fd < 0)
		return -1;
	ret = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
	close(fd);
	return ret;
}

static u32 nr_words(const struct resolve_case *c)
{
	u32 nr = 0;

	while (nr < MAX_WORDS && c->ips[nr])
		nr++;
	return nr;
}

static void cursor__text(struct callchain_cursor *cursor, char *text, size_t size)
{
	struct callchain_cursor_node *node;
	size_t len = 0;

	*text = '\0';
	callchain_cursor_commit(cursor);
	while ((node = callchain_cursor_current(cursor))) {
		const char *space = len ? " " : "";

		if (node->ms.sym)
			len += scnprintf(text + len, size - len, "%s%s", space, node->ms.sym->name);
		else
			len += scnprintf(text + len, size - len, "%s%" PRIx64, space, node->ip);
		callchain_cursor_advance(cursor);
	}
}

static int check(const struct resolve_case *c, struct thread *thread, enum chain_order order,
		 const char *expected)
{
	struct callchain_cursor *cursor = get_tls_callchain_cursor();
	u64 words[MAX_WORDS + 1] = { nr_words(c) };
	struct perf_sample sample = { .callchain = (struct ip_callchain *)words };
	struct perf_event_attr attr = { };
	struct evsel *evsel = evsel__new(&attr);
	char text[256];
	int ret;

	TEST_ASSERT_VAL("memory", cursor && evsel);
	memcpy(words + 1, c->ips, words[0] * sizeof(u64));
	callchain_param.order = order;
	ret = thread__resolve_callchain(thread, cursor, evsel, &sample, NULL, NULL, 127);
	evsel__delete(evsel);
	TEST_ASSERT_VAL(c->name, !ret);

	cursor__text(cursor, text, sizeof(text));
	if (strcmp(text, expected)) {
		pr_debug("%s: got '%s', expected '%s'\n", c->name, text, expected);
		return TEST_FAIL;
	}
	return TEST_OK;
}

/* @host: the sample's thread is the host's, as with kvm tracepoints */
static int check_cases(struct machines *machines, bool host)
{
	struct machine *machine = host ? &machines->host : machines__find_guest(machines, GCD_PID);
	struct thread *thread;
	int ret = TEST_OK;
	size_t i;

	TEST_ASSERT_VAL("machine", machine);
	thread = machine__findnew_thread(machine, GCD_PID, GCD_TID);
	TEST_ASSERT_VAL("thread", thread);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		/* a guest's thread has no host frames */
		if (!host && (cases[i].ips[0] == HK || cases[i].ips[0] == HU))
			continue;
		if (check(&cases[i], thread, ORDER_CALLEE, cases[i].callee) ||
		    check(&cases[i], thread, ORDER_CALLER, cases[i].caller))
			ret = TEST_FAIL;
	}
	thread__put(thread);
	return ret;
}

static int check_dso(struct dso *dso, void *data)
{
	int *ret = data;

	if (!text__is_printable(dso__name(dso)) || !text__is_printable(dso__long_name(dso)))
		*ret = TEST_FAIL;
	return 0;
}

static int check_dso_names(struct machines *machines)
{
	struct machine *machine = machines__find_guest(machines, GCD_PID);
	int ret = TEST_OK;

	dsos__for_each_dso(&machine->dsos, check_dso, &ret);
	return ret;
}

static int test__guest_callchain_resolve(struct test_suite *test __maybe_unused,
					 int subtest __maybe_unused)
{
	char kallsyms_path[] = "/tmp/perf-guest-kallsyms-XXXXXX";
	char modules_path[] = "/tmp/perf-guest-modules-XXXXXX";
	enum chain_order order = callchain_param.order;
	struct machines machines;
	int ret = TEST_FAIL;

	if (write_file(kallsyms_path, kallsyms) || write_file(modules_path, modules))
		return TEST_FAIL;
	perf_guest = true;
	symbol_conf.default_guest_kallsyms = kallsyms_path;
	symbol_conf.default_guest_modules = modules_path;
	machines__init(&machines);
	if (!machines__create_guest_kernel_maps(&machines)) {
		ret = check_cases(&machines, /*host=*/true);
		if (check_cases(&machines, /*host=*/false) || check_dso_names(&machines))
			ret = TEST_FAIL;
	}
	machines__destroy_kernel_maps(&machines);
	machines__exit(&machines);
	symbol_conf.default_guest_kallsyms = NULL;
	symbol_conf.default_guest_modules = NULL;
	perf_guest = false;
	callchain_param.order = order;
	unlink(kallsyms_path);
	unlink(modules_path);
	return ret;
}

DEFINE_SUITE("Guest callchain symbols", guest_callchain_resolve);
