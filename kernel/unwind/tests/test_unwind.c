// SPDX-License-Identifier: GPL-2.0
/*
 * test_unwind [SEED_DIR]: the unwinder against made-up guests. With SEED_DIR,
 * each guest that is unwound is saved there for the fuzzer to start from.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

static const char *seed_dir;
static char current[128];
static bool bad;
static int failed;

void check__begin(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(current, sizeof(current), fmt, args);
	va_end(args);
	bad = false;
}

void check__end(void)
{
	printf("%s %s\n", bad ? "not ok" : "ok", current);
	failed += bad;
}

int check__failed(void)
{
	return failed;
}

void check__u64(const char *what, u64 got, u64 want)
{
	if (got == want)
		return;
	printf("# %s: %s is 0x%" PRIx64 ", not 0x%" PRIx64 "\n", current, what, got, want);
	bad = true;
}

static void save_seed(struct made_guest *g)
{
	static unsigned int nr;
	char name[32];

	if (!seed_dir)
		return;
	snprintf(name, sizeof(name), "made-%03u", nr++);
	made_guest__save_seed(g, seed_dir, name);
}

void check__chain(struct made_guest *g, u32 flags, unsigned int nr, const u64 *words)
{
	unsigned int i, marks = 0;
	char what[32];

	save_seed(g);
	made_guest__unwind(g);
	check__u64("flags", g->walk.flags, flags);
	check__u64("nr", g->walk.nr, nr);
	for (i = 0; i < nr && i < g->walk.nr; i++) {
		snprintf(what, sizeof(what), "ips[%u]", i);
		check__u64(what, g->ips[i], words[i]);
		marks += words[i] >= (u64)-4095;
	}
	check__u64("frames", g->walk.frames, nr - marks);
	check__u64("the word behind", g->ips[g->walk.nr], 0xa5a5a5a5a5a5a5a5ULL);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		seed_dir = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	test_paging();
	test_memory();
	test_frames_64();
	test_frames_32();
	test_prologue();
	test_stack_words();
	test_sections();
	test_user_stack();
	test_worst();
	return check__failed() ? EXIT_FAILURE : EXIT_SUCCESS;
}
