// SPDX-License-Identifier: GPL-2.0
/*
 * x86 stack frames: from the interrupted instruction through frame pointers to
 * the root of the guest kernel's stack, over the pt_regs that Linux keeps there,
 * and on to the root of the guest user's stack.
 *
 * A guest built without frame pointers has other things in rbp. What is taken
 * for a frame must therefore look like one in every respect that can be checked,
 * for a short chain is better than a false one:
 *
 * - it is aligned, in the half of the address space its code runs in, and not
 *   below the stack pointer, which rules out most pointers to data;
 * - the next one is above it on the same stack;
 * - a return address is in the half its code runs in, and where the guest runs
 *   Linux's kernel, in the top 2 GiB where all its code is (kernel, modules, BPF).
 */
#include <linux/perf_event.h>
#include "guest_unwind.h"

/*
 * Linux's kernel stacks are that large and aligned to it. IRQ stacks may not be
 * aligned, larger ones (KASAN) span two: that costs a stack switch.
 */
#define KERNEL_STACK_SIZE	0x4000ULL
#define KERNEL_STACK_SIZE_32	0x2000ULL

/* Exception inside NMI inside IRQ inside a task: four stacks, one to spare. */
#define MAX_STACK_SWITCHES	4

/* The last page is for error pointers, the first ones for null pointers. */
#define LOWEST_ADDRESS		0x1000ULL
#define HIGHEST_ADDRESS		(-0x1001ULL)
#define HIGHEST_ADDRESS_32	0xffffefffULL

#define KERNEL_TEXT_64		0xffffffff80000000ULL
/*
 * Where a 32-bit Linux kernel may begin: it clears this bit to mark pt_regs. Most
 * begin higher, with user stacks right below.
 */
#define KERNEL_HALF_32		0x80000000ULL
#define KERNEL_QUARTER_32	0xc0000000ULL

/* Linux's segment selectors. */
#define KERNEL_CS_64		0x10
#define USER_CS_64		0x33
#define USER_CS_COMPAT		0x23
#define KERNEL_CS_32		0x60
#define USER_CS_32		0x73

#define EFLAGS_ONE		0x00000002ULL	/* always set */
#define EFLAGS_ZERO		(~0x003fffffULL | 0x00008028)	/* never set */
#define EFLAGS_VM		0x00020000ULL

/* What a kernel may leave free at the top of a stack: FRED, and vm86 on 32 bits. */
#define ENTRY_PADDING		16

/* A user's frame pointer is not farther from the stack pointer. */
#define USER_FRAME_MAX		0x100000ULL

#define CODE_BYTES		16

/**
 * struct addr_range - addresses, both ends included
 * @first: the lowest
 * @span:  how far above it the highest is
 */
struct addr_range {
	u64 first, span;
};

/**
 * struct frames - where a walk is
 * @walk:     what it adds to
 * @next:     where the next word of @walk->ips goes
 * @first:    first word that @walk->frames does not count yet
 * @room:     frames that fit before add_slowly() has to look closer
 * @left:     frames of this context that are wanted, those that @walk->frames counts left out
 * @skipped:  frames that were not wanted
 * @mark:     context mark to store in front of the next frame, or 0
 * @bp:       the next frame, linear; 0 at the root
 * @top:      end of the last frame: the next one begins here or above
 * @end:      last address of the stack which @top is on, as far as known
 * @stack_mask: size of this kind of stack - 1
 * @stack:    where frames may be
 * @code:     where return addresses may lead
 * @cs_base:  base of the code segment, 0 for 64-bit code
 * @ss_base:  of the stack segment
 * @word:     bytes of a frame pointer, 4 or 8
 * @switches: stack switches to go
 * @in_user:  which context
 * @linux_kernel: @bp may be or lead to pt_regs
 * @at_entry: @bp may still be the user's
 */
struct frames {
	struct guest_walk *walk;
	u64 *next, *first;
	u32 room;
	u32 left, skipped;
	u64 mark;
	u64 bp;
	u64 top, end;
	u64 stack_mask;
	struct addr_range stack, code;
	u64 cs_base, ss_base;
	unsigned int word;
	unsigned int switches;
	bool in_user;
	bool linux_kernel;
	bool at_entry;
};

/* What the walk needs of a pt_regs. */
struct saved_regs {
	u64 ip, sp, bp, flags;
	u16 cs, ss;
};

static bool within(const struct addr_range *r, u64 addr)
{
	return addr - r->first <= r->span;
}

static struct addr_range addr_range(u64 first, u64 last)
{
	return (struct addr_range) { first, last - first };
}

/* End the walk. False, so that "go on" is true. */
static bool stop(struct frames *f, u32 reason)
{
	f->walk->flags |= reason;
	return false;
}

/* Make @walk's counts those of what is in its buffer. */
static void count_frames(struct frames *f)
{
	f->walk->nr = f->next - f->walk->ips;
	f->walk->frames += f->next - f->first;
	f->left -= f->next - f->first;
	f->first = f->next;
	f->room = 0;
}

/* The frames from here on are in @context; its mark waits for the first one. */
static void begin_context(struct frames *f, u64 context)
{
	const struct guest_walk *walk = f->walk;

	count_frames(f);
	f->mark = context;
	f->in_user = context == (u64)PERF_CONTEXT_GUEST_USER;
	f->left = walk->frames < walk->max_frames ? walk->max_frames - walk->frames : 0;
	if (f->in_user && f->left < walk->max_user)
		f->left = walk->max_user;
}

/* Enough of this context. The kernel's frames are on the way to the user's. */
static bool skip_frame(struct frames *f)
{
	const struct guest_walk *walk = f->walk;

	if (f->in_user || !walk->max_user)
		return walk->max_frames || walk->max_user ?
		       stop(f, PERF_GUEST_CALLCHAIN_MAX_STACK) : false;
	if (walk->max_frames)
		f->walk->kernel_cut = true;
	if (f->skipped == GUEST_UNWIND_SKIP)
		return stop(f, PERF_GUEST_CALLCHAIN_MAX_STACK);
	f->skipped++;
	return true;
}

static bool add_slowly(struct frames *f, u64 ip)
{
	struct guest_walk *walk = f->walk;
	u32 words;

	count_frames(f);
	if (!f->left)
		return skip_frame(f);
	words = walk->max - walk->nr;
	if (words < 1 + !!f->mark)
		return stop(f, PERF_GUEST_CALLCHAIN_MAX_STACK);

	if (f->mark) {
		*f->next++ = f->mark;
		f->first = f->next;
		f->mark = 0;
		words--;
	}
	*f->next++ = ip;
	f->room = (words < f->left ? words : f->left) - 1;
	return true;
}

static inline bool add_frame(struct frames *f, u64 ip)
{
	if (unlikely(!f->room))
		return add_slowly(f, ip);
	f->room--;
	*f->next++ = ip;
	return true;
}

/* Bit 47, or 56, of an address is what its sign is extended from. */
static u64 half_size(const struct guest_walk *walk)
{
	return 1ULL << (walk->paging->mode == GUEST_PAGING_5LEVEL ? 56 : 47);
}

/* The kernel's addresses, of which @ip and @sp are two. */
static struct addr_range kernel_half(const struct frames *f, u64 ip, u64 sp)
{
	if (f->word == 8)
		return addr_range(-half_size(f->walk), HIGHEST_ADDRESS);
	/* nothing in the registers tells how a 32-bit kernel splits memory */
	return addr_range(ip >= KERNEL_QUARTER_32 && sp >= KERNEL_QUARTER_32 ?
			  KERNEL_QUARTER_32 : KERNEL_HALF_32, HIGHEST_ADDRESS_32);
}

static struct addr_range user_half(const struct guest_walk *walk, unsigned int word)
{
	if (word == 4)
		return addr_range(LOWEST_ADDRESS, HIGHEST_ADDRESS_32);
	return addr_range(LOWEST_ADDRESS, half_size(walk) - 1);
}

/*
 * Kernel code at @ip, stack pointer @sp. Code below where Linux has its kernel, or with
 * segment bases, is a firmware or a small kernel in the one address space there is: plain
 * frames, no idea of a user.
 */
static void enter_kernel(struct frames *f, u64 ip, u64 sp)
{
	begin_context(f, PERF_CONTEXT_GUEST_KERNEL);
	f->linux_kernel = f->word == 8 ? ip >= -half_size(f->walk) :
			  (!f->cs_base && !f->ss_base && ip >= KERNEL_HALF_32);
	f->stack = f->linux_kernel ? kernel_half(f, ip, sp) : user_half(f->walk, f->word);
	f->code = f->stack;
	if (f->word == 8 && ip >= KERNEL_TEXT_64)
		f->code = addr_range(KERNEL_TEXT_64, HIGHEST_ADDRESS);
	f->stack_mask = !f->linux_kernel ? ~0ULL :
			(f->word == 8 ? KERNEL_STACK_SIZE : KERNEL_STACK_SIZE_32) - 1;
	f->top = sp;
	/* an empty stack's pointer is just above it */
	f->end = (sp - 1) | f->stack_mask;
	f->at_entry = f->linux_kernel;
}

static void enter_user(struct frames *f, u64 sp)
{
	begin_context(f, PERF_CONTEXT_GUEST_USER);
	f->linux_kernel = false;
	f->stack = user_half(f->walk, f->word);
	f->code = f->stack;
	f->stack_mask = ~0ULL;
	f->top = sp;
	f->end = ~0ULL;
	f->at_entry = false;
}

static bool is_frame(const struct frames *f, u64 bp)
{
	return within(&f->stack, bp) && !(bp & (f->word - 1));
}

static bool on_stack_above(const struct frames *f, u64 addr)
{
	return likely(addr >= f->top && addr <= f->end);
}

/*
 * @addr is not above the last frame on its stack: may it be on another one? A user
 * stack has no end known and so is never left.
 */
static bool switch_stack(struct frames *f, u64 addr)
{
	if (addr >= (f->end & ~f->stack_mask) && addr <= f->end)
		return false;
	if (!f->switches)
		return false;
	f->switches--;
	return true;
}

/* Does the stack go on to @addr, above @f->end? Behind a stack is a page that is not mapped. */
static bool stack_reaches(struct frames *f, u64 addr)
{
	u64 page;
	u8 byte;

	if (addr - f->top >= KERNEL_STACK_SIZE)
		return false;
	for (page = f->end + 1; page <= addr; page += GUEST_PAGE_SIZE)
		if (guest_read(f->walk, page, &byte, sizeof(byte)))
			return false;
	return true;
}

/*
 * The stack pointer that the kernel has left at the top of an IRQ stack when it went
 * there by a call, or at the bottom if it is a 32-bit one.
 */
static bool read_link(struct frames *f, u64 *sp)
{
	u64 words[2];
	u32 word;

	if (f->word == 8) {
		if (guest_read(f->walk, (f->top | (GUEST_PAGE_SIZE - 1)) + 1 - sizeof(words),
			       words, sizeof(words)))
			return false;
		*sp = words[1];
		return within(&f->code, words[0]);
	}
	if (guest_read(f->walk, (f->top - 1) & ~f->stack_mask, &word, sizeof(word)))
		return false;
	*sp = word;
	return true;
}

/*
 * A kernel without frame pointers has anything in the register. A frame on another stack
 * is believed only if the kernel has left a note that it came from there.
 */
static bool frame_elsewhere(struct frames *f, u64 bp)
{
	u64 sp;

	if (!switch_stack(f, bp))
		return false;
	if (stack_reaches(f, bp))
		return true;
	return read_link(f, &sp) && is_frame(f, sp) && bp - sp < KERNEL_STACK_SIZE;
}

static u32 read_frame_32(const struct frames *f, struct guest_frames *frames)
{
	u32 words[2];
	u32 error;

	error = guest_read(f->walk, frames->bp, words, sizeof(words));
	if (error)
		return error;
	/* 0 is the end, wherever the segments begin */
	guest_take_frame(frames, words[0] ? (u32)(words[0] + f->ss_base) : 0,
			 words[1] ? (u32)(words[1] + f->cs_base) : 0);
	return 0;
}

/* No code to return to is where a user thread or a small kernel began. */
static bool bad_return(struct frames *f, u64 ret)
{
	if (!ret && !f->linux_kernel)
		return false;
	return stop(f, PERF_GUEST_CALLCHAIN_BAD_RETURN);
}

/* Read frames at @f->bp to where they belong or, if there is no room, one to @ip. */
static u32 read_frames(struct frames *f, struct guest_frames *frames, u64 *ip)
{
	frames->bp = f->bp;
	frames->ips = f->next;
	frames->max = f->room < GUEST_FRAMES_MAX ? f->room : GUEST_FRAMES_MAX;
	if (unlikely(!f->room)) {
		frames->ips = ip;
		frames->max = 1;
	}
	return likely(f->word == 8) ? guest_read_frames(f->walk, frames) :
				      read_frame_32(f, frames);
}

/* Add what read_frames() has taken. */
static bool add_frames(struct frames *f, const struct guest_frames *frames)
{
	if (unlikely(!f->room))
		return add_slowly(f, frames->ips[0]);
	f->next += frames->nr;
	f->room -= frames->nr;
	return true;
}

/* Follow frame pointers while they are plain ones. */
static bool plain_frames(struct frames *f)
{
	struct guest_frames frames __uninitialized;
	u32 error;
	u64 ip;

	frames.code = f->code.first;
	frames.span = f->code.span;
	while (is_frame(f, f->bp)) {
		if (!on_stack_above(f, f->bp) && !frame_elsewhere(f, f->bp))
			return stop(f, PERF_GUEST_CALLCHAIN_BACKWARD);
		error = read_frames(f, &frames, &ip);
		if (error)
			return stop(f, error);
		if (!frames.nr)
			return bad_return(f, frames.ret);
		if (!add_frames(f, &frames))
			return false;

		f->top = frames.bp + 2 * f->word;
		f->end = frames.bp | f->stack_mask;
		f->at_entry = false;
		f->bp = frames.next;
	}
	return true;
}

/* Why a frame pointer that is not 0 is no plain one. */
static u32 what_is_wrong(const struct frames *f)
{
	return f->bp & (f->word - 1) ? PERF_GUEST_CALLCHAIN_MISALIGNED :
				       PERF_GUEST_CALLCHAIN_NONCANONICAL;
}

static void user_frames(struct frames *f)
{
	if (plain_frames(f) && f->bp)
		stop(f, what_is_wrong(f));
}

/*
 * The fields of struct pt_regs (arch/x86/include/asm/ptrace.h) at @addr; none but
 * ip and cs where cs is not one of Linux's.
 */
static u32 read_regs_64(struct guest_walk *walk, u64 addr, struct saved_regs *r)
{
	u64 ip_cs[2], flags_sp[2], ss;
	u32 error;

	error = guest_read(walk, addr + 128, ip_cs, sizeof(ip_cs));
	if (error)
		return error;

	r->ip = ip_cs[0];
	/* FRED keeps more in the upper bits of both selectors */
	r->cs = ip_cs[1];
	/* what is no pt_regs, as above the root of a kernel thread, shows here */
	if (r->cs != USER_CS_64 && r->cs != USER_CS_COMPAT && r->cs != KERNEL_CS_64)
		return 0;

	error = guest_read(walk, addr + 144, flags_sp, sizeof(flags_sp));
	if (!error)
		error = guest_read(walk, addr + 160, &ss, sizeof(ss));
	if (!error)
		error = guest_read(walk, addr + 32, &r->bp, sizeof(r->bp));
	if (error)
		return error;

	r->flags = flags_sp[0];
	r->sp = flags_sp[1];
	r->ss = ss;
	return 0;
}

static u32 read_regs_32(struct guest_walk *walk, u64 addr, struct saved_regs *r)
{
	u32 ip_cs_flags_sp[4], ss, bp;
	u32 error;

	error = guest_read(walk, addr + 48, ip_cs_flags_sp, sizeof(ip_cs_flags_sp));
	if (!error)
		error = guest_read(walk, addr + 64, &ss, sizeof(ss));
	if (!error)
		error = guest_read(walk, addr + 20, &bp, sizeof(bp));
	if (error)
		return error;

	r->ip = ip_cs_flags_sp[0];
	/* the upper halves of selectors are for the entry code's own notes */
	r->cs = ip_cs_flags_sp[1];
	r->flags = ip_cs_flags_sp[2];
	r->sp = ip_cs_flags_sp[3];
	r->ss = ss;
	r->bp = bp;
	return 0;
}

static u64 regs_size(const struct frames *f)
{
	return f->word == 8 ? 168 : 68;
}

static u32 read_regs(struct frames *f, u64 addr, struct saved_regs *r)
{
	if (addr & (f->word - 1) || !within(&f->stack, addr))
		return PERF_GUEST_CALLCHAIN_MISALIGNED;
	return f->word == 8 ? read_regs_64(f->walk, addr, r) :
			      read_regs_32(f->walk, addr, r);
}

static bool flags_plausible(const struct saved_regs *r)
{
	return (r->flags & EFLAGS_ONE) && !(r->flags & (EFLAGS_ZERO | EFLAGS_VM));
}

/* Word size of the user code @r was saved from, or 0 if that is no user code. */
static unsigned int user_word(const struct frames *f, const struct saved_regs *r)
{
	struct addr_range half;
	unsigned int word;

	if (f->word == 8 && r->cs == USER_CS_64)
		word = 8;
	else if (r->cs == (f->word == 8 ? USER_CS_COMPAT : USER_CS_32))
		word = 4;
	else
		return 0;

	half = user_half(f->walk, word);
	if (!flags_plausible(r) || (r->ss & 3) != 3 ||
	    !within(&half, r->ip) || !within(&half, r->sp))
		return 0;
	return word;
}

static bool is_kernel_regs(const struct frames *f, const struct saved_regs *r)
{
	return r->cs == (f->word == 8 ? KERNEL_CS_64 : KERNEL_CS_32) &&
	       flags_plausible(r) && !(r->ss & 3) &&
	       within(&f->code, r->ip) && within(&f->stack, r->sp);
}

/* Go on in the user code that entered the kernel with registers @r. */
static void interrupted_user(struct frames *f, const struct saved_regs *r,
			     unsigned int word)
{
	f->word = word;
	enter_user(f, r->sp);
	f->bp = word == 8 ? r->bp : (u32)r->bp;
	if (add_frame(f, r->ip))
		user_frames(f);
}

/* Go on in the kernel code that was interrupted with registers @r at @addr. */
static bool interrupted_kernel(struct frames *f, const struct saved_regs *r, u64 addr)
{
	f->top = addr + regs_size(f);
	f->end = addr | f->stack_mask;
	/* an interrupt keeps the stack or comes from another one */
	if (r->sp != f->end + 1 && !on_stack_above(f, r->sp) && !switch_stack(f, r->sp))
		return stop(f, PERF_GUEST_CALLCHAIN_BACKWARD);
	if (!add_frame(f, r->ip))
		return false;
	f->top = r->sp;
	f->end = (r->sp - 1) | f->stack_mask;
	f->bp = r->bp;
	f->at_entry = true;
	return true;
}

/*
 * Interrupt and exception entry leave a pointer to pt_regs in the frame pointer,
 * marked (ENCODE_FRAME_POINTER), and so does the birth of a task. @addr is what
 * such a pointer decodes to. True if the walk goes on in the kernel.
 */
static bool encoded_regs(struct frames *f, u64 addr)
{
	bool here = on_stack_above(f, addr);
	struct saved_regs r;
	unsigned int word;
	u32 error;

	if (!here && !switch_stack(f, addr))
		return stop(f, PERF_GUEST_CALLCHAIN_BACKWARD);
	error = read_regs(f, addr, &r);
	if (error)
		return stop(f, error);

	word = user_word(f, &r);
	if (word) {
		interrupted_user(f, &r, word);
		return false;
	}
	/* a kernel thread is born with empty ones: its root. Zeros elsewhere say nothing. */
	if (!r.ip && !r.cs)
		return here ? false : stop(f, PERF_GUEST_CALLCHAIN_BACKWARD);
	if (!is_kernel_regs(f, &r))
		return stop(f, PERF_GUEST_CALLCHAIN_MISALIGNED);
	return interrupted_kernel(f, &r, addr);
}

/*
 * System call entry marks nothing; it clears the frame pointer, and pt_regs are
 * right above the first frame. Kernel threads and the idle task have no user
 * below them, and maybe no memory: not finding one is no error.
 */
static bool syscall_root(struct frames *f)
{
	struct saved_regs r;
	unsigned int word;

	if (read_regs(f, f->top, &r))
		return false;
	word = user_word(f, &r);
	if (!word)
		return false;
	interrupted_user(f, &r, word);
	return true;
}

/* What the CPU, or the entry code in its place, stores of user mode on an empty stack. */
static u32 read_iret_frame(struct frames *f, u64 addr, struct saved_regs *r)
{
	u64 words[5];
	u32 halves[5], error;
	unsigned int i;

	if (f->word == 8) {
		error = guest_read(f->walk, addr, words, sizeof(words));
	} else {
		error = guest_read(f->walk, addr, halves, sizeof(halves));
		for (i = 0; !error && i < ARRAY_SIZE(words); i++)
			words[i] = halves[i];
	}
	if (error)
		return error;
	r->ip = words[0];
	r->cs = words[1];
	r->flags = words[2];
	r->sp = words[3];
	r->ss = words[4];
	r->bp = f->bp;
	return 0;
}

/* On a stack with only that on it, and the rest of pt_regs maybe: the user goes on there. */
static bool entry_with_regs(struct frames *f, u64 end)
{
	struct saved_regs r;
	unsigned int word, padding;

	for (padding = 0; padding <= ENTRY_PADDING; padding += 8) {
		if (f->top > end - padding - 5 * f->word ||
		    read_iret_frame(f, end - padding - 5 * f->word, &r))
			break;
		word = user_word(f, &r);
		if (word) {
			interrupted_user(f, &r, word);
			return true;
		}
	}
	return false;
}

/* With less on it? @f->top is the stack pointer. */
static bool entry_stack_empty(struct frames *f, u64 end)
{
	u64 used = end - f->top, word;

	if (f->word == 4)
		return used <= ENTRY_PADDING + 5 * f->word;
	if (!used)
		return !(f->top & f->stack_mask);
	if (used >= 5 * f->word || guest_read(f->walk, end - 8, &word, sizeof(word)))
		return false;
	/* entry begins with the stack segment, exit with the stack pointer */
	return word <= 0xffff ? (word & 3) == 3 : f->bp - word < USER_FRAME_MAX;
}

/*
 * A sample in the entry code finds the user's frame pointer not yet replaced. Then the
 * stack is the user's still, or nearly empty: pt_regs or less are on it, up to its
 * page-aligned top. A kernel without frame pointers may have such an address there at any
 * time: what is on the stack decides.
 *
 * False if this is no entry code.
 */
static bool entry_code(struct frames *f)
{
	struct addr_range half = user_half(f->walk, f->word);
	u64 end = ((f->top - 1) | (GUEST_PAGE_SIZE - 1)) + 1;

	if (!f->at_entry)
		return false;
	if (!within(&f->stack, f->top - 1)) {
		if (!within(&half, f->top))
			return false;
		enter_user(f, f->top);
	} else if (end - f->top > ENTRY_PADDING + 2 * regs_size(f)) {
		return false;
	} else if (entry_with_regs(f, end)) {
		return true;
	} else if (entry_stack_empty(f, end)) {
		enter_user(f, 0);
	} else {
		return false;
	}
	user_frames(f);
	return true;
}

/* A 32-bit kernel clears the top bit of a pt_regs pointer: it looks user. */
static bool special_frame_32(struct frames *f)
{
	struct saved_regs r;
	u64 addr = f->bp | KERNEL_HALF_32;

	if (within(&f->stack, f->bp))
		return stop(f, what_is_wrong(f));
	if (addr != f->bp && !read_regs(f, addr, &r) &&
	    (user_word(f, &r) || is_kernel_regs(f, &r)))
		return encoded_regs(f, addr);
	/* system call entry does not clear ebp here */
	if (syscall_root(f))
		return false;
	return entry_code(f) ? false : stop(f, what_is_wrong(f));
}

static bool special_frame_64(struct frames *f)
{
	struct addr_range half = user_half(f->walk, f->word);

	if ((f->bp & 1) && within(&f->stack, f->bp))
		return encoded_regs(f, f->bp - 1);
	return within(&half, f->bp) && entry_code(f) ? false : stop(f, what_is_wrong(f));
}

/* @f->bp is no plain frame. True if the walk goes on in the kernel. */
static bool special_frame(struct frames *f)
{
	if (!f->linux_kernel)
		return f->bp ? stop(f, what_is_wrong(f)) : false;
	if (!f->bp) {
		syscall_root(f);
		return false;
	}
	return f->word == 8 ? special_frame_64(f) : special_frame_32(f);
}

static void kernel_frames(struct frames *f)
{
	/* each turn adds a frame, or skips one, of which there are not too many */
	while (plain_frames(f) && special_frame(f))
		;
}

static bool is_push_bp(u8 byte)
{
	return byte == 0x55;
}

/* mov %rsp,%rbp, in both encodings, with the prefix of 64-bit code. */
static bool is_mov_sp_bp(const struct frames *f, const u8 *code, unsigned int len)
{
	if (f->word == 8) {
		if (len < 3 || code[0] != 0x48)
			return false;
		code++;
		len--;
	}
	return len >= 2 && ((code[0] == 0x89 && code[1] == 0xe5) ||
			    (code[0] == 0x8b && code[1] == 0xec));
}

/* Bytes before push %rbp that only a function begins with. */
static unsigned int skip_entry(const u8 *code, unsigned int len)
{
	unsigned int n = 0;

	/* endbr64, endbr32; and the nops Linux seals an endbr with, old and new */
	if (len >= 4 && ((!memcmp(code, "\xf3\x0f\x1e", 3) && (code[3] & 0xfe) == 0xfa) ||
			 !memcmp(code, "\x66\x0f\x1f\x00", 4) ||
			 !memcmp(code, "\x0f\x1f\x40\xd6", 4)))
		n = 4;
	/* patchable entry: a 5-byte nop or, when traced, call __fentry__ */
	if (len >= n + 5 &&
	    (code[n] == 0xe8 || !memcmp(code + n, "\x0f\x1f\x44\x00\x00", 5)))
		n += 5;
	return n;
}

/* Is the push of bp in @code + @at the first instruction of a frame's set-up? */
static bool sets_up_frame(const struct frames *f, u64 ip, const u8 *code,
			  unsigned int at, unsigned int len)
{
	unsigned int i;

	/* functions, and little else, begin at multiples of 16 */
	if (at || !(ip & 15))
		return true;
	/* compilers put a few other instructions between the two */
	for (i = 1; i < len; i++)
		if (is_mov_sp_bp(f, code + i, len - i))
			return true;
	return false;
}

/*
 * Between a call and the instruction that makes bp point to the new frame, and
 * again at the return, bp is still the caller's: the walk through it would miss
 * the caller. Where the code says that this is such a place, the return address
 * is in a known place next to the stack pointer.
 *
 * Returns how far above @sp it is, or -1 where the code says nothing.
 */
static int return_offset(struct frames *f, u64 ip)
{
	u8 code[CODE_BYTES];
	unsigned int len = GUEST_PAGE_SIZE - (ip & (GUEST_PAGE_SIZE - 1));
	unsigned int at;

	/* what is in the next page is not worth another translation */
	if (len > sizeof(code))
		len = sizeof(code);
	if (guest_read(f->walk, ip, code, len))
		return -1;

	if (code[0] == 0xc3 || code[0] == 0xc2)
		return 0;
	if (is_mov_sp_bp(f, code, len))
		return f->word;
	at = skip_entry(code, len);
	if (at < len && is_push_bp(code[at]) && sets_up_frame(f, ip, code, at, len))
		return 0;
	return -1;
}

/* Add the caller bp does not lead to. True if the walk goes on. */
static bool repair_prologue(struct frames *f, u64 ip, u64 sp)
{
	int offset = return_offset(f, ip);
	u64 ret = 0;
	u32 ret32;

	if (offset < 0 || !within(&f->stack, sp) || sp & (f->word - 1))
		return true;
	if (f->word == 8) {
		if (guest_read(f->walk, sp + offset, &ret, sizeof(ret)))
			return true;
	} else {
		if (guest_read(f->walk, sp + offset, &ret32, sizeof(ret32)))
			return true;
		ret = ret32 ? (u32)(ret32 + f->cs_base) : 0;
	}
	/* code can be made to lie, or be data: believe the address only */
	if (!within(&f->code, ret))
		return true;
	if (!add_frame(f, ret))
		return false;
	f->top = sp + offset + f->word;
	return true;
}

static u32 mode_flag(const struct guest_regs *regs)
{
	switch (regs->bits) {
	case 16:
		return PERF_GUEST_CALLCHAIN_MODE_16;
	case 32:
		return PERF_GUEST_CALLCHAIN_MODE_32;
	case 64:
		return PERF_GUEST_CALLCHAIN_MODE_64;
	default:
		return PERF_GUEST_CALLCHAIN_MODE_UNKNOWN;
	}
}

static void walk_from(struct frames *f, const struct guest_regs *regs, u64 ip, u64 sp)
{
	if (regs->bits != 32 && regs->bits != 64)
		stop(f, PERF_GUEST_CALLCHAIN_NO_WALK);
	else if (!repair_prologue(f, ip, sp))
		return;
	else if (regs->cpl == 3)
		user_frames(f);
	else
		kernel_frames(f);
}

void guest_unwind(struct guest_walk *walk, const struct guest_regs *regs)
{
	bool long_mode = regs->bits == 64;
	struct frames f = {
		.walk = walk,
		.next = walk->ips + walk->nr,
		.first = walk->ips + walk->nr,
		.cs_base = long_mode ? 0 : regs->cs_base,
		.ss_base = long_mode ? 0 : regs->ss_base,
		.word = long_mode ? 8 : 4,
		.switches = MAX_STACK_SWITCHES,
	};
	u64 ip = long_mode ? regs->ip : (u32)(regs->ip + regs->cs_base);
	u64 sp = long_mode ? regs->sp : (u32)(regs->sp + regs->ss_base);

	f.bp = long_mode ? regs->bp :
	       (u32)regs->bp ? (u32)(regs->bp + regs->ss_base) : 0;
	if (regs->cpl == 3)
		enter_user(&f, sp);
	else
		enter_kernel(&f, ip, sp);

	walk->flags |= mode_flag(regs);
	/* no code is up there: a guest that jumps there is not to write context marks */
	if (add_frame(&f, ip < (u64)PERF_CONTEXT_MAX ? ip : (u64)PERF_CONTEXT_MAX - 1))
		walk_from(&f, regs, ip, sp);
	count_frames(&f);
}
