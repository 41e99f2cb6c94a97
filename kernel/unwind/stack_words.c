// SPDX-License-Identifier: GPL-2.0
/*
 * Stack words: what an unwinder with ORC tables can need of the stack of an
 * x86-64 Linux kernel without frame pointers. Most of a stack is of no use to it;
 * it reads
 *
 * - return addresses: all code is in the top 2 GiB;
 * - saved frame and stack pointers: they point into the part of a stack that is
 *   in use. A saved rbp with anything else in it is never followed;
 * - pt_regs: in kernel mode ip, sp and the registers an ORC entry can be based
 *   on, which are such words too; in user mode, at the top of the stack, all.
 *
 * The first pass finds the stacks, the second one picks the words, for which it
 * has to know all stacks.
 *
 * Where a stack ends, and which other one it interrupted, is told by what Linux
 * keeps at the top of each:
 *
 * - task stacks, and the page on which entries from user mode begin: pt_regs of
 *   user mode. Kernel threads have zeros there. With CONFIG_X86_FRED two words
 *   are left free above;
 * - IRQ stacks: the stack pointer of the interrupted stack, and right below it the
 *   return address of the first call;
 * - NMI and other IST stacks: the registers the CPU has pushed;
 * - all of those are followed by an unmapped page in kernels with
 *   CONFIG_VMAP_STACK; without, all but IST stacks are aligned to their size.
 */
#include "stack_words.h"

#define MAX_STACKS		4

/* THREAD_SIZE, without and with KASAN. */
#define STACK_ALIGN		0x4000ULL
#define STACK_MAX		0x8000ULL

#define KERNEL_TEXT		0xffffffff80000000ULL
/* Behind the modules; the fixmap and error pointers follow. */
#define KERNEL_TEXT_END		0xffffffffff000000ULL

#define USER_HALF_END		(1ULL << 56)

#define KERNEL_CS		0x10
#define USER_CS			0x33
#define USER_CS_COMPAT		0x23

#define EFLAGS_ONE		0x00000002ULL		/* always set */
#define EFLAGS_ZERO		(~0x003fffffULL | 0x00008028)	/* never set */

/* struct pt_regs */
#define PT_REGS_SIZE		168
#define PT_REGS_BP		32

#define FRED_PADDING		16

#define CHUNK_WORDS		(GUEST_READ_MAX / sizeof(u64))

/* What the CPU pushes on an interrupt, also the end of struct pt_regs. */
struct iret_frame {
	u64 ip, cs, flags, sp, ss;
};

/* The words below the end of a stack. */
struct stack_top {
	u64 words[(sizeof(struct iret_frame) + FRED_PADDING) / sizeof(u64)];
};

#define TOP_WORDS	(sizeof(struct stack_top) / sizeof(u64))

struct stack {
	u64 start, end;
};

/**
 * struct stacks - what the first pass has found
 * @walk:  memory access
 * @nr:    of stacks in @list, innermost first
 * @flags: PERF_GUEST_STACK_WORDS_*
 * @user_regs: where pt_regs of user mode begin, 0 if there are none
 * @user_frame: the end of these
 * @list:  from the stack pointer to the end of each
 */
struct stacks {
	struct guest_walk *walk;
	u32 nr;
	u64 flags;
	u64 user_regs;
	struct iret_frame user_frame;
	struct stack list[MAX_STACKS];
};

/**
 * struct section - a section's data in the making
 * @data:   where it goes
 * @max:    how many words fit
 * @nr:     words that are complete
 * @map:    of the stack in the making
 * @values: u32 so far behind @map
 */
struct section {
	u64 *data;
	u32 max;
	u32 nr;
	u32 map;
	u32 values;
};

static bool is_text(u64 v)
{
	return v >= KERNEL_TEXT && v < KERNEL_TEXT_END;
}

/* May @v be a stack pointer of the kernel's? */
static bool is_kernel_sp(u64 v)
{
	return (v >> 63) && v < KERNEL_TEXT_END && !(v & 7);
}

static bool flags_plausible(u64 flags)
{
	return (flags & EFLAGS_ONE) && !(flags & EFLAGS_ZERO);
}

/* FRED keeps more in the upper bits of both selectors. */
static bool is_user_frame(const struct iret_frame *f)
{
	u16 cs = f->cs;

	return (cs == USER_CS || cs == USER_CS_COMPAT) && (f->ss & 3) == 3 &&
	       flags_plausible(f->flags) &&
	       f->ip < USER_HALF_END && f->sp < USER_HALF_END;
}

static bool is_kernel_frame(const struct iret_frame *f)
{
	return (u16)f->cs == KERNEL_CS && !(f->ss & 3) && flags_plausible(f->flags) &&
	       is_text(f->ip) && is_kernel_sp(f->sp);
}

static struct iret_frame frame_at(const struct stack_top *top, unsigned int padding)
{
	struct iret_frame f;

	memcpy(&f, (const u8 *)top + FRED_PADDING - padding, sizeof(f));
	return f;
}

/* User mode's registers below @end: the root of all stacks. */
static bool is_root(struct stacks *s, const struct stack *st, u64 end,
		    const struct stack_top *top)
{
	struct iret_frame f;
	unsigned int padding;

	for (padding = 0; padding <= FRED_PADDING; padding += FRED_PADDING) {
		if (st->start > end - padding - sizeof(f))
			continue;
		f = frame_at(top, padding);
		if (!is_user_frame(&f))
			continue;
		s->user_frame = f;
		s->user_regs = end - padding - PT_REGS_SIZE;
		return true;
	}
	return false;
}

static bool is_zero(const struct stack_top *top)
{
	unsigned int i;

	for (i = 0; i < TOP_WORDS; i++)
		if (top->words[i])
			return false;
	return true;
}

/* The stack pointer which the stack that ends at @end was left for, or 0. */
static u64 interrupted_sp(const struct stack *st, u64 end, const struct stack_top *top)
{
	struct iret_frame f = frame_at(top, 0);
	u64 last = top->words[TOP_WORDS - 1];

	if (st->start <= end - sizeof(f) && is_kernel_frame(&f))
		return f.sp;
	if (st->start <= end - sizeof(last) && is_kernel_sp(last) &&
	    is_text(top->words[TOP_WORDS - 2]))
		return last;
	return 0;
}

/* Note why a page cannot be read, where that is not the guest's doing. */
static void note_error(struct stacks *s, u32 error)
{
	if (error & (PERF_GUEST_CALLCHAIN_UNREADABLE | PERF_GUEST_CALLCHAIN_DEVICE |
		     PERF_GUEST_CALLCHAIN_BUDGET))
		s->flags |= PERF_GUEST_STACK_WORDS_UNREADABLE;
}

/* Find the end of @st. Returns the interrupted stack's pointer, or 0: no more. */
static u64 find_end(struct stacks *s, struct stack *st)
{
	u64 end = (st->start | (GUEST_PAGE_SIZE - 1)) + 1;
	struct stack_top top;
	u32 error;
	u64 sp;
	u8 next_page;

	st->end = st->start;
	error = guest_read(s->walk, end - sizeof(top), &top, sizeof(top));
	while (!error) {
		st->end = end;
		if (is_root(s, st, end, &top))
			return 0;

		error = guest_read(s->walk, end, &next_page, sizeof(next_page));
		if (error || !(end & (STACK_ALIGN - 1))) {
			sp = interrupted_sp(st, end, &top);
			if (sp)
				return sp;
			if (is_zero(&top))
				return 0;
		}
		end += GUEST_PAGE_SIZE;
		if (end - st->start > STACK_MAX)
			return 0;
		if (!error)
			error = guest_read(s->walk, end - sizeof(top), &top, sizeof(top));
	}
	note_error(s, error);
	return 0;
}

static bool is_near(const struct stack *st, u64 v)
{
	/* the pointer of an empty stack is its end */
	return v - st->start <= st->end - st->start;
}

static bool is_near_any(const struct stacks *s, u64 v)
{
	u32 i;

	for (i = 0; i < s->nr; i++)
		if (is_near(&s->list[i], v))
			return true;
	return false;
}

static void find_stacks(struct stacks *s, u64 sp)
{
	while (sp && !is_near_any(s, sp)) {
		if (s->nr == MAX_STACKS) {
			s->flags |= PERF_GUEST_STACK_WORDS_MORE;
			return;
		}
		s->list[s->nr].start = sp;
		sp = find_end(s, &s->list[s->nr]);
		s->nr++;
	}
}

/* How @v, at @addr of @st, is to be sent. */
static enum perf_guest_stack_word classify(const struct stacks *s,
					   const struct stack *st, u64 addr, u64 v)
{
	if (s->user_regs && addr - s->user_regs < PT_REGS_SIZE) {
		if (v < 0x80000000ULL)
			return PERF_GUEST_STACK_WORD_LOW;
		return (v >> 32) == 0xffffffff ? PERF_GUEST_STACK_WORD_HIGH :
						 PERF_GUEST_STACK_WORD_FULL;
	}
	/* most words are data, and most data is no kernel address */
	if (likely(!(v >> 63)))
		return PERF_GUEST_STACK_WORD_NONE;
	if (is_text(v))
		return PERF_GUEST_STACK_WORD_HIGH;
	if (is_near(st, v))
		return PERF_GUEST_STACK_WORD_LOW;
	return is_near_any(s, v) ? PERF_GUEST_STACK_WORD_FULL :
				   PERF_GUEST_STACK_WORD_NONE;
}

/* Where the values of a stack of @words begin. */
static u32 values_begin(const struct section *sec, u32 words)
{
	return sec->map + (words + 31) / 32;
}

static bool put_value(struct section *sec, u32 begin, u64 value, unsigned int halves)
{
	u32 pair;

	if (begin + (sec->values + halves - 1) / 2 >= sec->max)
		return false;
	for (; halves; halves--, value >>= 32) {
		pair = begin + sec->values / 2;
		if (sec->values++ & 1)
			sec->data[pair] |= value << 32;
		else
			sec->data[pair] = (u32)value;
	}
	return true;
}

static bool put_word(struct section *sec, const struct stack *st, u32 index,
		     enum perf_guest_stack_word how, u64 v)
{
	u32 begin = values_begin(sec, (st->end - st->start) / sizeof(u64));

	if (how == PERF_GUEST_STACK_WORD_LOW && v >= 0x80000000ULL)
		v = (v - st->start) | 0x80000000ULL;
	if (!put_value(sec, begin, v, how == PERF_GUEST_STACK_WORD_FULL ? 2 : 1))
		return false;
	sec->data[sec->map + index / 32] |= (u64)how << (index % 32 * 2);
	return true;
}

/* Pick from the @nr words at @addr. False if no more fit. */
static bool pick_words(const struct stacks *s, const struct stack *st, u64 addr,
		       const u64 *words, u32 nr, struct section *sec)
{
	u32 i, index = (addr - st->start) / sizeof(u64);
	enum perf_guest_stack_word how;

	for (i = 0; i < nr; i++) {
		how = classify(s, st, addr + i * sizeof(u64), words[i]);
		if (how != PERF_GUEST_STACK_WORD_NONE &&
		    !put_word(sec, st, index + i, how, words[i]))
			return false;
	}
	return true;
}

/* Read @st, in pieces that do not cross a page. False if no more fit. */
static bool read_stack(struct stacks *s, const struct stack *st, struct section *sec)
{
	u64 chunk[CHUNK_WORDS];
	u64 addr = st->start;
	u32 len, error;

	while (addr < st->end) {
		len = GUEST_READ_MAX - (addr & (GUEST_READ_MAX - 1));
		error = guest_read(s->walk, addr, chunk, len);
		if (error) {
			note_error(s, error);
			return true;
		}
		if (!pick_words(s, st, addr, chunk, len / sizeof(u64), sec))
			return false;
		addr += len;
	}
	return true;
}

/* Add a stack to the section. False if that is the last one that fits. */
static bool add_stack(struct stacks *s, const struct stack *st, struct section *sec)
{
	u32 words = (st->end - st->start) / sizeof(u64);
	u32 head = sec->nr, begin;
	bool fits;

	sec->map = head + 2;
	sec->values = 0;
	begin = values_begin(sec, words);
	if (begin > sec->max) {
		s->flags |= PERF_GUEST_STACK_WORDS_CUT;
		return false;
	}
	memset(&sec->data[sec->map], 0, (begin - sec->map) * sizeof(u64));

	fits = read_stack(s, st, sec);
	if (!fits)
		s->flags |= PERF_GUEST_STACK_WORDS_CUT;

	sec->data[head] = st->start;
	sec->data[head + 1] = words | (u64)sec->values << 32;
	sec->nr = begin + (sec->values + 1) / 2;
	sec->data[0]++;
	return fits;
}

/*
 * The user code that entered the kernel. In the entry code not all of pt_regs has
 * been saved; the frame pointer is still in its register then.
 */
static void user_regs(struct stacks *s, const struct guest_regs *regs,
		      struct guest_user *user)
{
	u64 start = s->list[s->nr - 1].start, bp = regs->bp;

	if (start <= s->user_regs + PT_REGS_BP &&
	    guest_read(s->walk, s->user_regs + PT_REGS_BP, &bp, sizeof(bp)))
		return;

	user->saved = s->user_regs;
	user->from = start > s->user_regs ? start : s->user_regs;
	user->regs = (struct guest_regs) {
		.ip = s->user_frame.ip,
		.sp = s->user_frame.sp,
		.bp = bp,
		.bits = (u16)s->user_frame.cs == USER_CS ? 64 : 32,
		.lma = true,
		.cpl = 3,
	};
}

u32 guest_stack_words(struct guest_walk *walk, const struct guest_regs *regs,
		      u64 *data, u32 max, struct guest_user *user)
{
	struct stacks s = { .walk = walk };
	struct section sec = { .data = data, .max = max, .nr = 1 };
	u32 i;

	user->regs.bits = 0;
	user->saved = 0;
	if (regs->bits != 64 || regs->cpl == 3 || !is_kernel_sp(regs->sp))
		return 0;

	find_stacks(&s, regs->sp);
	if (s.user_regs)
		user_regs(&s, regs, user);

	if (!max)
		return 0;
	data[0] = 0;
	for (i = 0; i < s.nr; i++)
		if (!add_stack(&s, &s.list[i], &sec))
			break;
	data[0] |= s.flags;
	return sec.nr;
}
