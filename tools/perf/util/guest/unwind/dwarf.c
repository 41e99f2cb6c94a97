// SPDX-License-Identifier: GPL-2.0
/*
 * Unwind a guest's user stacks: frame by frame, with the files that are mapped in the
 * process; and find out which process that may be.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/zalloc.h>
#include "debug.h"
#include "guest/unwind/cfi.h"
#include "guest/unwind/dwarf.h"
#include "guest/untrusted/file.h"
#include "guest/snapshot/processes.h"
#include "guest/snapshot/vdso.h"

/* Layouts that are tried for one sample. */
#define TRIES_MAX	8
#define ROOTS_LOG2	12
/* How far behind the copy of a stack the rest of it may be. */
#define STACK_REST	(1ULL << 20)

/* Of perf's registers (enum perf_event_x86_regs), by DWARF's numbers. */
static const u8 perf_regs[GUEST_CFI_NR_REGS] = {
	0, 3, 2, 1, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23, 8,
};

/* A file, opened when it is first needed. */
struct file {
	struct guest_cfi *cfi;
	bool		 opened;
};

/**
 * struct space - an address space
 * @layout:   that it has, by all that is known; -1 if none is
 * @tried:    the last one that others were tried up to
 * @failures: chains in a row that did not fit it
 */
struct space {
	u64 root;
	int layout, tried;
	u32 failures;
};

/* @spaces is by the root's hash; of two with the same one the later is remembered. */
struct guest_dwarf {
	int		       root;
	struct guest_processes processes;
	struct file	       *files;
	u64		       walks;
	struct space	       spaces[1 << ROOTS_LOG2];
};

struct guest_dwarf *guest_dwarf__new(int root)
{
	struct guest_dwarf *gd = zalloc(sizeof(*gd));
	size_t i;

	if (!gd)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(gd->spaces); i++)
		gd->spaces[i] = (struct space) { .layout = -1, .tried = -1 };
	gd->root = root;
	if (root >= 0 && guest_processes__read(&gd->processes, root))
		goto out;
	gd->files = calloc(gd->processes.nr_files ?: 1, sizeof(*gd->files));
	if (gd->files)
		return gd;
out:
	guest_dwarf__delete(gd);
	return NULL;
}

void guest_dwarf__delete(struct guest_dwarf *gd)
{
	u32 i;

	if (!gd)
		return;
	for (i = 0; gd->files && i < gd->processes.nr_files; i++)
		guest_cfi__delete(gd->files[i].cfi);
	free(gd->files);
	guest_processes__exit(&gd->processes);
	free(gd);
}

u32 guest_dwarf__processes(const struct guest_dwarf *gd)
{
	return gd->processes.nr;
}

u64 guest_dwarf__walks(const struct guest_dwarf *gd)
{
	return gd->walks;
}

static int open_file(const struct guest_dwarf *gd, const char *path)
{
	char name[GUEST_PATH_MAX + 8];

	if (!strcmp(path, GUEST_VDSO))
		return guest_vdso__open(gd->root);
	guest_user_file__path(name, sizeof(name), path);
	return guest_file__open(gd->root, name);
}

static struct guest_cfi *file_cfi(struct guest_dwarf *gd, u32 nr)
{
	const char *path = gd->processes.files[nr], *why = "not taken along";
	struct file *file = &gd->files[nr];
	int fd;

	if (file->opened)
		return file->cfi;
	file->opened = true;
	fd = open_file(gd, path);
	if (fd >= 0) {
		file->cfi = guest_cfi__open(fd, &why);
		close(fd);
	}
	if (!file->cfi)
		pr_debug("guest file %s has no tables: %s\n", path, why);
	return file->cfi;
}

/**
 * struct walk - a stack being unwound
 * @memory: first, so that it leads to the rest
 * @layout: of the process, NULL if none is known
 * @missed: the last address that could not be read
 * @known:  frames up to the last one in a file
 */
struct walk {
	struct guest_cfi_memory		memory;
	struct guest_dwarf		*gd;
	const struct guest_dwarf_sample *sample;
	const struct guest_layout	*layout;
	struct guest_cfi_regs		regs;
	u64				missed;
	u64				*ips;
	u32				nr, max, known;
	enum guest_dwarf_end		end;
};

static bool read_stack(const struct guest_dwarf_sample *sample, u64 addr, u64 *value)
{
	if (sample->size < sizeof(*value) || addr < sample->start ||
	    addr - sample->start > sample->size - sizeof(*value))
		return false;
	memcpy(value, sample->stack + (addr - sample->start), sizeof(*value));
	return true;
}

/* The stack's copy, and what the process cannot have changed: its code. */
static bool read_memory(struct guest_cfi_memory *memory, u64 addr, u64 *value)
{
	struct walk *walk = container_of(memory, struct walk, memory);
	const struct guest_mapping *m;
	struct guest_cfi *cfi;

	if (read_stack(walk->sample, addr, value))
		return true;
	walk->missed = addr;
	m = walk->layout ? guest_layout__find(walk->layout, addr) : NULL;
	if (!m || m->end - addr < sizeof(*value))
		return false;
	cfi = file_cfi(walk->gd, m->file);
	return cfi && guest_cfi__read(cfi, m->offset + (addr - m->start), value);
}

static bool has_reg(const struct guest_cfi_regs *regs, unsigned int reg)
{
	return regs->have & 1U << reg;
}

/* Is a word missing only because the copy of the stack has come to its end? */
static bool is_behind_copy(const struct walk *walk)
{
	u64 last = walk->sample->start + walk->sample->size - sizeof(u64);

	return walk->missed > last && walk->missed - last < STACK_REST;
}

/* Code without tables: by its frame pointer, which has to be on the stack we have. */
static enum guest_cfi_step frame_pointer_step(struct walk *walk)
{
	struct guest_cfi_regs *regs = &walk->regs;
	u64 fp = regs->reg[GUEST_CFI_REG_BP], ip, bp;

	if (!has_reg(regs, GUEST_CFI_REG_BP))
		return GUEST_CFI_NONE;
	/* the ABI's mark for the outermost frame; the innermost may not have set up its own */
	if (!fp && walk->nr > 1)
		return GUEST_CFI_ROOT;
	if (!read_stack(walk->sample, fp, &bp) || !read_stack(walk->sample, fp + 8, &ip)) {
		walk->missed = fp + 8;
		return is_behind_copy(walk) ? GUEST_CFI_NO_WORD : GUEST_CFI_NONE;
	}
	*regs = (struct guest_cfi_regs) {
		.have = 1U << GUEST_CFI_REG_BP | 1U << GUEST_CFI_REG_SP | 1U << GUEST_CFI_REG_IP,
	};
	regs->reg[GUEST_CFI_REG_BP] = bp;
	regs->reg[GUEST_CFI_REG_SP] = fp + 16;
	regs->reg[GUEST_CFI_REG_IP] = ip;
	return GUEST_CFI_CALLER;
}

/* @m: where the code is, NULL if in no file */
static enum guest_cfi_step step(struct walk *walk, const struct guest_mapping *m, u64 pc)
{
	struct guest_cfi *cfi = m ? file_cfi(walk->gd, m->file) : NULL;
	enum guest_cfi_step ret = GUEST_CFI_NONE;
	u64 bias;

	if (cfi && guest_cfi__bias(cfi, m->start, m->offset, &bias))
		ret = guest_cfi__step(cfi, bias, pc, &walk->regs, &walk->memory);
	if (ret == GUEST_CFI_NONE)
		ret = frame_pointer_step(walk);

	switch (ret) {
	case GUEST_CFI_ROOT:
		/* that is only sure of code that is known */
		walk->end = m ? GUEST_DWARF_ROOT : GUEST_DWARF_UNMAPPED;
		break;
	case GUEST_CFI_NONE:
		walk->end = m ? GUEST_DWARF_NO_TABLE : GUEST_DWARF_UNMAPPED;
		break;
	case GUEST_CFI_NO_WORD:
		walk->end = is_behind_copy(walk) ? GUEST_DWARF_CUT : GUEST_DWARF_NO_WORD;
		break;
	case GUEST_CFI_BAD:
		walk->end = GUEST_DWARF_BAD_TABLE;
		break;
	case GUEST_CFI_CALLER:
	case GUEST_CFI_SIGNAL:
	default:
		break;
	}
	return ret;
}

/* The frame of @walk->regs. Return: false if it is the last one. */
static bool next_frame(struct walk *walk, bool *interrupted)
{
	u64 ip = walk->regs.reg[GUEST_CFI_REG_IP], sp = walk->regs.reg[GUEST_CFI_REG_SP];
	/* a call may be the last instruction of its function */
	u64 pc = *interrupted ? ip : ip - 1;
	const struct guest_mapping *m;
	enum guest_cfi_step ret;

	walk->ips[walk->nr++] = ip;
	m = walk->layout ? guest_layout__find(walk->layout, pc) : NULL;
	if (m)
		walk->known = walk->nr;
	ret = step(walk, m, pc);
	if (ret != GUEST_CFI_CALLER && ret != GUEST_CFI_SIGNAL)
		return false;
	*interrupted = ret == GUEST_CFI_SIGNAL;

	ip = walk->regs.reg[GUEST_CFI_REG_IP];
	if (!ip || ip >= GUEST_USER_END)
		walk->end = GUEST_DWARF_NO_WORD;
	else if (!*interrupted && walk->regs.reg[GUEST_CFI_REG_SP] <= sp)
		walk->end = GUEST_DWARF_BACKWARD;
	else if (walk->nr == walk->max)
		walk->end = GUEST_DWARF_MAX_STACK;
	else
		return true;
	return false;
}

static void start_walk(struct walk *walk)
{
	const struct guest_dwarf_sample *sample = walk->sample;
	unsigned int i;

	walk->memory.read = read_memory;
	walk->regs.have = 0;
	for (i = 0; i < GUEST_CFI_NR_REGS; i++) {
		if (sample->mask & 1ULL << perf_regs[i])
			walk->regs.have |= 1U << i;
		walk->regs.reg[i] = sample->regs[perf_regs[i]];
	}
	walk->nr = 0;
	walk->known = 0;
}

/* Unwind with one layout. */
static void unwind(struct walk *walk)
{
	bool interrupted = true;

	walk->gd->walks++;
	start_walk(walk);
	while (next_frame(walk, &interrupted))
		;
	/*
	 * A return address that is in no file may be of code made at run time, or anything
	 * at all: it is taken for one only if it leads on.
	 */
	if (walk->end != GUEST_DWARF_MAX_STACK && walk->known)
		walk->nr = walk->known;
}

/* Is a chain better than another one of the same stack? */
static bool is_better(const struct walk *a, const struct walk *b)
{
	bool a_fits = a->end <= GUEST_DWARF_CUT, b_fits = b->end <= GUEST_DWARF_CUT;

	if ((a->end == GUEST_DWARF_ROOT) != (b->end == GUEST_DWARF_ROOT))
		return a->end == GUEST_DWARF_ROOT;
	if (a_fits != b_fits)
		return a_fits;
	return a->known > b->known;
}

static void take_over(struct walk *best, const struct walk *walk)
{
	best->layout = walk->layout;
	best->nr = walk->nr;
	best->known = walk->known;
	best->end = walk->end;
	memcpy(best->ips, walk->ips, walk->nr * sizeof(*walk->ips));
}

/*
 * Unwind with some more of the layouts there are; what is best stays in @best. The next
 * time it is the turn of those behind them.
 */
static void try_layouts(struct walk *best, struct space *space)
{
	const struct guest_processes *p = &best->gd->processes;
	u64 ip = best->sample->regs[perf_regs[GUEST_CFI_REG_IP]], ips[GUEST_DWARF_FRAMES_MAX];
	int tries, current = space->layout;
	struct walk walk = *best;

	walk.ips = ips;
	for (tries = 0; tries < TRIES_MAX && best->end != GUEST_DWARF_ROOT; tries++) {
		space->tried = guest_processes__next(p, ip, space->tried + 1);
		/* begin anew, but once */
		if (space->tried < 0 && !tries)
			space->tried = guest_processes__next(p, ip, 0);
		if (space->tried < 0)
			break;
		if (space->tried == current)
			continue;
		walk.layout = &p->layouts[space->tried];
		unwind(&walk);
		if (space->layout >= 0 && !is_better(&walk, best))
			continue;
		space->layout = space->tried;
		take_over(best, &walk);
	}
}

static struct space *find_space(struct guest_dwarf *gd, u64 root)
{
	struct space *space = &gd->spaces[hash_64(root, ROOTS_LOG2)];

	if (space->root != root)
		*space = (struct space) { .root = root, .layout = -1, .tried = -1 };
	return space;
}

static void choose_layout(struct walk *walk, struct space *space)
{
	const struct guest_layout *layouts = walk->gd->processes.layouts;
	u64 ip = walk->sample->regs[perf_regs[GUEST_CFI_REG_IP]];

	/* code that is in no process's files says nothing about which one it is */
	if (space->layout >= 0 && (guest_layout__find(&layouts[space->layout], ip) ||
				   guest_processes__next(&walk->gd->processes, ip, 0) < 0)) {
		walk->layout = &layouts[space->layout];
		unwind(walk);
		if (walk->end <= GUEST_DWARF_CUT) {
			space->failures = 0;
			return;
		}
		/* what fails with this one, and did with the others, is not tried each time */
		if (!is_power_of_2(++space->failures))
			return;
	} else {
		*space = (struct space) {
			.root = space->root, .layout = -1, .tried = -1,
		};
	}
	try_layouts(walk, space);
	if (space->layout >= 0)
		return;
	walk->layout = NULL;
	unwind(walk);
	walk->end = GUEST_DWARF_NO_PROCESS;
}

static bool is_valid(const struct guest_dwarf_sample *sample)
{
	u64 ip = sample->regs[perf_regs[GUEST_CFI_REG_IP]];
	u64 need = 1ULL << perf_regs[GUEST_CFI_REG_IP] | 1ULL << perf_regs[GUEST_CFI_REG_SP];

	return !(~sample->mask & need) && ip && ip < GUEST_USER_END &&
	       sample->size <= sizeof(sample->stack) &&
	       sample->start <= GUEST_USER_END - sample->size;
}

u32 guest_dwarf__unwind(struct guest_dwarf *gd, const struct guest_dwarf_sample *sample,
			u64 *ips, u32 max, enum guest_dwarf_end *end)
{
	struct walk walk = {
		.gd = gd, .sample = sample, .ips = ips,
		.max = min_t(u32, max, GUEST_DWARF_FRAMES_MAX), .end = GUEST_DWARF_NO_PROCESS,
	};

	*end = GUEST_DWARF_NO_WORD;
	if (!max || !is_valid(sample))
		return 0;
	choose_layout(&walk, find_space(gd, sample->root));
	*end = walk.end;
	return walk.nr;
}

const char *guest_dwarf_end__name(enum guest_dwarf_end end)
{
	static const char * const names[] = {
		[GUEST_DWARF_ROOT]	 = "root",
		[GUEST_DWARF_MAX_STACK]	 = "as many frames as asked for",
		[GUEST_DWARF_CUT]	 = "stack recorded in part",
		[GUEST_DWARF_NO_WORD]	 = "no address where one should be",
		[GUEST_DWARF_NO_TABLE]	 = "code without a table",
		[GUEST_DWARF_UNMAPPED]	 = "code that is in no file",
		[GUEST_DWARF_BACKWARD]	 = "stack goes back",
		[GUEST_DWARF_BAD_TABLE]	 = "bad table",
		[GUEST_DWARF_NO_PROCESS] = "no process known with that code",
		[GUEST_DWARF_FAILED]	 = "the unwinder has failed",
	};

	return end < GUEST_DWARF_NR_ENDS ? names[end] : "unknown";
}
