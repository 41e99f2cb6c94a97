// SPDX-License-Identifier: GPL-2.0
/*
 * orc IMAGES SAMPLES: unwind a recording's samples over and over, by ORC tables and,
 * in turns, by DWARF with libdw. Prints each figure in a line of its own, for orc.py.
 *
 * orc --memory KERNEL MODULE...: what the tables of these take.
 *
 * IMAGES has the kernel in its first line and a module in each other one, fields with
 * tabs between: file, file with DWARF or -, address of its start and end, and a name
 * and an address for each section. SAMPLES is of u64: for each sample the words there
 * are in its section of registers, and in that of stack words, and both.
 */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <linux/kernel.h>
#include "orc.h"
#include "util/guest/untrusted/elf.h"
#include "util/guest/untrusted/unpack.h"

#define ROUNDS		5
#define ROUND_NS	200000000ULL
#define MAX_SECTIONS	1024

/* Where modules nobody has loaded are put. */
#define MODULES		0xffffffffc0000000ULL

/**
 * enum agree - what ORC and DWARF make of a sample
 * @AGREE_ALL:	the same chain
 * @AGREE_TO:	the same as far as DWARF leads: it has nothing on assembly, nor on
 *		where C code changes stacks
 * @AGREE_NOT:	frames that are not the same: in assembly, libdw guesses that there is
 *		a frame pointer
 */
enum agree {
	AGREE_ALL,
	AGREE_TO,
	AGREE_NOT,
	AGREE_NR,
};

struct sample {
	const u64 *regs, *words;
	u64 nr_regs, nr_words;
	enum agree agree;
};

struct bench {
	struct image *images;
	unsigned int nr_images;
	struct sample *samples;
	size_t nr_samples;
	struct guest_orc *orc;
	struct dwarf *dwarf;
	struct guest_stack stack;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "orc: %s: %s\n", what, why);
	exit(1);
}

static void *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");
	char *data;
	long end;

	if (!file || fseek(file, 0, SEEK_END))
		die(path, "cannot be read");
	end = ftell(file);
	rewind(file);
	data = malloc(end + 1);
	if (!data || fread(data, 1, end, file) != end)
		die(path, "cannot be read");
	data[end] = '\0';
	fclose(file);
	*size = end;
	return data;
}

static void *read_elf(const char *path, size_t *size)
{
	const char *why;
	size_t packed_size;
	void *packed = read_file(path, &packed_size), *elf;

	if (guest_vmlinuz__unpack(packed, packed_size, &elf, size, &why))
		die(path, why);
	free(packed);
	return elf;
}

static void read_image(struct image *image, char *line)
{
	char *field = strtok(line, "\t"), *name;

	image->elf = field;
	field = strtok(NULL, "\t");
	image->debug = strcmp(field, "-") ? field : NULL;
	image->start = strtoull(strtok(NULL, "\t"), NULL, 16);
	image->end = strtoull(strtok(NULL, "\t"), NULL, 16);
	image->sections = calloc(MAX_SECTIONS, sizeof(*image->sections));
	while ((name = strtok(NULL, "\t")) && (field = strtok(NULL, "\t")) &&
	       image->nr_sections < MAX_SECTIONS) {
		image->sections[image->nr_sections++] = (struct guest_orc_section) {
			.name = name, .addr = strtoull(field, NULL, 16),
		};
	}
}

static void read_images(struct bench *b, const char *path)
{
	size_t size;
	char *line, *next = read_file(path, &size);

	while ((line = strsep(&next, "\n")) && *line) {
		b->images = realloc(b->images, (b->nr_images + 1) * sizeof(*b->images));
		b->images[b->nr_images] = (struct image) { .nr_sections = 0 };
		read_image(&b->images[b->nr_images++], line);
	}
}

static void read_samples(struct bench *b, const char *path)
{
	size_t size;
	const u64 *data = read_file(path, &size), *end = data + size / sizeof(*data);
	struct sample *sample;

	while (data < end) {
		b->samples = realloc(b->samples, (b->nr_samples + 1) * sizeof(*b->samples));
		sample = &b->samples[b->nr_samples++];
		sample->nr_regs = data[0];
		sample->nr_words = data[1];
		sample->regs = data + 2;
		sample->words = sample->regs + sample->nr_regs;
		data = sample->words + sample->nr_words;
	}
}

static void parse(struct bench *b, const struct sample *sample, struct guest_orc_regs *regs)
{
	if (!guest_orc_regs__parse(regs, sample->regs, sample->nr_regs) ||
	    guest_stack__parse(&b->stack, sample->words, sample->nr_words))
		die("sample", "malformed");
}

static void add_kernel(struct guest_orc *orc, const char *path, u64 text)
{
	const char *why;
	size_t size;
	void *elf = read_elf(path, &size);

	if (guest_orc__add_kernel(orc, elf, size, text, NULL, &why))
		die(path, why);
	free(elf);
}

static void load(struct bench *b)
{
	const struct image *image = b->images;
	unsigned int modules = 0;
	const char *why;
	size_t size;
	void *elf;

	b->orc = guest_orc__new();
	add_kernel(b->orc, image->elf, image->start);
	while (++image < b->images + b->nr_images) {
		elf = read_elf(image->elf, &size);
		modules += !guest_orc__add_module(b->orc, elf, size, image->sections,
						  image->nr_sections, NULL, &why);
		free(elf);
	}
	printf("modules %u\nmemory %zu\n", modules, guest_orc__memory(b->orc));
}

static u32 by_orc(struct bench *b, const struct guest_orc_regs *regs, u64 *ips)
{
	struct guest_orc_chain chain = { .ips = ips, .max = MAX_FRAMES };

	guest_orc__unwind(b->orc, regs, &b->stack, &chain);
	return chain.nr;
}

/* As perf does for user code: libdw begins anew with each sample. */
static u32 by_new_dwarf(struct bench *b, const struct guest_orc_regs *regs, u64 *ips)
{
	struct dwarf *dwarf = dwarf__new(b->images, b->nr_images);
	u32 nr = dwarf__unwind(dwarf, regs, &b->stack, ips);

	dwarf__delete(dwarf);
	return nr;
}

static u32 by_dwarf(struct bench *b, const struct guest_orc_regs *regs, u64 *ips)
{
	return dwarf__unwind(b->dwarf, regs, &b->stack, ips);
}

/**
 * struct way - what is timed
 * @only_agreed: of the samples for which ORC and DWARF give the same chain
 * @step:	 every so many samples
 */
static const struct way {
	const char *name;
	u32 (*unwind)(struct bench *b, const struct guest_orc_regs *regs, u64 *ips);
	bool only_agreed;
	unsigned int step;
} ways[] = {
	{ "orc", by_orc, false, 1 },
	{ "agreed_orc", by_orc, true, 1 },
	{ "agreed_dwarf", by_dwarf, true, 1 },
	{ "agreed_new_dwarf", by_new_dwarf, true, 100 },
};

static enum agree compare(struct bench *b, const struct guest_orc_regs *regs,
			  const struct guest_orc_chain *chain)
{
	u64 ips[MAX_FRAMES];
	u32 nr = by_dwarf(b, regs, ips);

	if (!nr || nr > chain->nr || memcmp(ips, chain->ips, nr * sizeof(*ips)))
		return AGREE_NOT;
	return nr == chain->nr ? AGREE_ALL : AGREE_TO;
}

/* Before time counts: it has libdw read what it needs, too. */
static void look(struct bench *b)
{
	u64 ips[MAX_FRAMES], frames = 0, frames_same = 0;
	size_t agree[AGREE_NR] = { 0 }, roots = 0, i;
	struct guest_orc_regs regs;

	for (i = 0; i < b->nr_samples; i++) {
		struct guest_orc_chain chain = { .ips = ips, .max = MAX_FRAMES };
		struct sample *sample = &b->samples[i];

		parse(b, sample, &regs);
		guest_orc__unwind(b->orc, &regs, &b->stack, &chain);
		frames += chain.nr;
		roots += guest_orc_end__is_root(chain.end);
		if (!b->dwarf)
			continue;
		sample->agree = compare(b, &regs, &chain);
		agree[sample->agree]++;
		if (sample->agree == AGREE_ALL)
			frames_same += chain.nr;
	}
	printf("samples %zu\nroots %zu\nframes %" PRIu64 "\n", b->nr_samples, roots,
	       (uint64_t)frames);
	if (b->dwarf)
		printf("agree %zu\nagree_frames %" PRIu64 "\nagree_to %zu\nagree_not %zu\n",
		       agree[AGREE_ALL], (uint64_t)frames_same, agree[AGREE_TO],
		       agree[AGREE_NOT]);
}

/* CPU time: others may use the machine. */
static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* At least one pass over the samples. */
static void run_round(struct bench *b, const struct way *way)
{
	u64 ips[MAX_FRAMES], unwinds = 0, start = now_ns(), ns;
	struct guest_orc_regs regs;
	size_t i;

	do {
		for (i = 0; i < b->nr_samples; i += way->step) {
			if (way->only_agreed && b->samples[i].agree != AGREE_ALL)
				continue;
			parse(b, &b->samples[i], &regs);
			way->unwind(b, &regs, ips);
			unwinds++;
		}
		ns = now_ns() - start;
	} while (ns < ROUND_NS && unwinds);
	if (unwinds)
		printf("ns_%s %.1f\n", way->name, (double)ns / unwinds);
}

static void run(struct bench *b)
{
	int i, way;

	for (i = 0; i < ROUNDS; i++)
		for (way = 0; way < ARRAY_SIZE(ways); way++)
			if (b->dwarf || !ways[way].only_agreed)
				run_round(b, &ways[way]);
}

/* Give every section with code the next addresses. */
static unsigned int place(const struct guest_elf *elf, struct guest_orc_section *sections)
{
	static u64 next = MODULES;
	struct guest_elf_section sec;
	unsigned int i, nr = 0;

	for (i = 1; i < elf->nr_sections && nr < MAX_SECTIONS; i++) {
		if (!guest_elf__section(elf, i, &sec) || !(sec.flags & SHF_EXECINSTR))
			continue;
		sections[nr++] = (struct guest_orc_section) { .name = sec.name, .addr = next };
		next += (sec.size + 64) & ~63ULL;
	}
	return nr;
}

static void print_memory(const char *kernel, char **modules)
{
	static struct guest_orc_section sections[MAX_SECTIONS];
	struct guest_orc *orc = guest_orc__new();
	struct guest_elf elf;
	const char *why;
	size_t size;
	void *data;

	/* any multiple of KASLR's step will do */
	add_kernel(orc, kernel, 0xffffffff81000000ULL);
	printf("kernel %zu\n", guest_orc__memory(orc));
	for (; *modules; modules++) {
		data = read_elf(*modules, &size);
		if (!guest_elf__open(&elf, data, size) ||
		    guest_orc__add_module(orc, data, size, sections, place(&elf, sections),
					  NULL, &why))
			die(*modules, "has no tables");
		free(data);
	}
	printf("all %zu\n", guest_orc__memory(orc));
	guest_orc__delete(orc);
}

int main(int argc, char **argv)
{
	struct bench b = { .nr_images = 0 };

	if (argc > 2 && !strcmp(argv[1], "--memory")) {
		print_memory(argv[2], argv + 3);
		return 0;
	}
	if (argc != 3)
		die("usage", "orc IMAGES SAMPLES, orc --memory KERNEL MODULE...");
	read_images(&b, argv[1]);
	read_samples(&b, argv[2]);
	load(&b);
	b.dwarf = dwarf__new(b.images, b.nr_images);
	look(&b);
	run(&b);
	dwarf__delete(b.dwarf);
	guest_orc__delete(b.orc);
	guest_stack__exit(&b.stack);
	return 0;
}
