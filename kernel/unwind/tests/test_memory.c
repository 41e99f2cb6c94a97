// SPDX-License-Identifier: GPL-2.0
/* guest_read(): one translation a page, whatever comes of it. */
#include "check.h"

static struct made_guest *new_guest(void)
{
	return made_guest__new(GUEST_PAGING_4LEVEL, GUEST_PAGING_NONE);
}

static u32 read_word(struct made_guest *g, u64 va, u64 *word)
{
	*word = 0;
	return guest_read(&g->walk, va, word, sizeof(*word));
}

static void once_a_page(void)
{
	struct made_guest *g = new_guest();
	u64 word;
	int i;

	check__begin("memory: one translation a page");
	for (i = 0; i < 3; i++)
		put_word(g, 0x10000 + i * 0x1000, 0x1111 * i);
	made_guest__prepare_walk(g);
	for (i = 0; i < 300; i++) {
		check__u64("error", read_word(g, 0x10000 + i % 3 * 0x1000, &word), 0);
		check__u64("word", word, 0x1111 * (i % 3));
		check__u64("page used last", g->walk.last.page, 0x11 + i % 3);
	}
	check__u64("translations", g->walk.translations, 3);
	/* three pages: one lowest-level table, which is looked up once */
	check__u64("reads", g->reads, 300 + 4 + 2);
	check__end();
	made_guest__delete(g);
}

static void across(void)
{
	struct made_guest *g = new_guest();
	u64 word;

	check__begin("memory: word across two pages");
	put_word(g, 0x10ffd, 0x1122334455667788);
	made_guest__prepare_walk(g);
	check__u64("error", read_word(g, 0x10ffd, &word), 0);
	check__u64("word", word, 0x1122334455667788);
	check__u64("error", read_word(g, 0x10ffd, &word), 0);
	check__u64("word again", word, 0x1122334455667788);
	check__u64("translations", g->walk.translations, 2);
	check__end();

	check__begin("memory: word across into nothing");
	check__u64("error", read_word(g, 0x11ffd, &word), PERF_GUEST_CALLCHAIN_UNMAPPED);
	check__u64("end of page", read_word(g, 0x11ff8, &word), 0);
	check__end();

	check__begin("memory: word across the end of memory");
	put_word(g, 0xfffffffffffffff8, 0x1234);
	made_guest__prepare_walk(g);
	check__u64("last", read_word(g, 0xfffffffffffffff8, &word), 0);
	check__u64("error", read_word(g, 0xfffffffffffffffc, &word), PERF_GUEST_CALLCHAIN_UNMAPPED);
	check__end();
	made_guest__delete(g);
}

static void so_many_reads(void)
{
	struct made_guest *g = new_guest();
	struct guest_frames frames;
	u64 word, ip;
	int i;

	check__begin("memory: reads are counted, of tables, pages and words");
	put_word(g, 0x10000, 1);
	/* four tables, the page itself, and three words */
	g->max_reads = 4 + 1 + 3;
	made_guest__prepare_walk(g);
	for (i = 0; i < 2; i++)
		check__u64("error", read_word(g, 0x10000, &word), 0);
	frames = (struct guest_frames) { .bp = 0x10000, .ips = &ip, .max = 1 };
	check__u64("frames", guest_read_frames(&g->walk, &frames), 0);
	check__u64("frames", guest_read_frames(&g->walk, &frames), PERF_GUEST_CALLCHAIN_BUDGET);
	check__u64("error", read_word(g, 0x10000, &word), PERF_GUEST_CALLCHAIN_BUDGET);
	check__end();

	check__begin("memory: no more reads for a table, and for a page");
	for (i = 3; i <= 4; i++) {
		g->max_reads = i;
		made_guest__prepare_walk(g);
		check__u64("error", read_word(g, 0x10000, &word), PERF_GUEST_CALLCHAIN_BUDGET);
		check__u64("reads", g->reads, i);
	}
	check__end();
	made_guest__delete(g);
}

static void errors_once(void)
{
	struct made_guest *g = new_guest();
	unsigned int reads;
	u64 word;

	check__begin("memory: a failed translation is made once");
	put_word(g, 0x10000, 1);
	made_guest__prepare_walk(g);
	check__u64("error", read_word(g, 0x11000, &word), PERF_GUEST_CALLCHAIN_UNMAPPED);
	reads = g->reads;
	check__u64("again", read_word(g, 0x11008, &word), PERF_GUEST_CALLCHAIN_UNMAPPED);
	check__u64("reads", g->reads, reads);
	check__u64("translations", g->walk.translations, 1);
	check__end();

	check__begin("memory: mapped to where no memory is");
	made_space__map(g, &g->space, 0x12000, 0x1234000, 1);
	made_guest__prepare_walk(g);
	check__u64("error", read_word(g, 0x12000, &word), PERF_GUEST_CALLCHAIN_UNREADABLE);
	check__end();

	check__begin("memory: page that cannot be read now");
	g->refuse_gfn = 0x300;
	made_guest__prepare_walk(g);
	check__u64("error", read_word(g, 0x10000, &word), PERF_GUEST_CALLCHAIN_UNREADABLE);
	check__u64("again", read_word(g, 0x10000, &word), PERF_GUEST_CALLCHAIN_UNREADABLE);
	check__u64("translations", g->walk.translations, 1);
	check__end();

	check__begin("memory: page that is a device's");
	g->refuse_why = PERF_GUEST_CALLCHAIN_DEVICE;
	made_guest__prepare_walk(g);
	check__u64("error", read_word(g, 0x10000, &word), PERF_GUEST_CALLCHAIN_DEVICE);
	check__u64("again", read_word(g, 0x10000, &word), PERF_GUEST_CALLCHAIN_DEVICE);
	check__u64("translations", g->walk.translations, 1);
	check__end();
	made_guest__delete(g);
}

static void given_back(void)
{
	struct made_guest *g = new_guest();
	u64 word;
	int i;

	check__begin("memory: pages are kept to the end of the walk, and no longer");
	for (i = 0; i < 3; i++)
		put_word(g, 0x10000 + i * 0x1000, i);
	made_guest__prepare_walk(g);
	for (i = 0; i < 9; i++)
		read_word(g, 0x10000 + i % 4 * 0x1000, &word);
	check__u64("translations", g->walk.translations, 4);
	check__u64("kept", g->mapped, 3);
	guest_walk_end(&g->walk);
	check__u64("kept after the end", g->mapped, 0);
	check__end();
	made_guest__delete(g);
}

static void budget(void)
{
	struct made_guest *g = new_guest();
	u64 word;
	int i;

	check__begin("memory: no more pages than the budget");
	for (i = 0; i <= GUEST_UNWIND_PAGES; i++)
		put_word(g, 0x10000 + i * 0x1000, i);
	made_guest__prepare_walk(g);
	for (i = 0; i < GUEST_UNWIND_PAGES; i++)
		check__u64("error", read_word(g, 0x10000 + i * 0x1000, &word), 0);
	check__u64("one more", read_word(g, 0x10000 + i * 0x1000, &word),
		   PERF_GUEST_CALLCHAIN_BUDGET);
	check__u64("the first", read_word(g, 0x10000, &word), 0);
	check__u64("translations", g->walk.translations, GUEST_UNWIND_PAGES);
	check__end();
	made_guest__delete(g);
}

void test_memory(void)
{
	once_a_page();
	across();
	so_many_reads();
	errors_once();
	given_back();
	budget();
}
