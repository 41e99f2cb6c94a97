/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Walk a guest's page tables and stack frames, reading its memory only.
 *
 * Pure code: no allocation, no locks, no globals, every loop bounded. The same
 * files build into the kernel and into a user-space test program. It may run in any
 * context that what it calls for memory may.
 *
 * Everything read is the guest's and therefore hostile: the worst a guest can do
 * is to get a chain that is wrong or short, within the bounds given.
 */
#ifndef _GUEST_UNWIND_H
#define _GUEST_UNWIND_H

#ifdef __KERNEL__
#include <linux/array_size.h>
#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>
#else
#include "user_types.h"
#endif
#include <linux/perf_guest_callchain.h>

#define GUEST_PAGE_SHIFT	12
#define GUEST_PAGE_SIZE		(1U << GUEST_PAGE_SHIFT)

/* The most that guest_read() reads at a time. */
#define GUEST_READ_MAX		256

/* The most that guest_read_frames() reads at a time. */
#define GUEST_FRAMES_MAX	16

/* Kernel frames that nobody wants, to walk over on the way to the user's. */
#define GUEST_UNWIND_SKIP	128

/* Distinct pages one walk may touch: frames and page tables are apart. */
#define GUEST_UNWIND_PAGES	32

/**
 * struct guest_frame - what a frame pointer of 64-bit code points to
 * @next: the caller's frame pointer
 * @ret:  return address
 */
struct guest_frame {
	u64 next, ret;
};

/**
 * struct guest_frames - frames that lead from one to the next, and what is taken of them
 * @bp:	  in: linear address of the first one; out: of the last one that was taken
 * @code: in: the lowest address that a return address may have
 * @span: in: how far above it the highest is
 * @ips:  in: where return addresses go
 * @max:  in: how many, 1 to GUEST_FRAMES_MAX
 * @nr:   out: frames taken; 0 if the first one's return address is none
 * @next: out: the frame that follows those taken, wherever that is
 * @ret:  out: the return address read last
 */
struct guest_frames {
	u64 bp;
	u64 code, span;
	u64 *ips;
	u32 max;
	u32 nr;
	u64 next;
	u64 ret;
};

/**
 * guest_take_frame() - take a single frame if its return address is one
 * @frames: where it goes
 * @next:   the frame it leads to
 * @ret:    its return address
 */
static inline void guest_take_frame(struct guest_frames *frames, u64 next, u64 ret)
{
	frames->next = next;
	frames->ret = ret;
	frames->nr = ret - frames->code <= frames->span;
	if (frames->nr)
		frames->ips[0] = ret;
}

/**
 * guest_follow_frames() - take frames that are in one page
 * @frames: 64-bit code's; the first one aligned and all in the page
 * @load:   reads an aligned word of the page, counted from its first one
 * @from:   for @load
 *
 * Ends behind the last one wanted, at a return address that is none, and where the next one
 * is not aligned, all in the same page, and above. Words are masked as well as compared: not
 * even a mispredicted branch leads out of the page, which the guest could learn from.
 */
static __always_inline void guest_follow_frames(struct guest_frames *frames,
						u64 (*load)(const void *from, u64 word),
						const void *from)
{
	const u64 mask = GUEST_PAGE_SIZE / sizeof(u64) - 1;
	const u64 code = frames->code, span = frames->span;
	const u64 page = frames->bp & ~(u64)(GUEST_PAGE_SIZE - 1);
	u64 *ip = frames->ips, *const end = ip + frames->max;
	u64 word = frames->bp / sizeof(u64) & mask, taken = word;
	u64 next, follows, ret;

	for (;;) {
		next = load(from, word);
		ret = load(from, (word + 1) & mask);
		if (unlikely(ret - code > span)) {
			next = page + word * sizeof(u64);
			break;
		}
		*ip++ = ret;
		taken = word;
		/* what is not aligned becomes as large as what is far away */
		follows = ror64(next - page, 3);
		if (ip == end || follows >= mask || follows < word + 2)
			break;
		/* for the compiler, what has been compared needs no mask */
		OPTIMIZER_HIDE_VAR(follows);
		word = follows & mask;
	}
	frames->nr = ip - frames->ips;
	frames->bp = page + taken * sizeof(u64);
	frames->next = next;
	frames->ret = ret;
}

/*
 * What is called guest_mem_... is for who uses the walker to define; it is called often
 * enough for pointers to it to be felt. None of it may write to the guest.
 */

/**
 * guest_mem_map() - find a page frame of guest-physical memory
 * @ctx:    of the walk
 * @gfn:    in frames of 4 KiB
 * @handle: for others below, if 0 is returned; to be given to guest_mem_unmap()
 *
 * Return: 0, or the PERF_GUEST_CALLCHAIN_* reason why it cannot be read (UNREADABLE,
 * DEVICE).
 */
u32 guest_mem_map(void *ctx, u64 gfn, unsigned long *handle);

/**
 * guest_mem_unmap() - be done with a page frame
 * @ctx:    of the walk
 * @handle: the page's
 */
void guest_mem_unmap(void *ctx, unsigned long handle);

/**
 * guest_mem_read() - read from a page frame
 * @ctx:    of the walk
 * @handle: the page's
 * @offset: in it
 * @dst:    buffer
 * @len:    bytes, 1 to GUEST_READ_MAX; never across the end of the page
 */
void guest_mem_read(void *ctx, unsigned long handle, unsigned int offset,
		    void *dst, unsigned int len);

/**
 * guest_mem_entry() - read a page table entry
 * @ctx:   of the walk
 * @gpa:   guest-physical address, aligned to @len
 * @entry: buffer
 * @len:   bytes, 4 or 8
 *
 * The same as guest_mem_map(), guest_mem_read() and guest_mem_unmap(): of most tables
 * one entry is read.
 *
 * Return: as guest_mem_map() does.
 */
u32 guest_mem_entry(void *ctx, u64 gpa, void *entry, unsigned int len);

/**
 * guest_mem_frames() - read stack frames from a page frame
 * @ctx:    of the walk
 * @handle: the page's
 * @frames: by guest_follow_frames()
 */
void guest_mem_frames(void *ctx, unsigned long handle, struct guest_frames *frames);

/**
 * enum guest_paging_mode - format of a guest's page tables
 * @GUEST_PAGING_NONE:	 linear addresses are physical
 * @GUEST_PAGING_32:	 two levels, 4 MiB pages with PSE
 * @GUEST_PAGING_PAE:	 three levels, 2 MiB pages
 * @GUEST_PAGING_4LEVEL: 48 bits, 2 MiB and 1 GiB pages
 * @GUEST_PAGING_5LEVEL: 57 bits
 * @GUEST_PAGING_EPT4:	 extended page tables: nested guests on VMX
 * @GUEST_PAGING_EPT5:	 the same, with five levels
 *
 * Intel SDM vol. 3A chapter 4; AMD APM vol. 2 chapter 5; for EPT, SDM vol. 3C
 * section "The Extended Page Table Mechanism (EPT)".
 */
enum guest_paging_mode {
	GUEST_PAGING_NONE,
	GUEST_PAGING_32,
	GUEST_PAGING_PAE,
	GUEST_PAGING_4LEVEL,
	GUEST_PAGING_5LEVEL,
	GUEST_PAGING_EPT4,
	GUEST_PAGING_EPT5,
};

/**
 * struct guest_paging - one address space
 * @mode:    format of the tables
 * @pse:     CR4.PSE: 4 MiB pages exist in GUEST_PAGING_32
 * @root:    physical address of the top table, flag bits included (CR3, EPTP)
 * @nested:  where not NULL, the tables themselves are in an address space of
 *	     their own: each physical address found goes through it first
 */
struct guest_paging {
	enum guest_paging_mode mode;
	bool pse;
	u64 root;
	const struct guest_paging *nested;
};

/**
 * struct guest_regs - the registers a walk starts from
 * @ip: as the guest sees it, segment base not added
 * @sp: likewise
 * @bp: likewise
 * @cs_base: added to @ip outside 64-bit mode
 * @ss_base: added to @sp and @bp outside 64-bit mode
 * @bits:  16, 32 or 64: the size of the code segment
 * @lma:   long mode is active: @bits == 32 is a 32-bit process in a 64-bit guest
 * @cpl:   privilege level, 0 to 3; 3 is user
 */
struct guest_regs {
	u64 ip, sp, bp;
	u64 cs_base, ss_base;
	u8 bits;
	bool lma;
	u8 cpl;
};

/**
 * struct guest_tlb_entry - a page this walk has translated
 * @page:   linear page number + 1; 0 is unused
 * @handle: of guest_mem_map(), if @error is 0
 * @error:  why the page cannot be read, 0 if it can
 */
struct guest_tlb_entry {
	u64 page;
	unsigned long handle;
	u32 error;
};

/**
 * struct guest_walk - the state of one walk, and what it found
 * @ctx:	whose memory: for guest_mem_map() and the like
 * @paging:	the address space
 * @ips:	where frames go, and context marks (PERF_CONTEXT_GUEST_KERNEL,
 *		PERF_CONTEXT_GUEST_USER) before them
 * @max:	how many words @ips takes
 * @max_frames:	frames wanted, the kernel's first (perf_event_attr::sample_max_stack)
 * @max_user:	frames of the user code wanted, however many the kernel has
 * @reads:	how often it may still read the guest's memory, see guest_may_read()
 * @nr:		words in @ips
 * @frames:	frames among them
 * @kernel_cut:	there are more of the kernel than wanted, on the way to the user's
 * @flags:	PERF_GUEST_CALLCHAIN_* (mode and why the chain is short)
 * @translations: page-table walks made, at most one per distinct page
 * @table_of:	2 MiB of linear addresses whose lowest-level page table is @table,
 *		counted from 1; 0 is none
 * @table:	its guest-physical address
 * @last:	the readable page used last
 * @tlb:	pages seen in this walk, @translations of them
 *
 * The caller calls guest_walk_begin(), fills @ctx to @reads, and when it has done with the
 * walk calls guest_walk_end().
 */
struct guest_walk {
	void *ctx;
	const struct guest_paging *paging;
	u64 *ips;
	u32 max;
	u32 max_frames;
	u32 max_user;
	u32 reads;

	u32 nr;
	u32 frames;
	bool kernel_cut;
	u32 flags;
	u32 translations;
	u64 table_of;
	u64 table;
	struct guest_tlb_entry last;
	struct guest_tlb_entry tlb[GUEST_UNWIND_PAGES];
};

/**
 * guest_walk_begin() - nothing has been found yet
 * @walk: may be large: what is not looked at before it is filled, its tlb, is left as it is
 */
static inline void guest_walk_begin(struct guest_walk *walk)
{
	walk->nr = 0;
	walk->frames = 0;
	walk->kernel_cut = false;
	walk->flags = 0;
	walk->translations = 0;
	walk->table_of = 0;
	walk->last.page = 0;
}

/**
 * guest_may_read() - count a read of the guest's memory
 * @walk: that reads a page table's entry, finds a page, or takes of a page bytes up to
 *	  GUEST_READ_MAX or frames up to GUEST_FRAMES_MAX: what each takes has a bound
 *
 * Return: false if there have been enough of them: the walk ends, with BUDGET.
 */
static inline bool guest_may_read(struct guest_walk *walk)
{
	if (unlikely(!walk->reads))
		return false;
	walk->reads--;
	return true;
}

/**
 * guest_translate() - guest-linear to guest-physical address
 * @walk:  memory access and address space
 * @gva:   linear address
 * @gpa:   the physical address, if 0 is returned
 *
 * Reads only: accessed and dirty bits stay as they are, write, user and
 * no-execute bits do not matter.
 *
 * Return: 0, or the PERF_GUEST_CALLCHAIN_* reason why there is no translation
 * (UNMAPPED, BAD_PTE, UNREADABLE, DEVICE, NONCANONICAL, BUDGET).
 */
u32 guest_translate(struct guest_walk *walk, u64 gva, u64 *gpa);

/**
 * guest_address_space() - which address space is it?
 * @paging: one
 *
 * Return: of CR3 the address of the top table, without PCID and LAM bits; 0 without paging.
 */
u64 guest_address_space(const struct guest_paging *paging);

/**
 * guest_read() - read guest-linear memory
 * @walk: the walk; its tlb is used and filled
 * @gva:  linear address; may cross a page
 * @dst:  buffer
 * @len:  bytes, 1 to GUEST_READ_MAX
 *
 * Return: 0, or the PERF_GUEST_CALLCHAIN_* reason (those of guest_translate(),
 * and BUDGET when the walk has touched GUEST_UNWIND_PAGES pages or may read no more).
 */
u32 guest_read(struct guest_walk *walk, u64 gva, void *dst, unsigned int len);

/**
 * guest_read_frames() - read a frame of 64-bit code, and those after it in the same page
 * @walk:   the walk; its tlb is used and filled
 * @frames: aligned; the first one may cross a page
 *
 * Return: as guest_read() does.
 */
u32 guest_read_frames(struct guest_walk *walk, struct guest_frames *frames);

/**
 * guest_unwind() - walk the frames from a guest's registers
 * @walk: see struct guest_walk
 * @regs: where the guest was
 *
 * Stores a context mark and the linear address of @regs->ip, then the return
 * addresses found through frame pointers, and goes on from the guest kernel's
 * stack, through the pt_regs Linux keeps there, to that of the interrupted user
 * code. @walk->flags says why it ended, if not where the stack does. What is in
 * @walk->ips already stays: the chain goes on behind it.
 */
void guest_unwind(struct guest_walk *walk, const struct guest_regs *regs);

/**
 * guest_walk_end() - be done with the pages of a walk
 * @walk: nothing of it but what it has found is of use after this
 */
void guest_walk_end(struct guest_walk *walk);

#endif /* _GUEST_UNWIND_H */
