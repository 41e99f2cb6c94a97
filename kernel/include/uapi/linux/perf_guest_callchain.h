/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/**
 * DOC: PERF_RECORD_GUEST_CALLCHAIN, the call stack of a KVM guest
 *
 * A sample of an event with perf_event_attr::guest_callchain set holds, in its
 * callchain, the two words
 *
 *	PERF_CONTEXT_GUEST_DEFERRED, cookie
 *
 * when it interrupted a guest, or a vCPU thread inside KVM_RUN. Its chain is that of
 * the guest as it was at the last exit, behind the instruction that has made it exit
 * maybe; should it be somewhere else by the time of the record, that is empty and says
 * STALE. A record with the same cookie follows in the same buffer before the guest runs
 * again and before the thread leaves the CPU::
 *
 *	struct {
 *		struct perf_event_header	header;
 *		u64				cookie;
 *		u32				vcpu_id;
 *		u32				flags;	PERF_GUEST_CALLCHAIN_*
 *		u64				root;	address space
 *		u64				nr;
 *		u64				ips[nr];
 *	      { u64				size;
 *		struct perf_guest_section	sections[];
 *						} && flags & SECTIONS
 *		struct sample_id		sample_id;
 *	};
 *
 * header.misc is PERF_RECORD_MISC_GUEST_KERNEL or _GUEST_USER, as the guest
 * ran. ips[] is laid out like a sample's callchain, innermost frame first, with
 * PERF_CONTEXT_GUEST_KERNEL and PERF_CONTEXT_GUEST_USER in front of the frames
 * of each. One record answers all samples in the buffer that hold its cookie, of its
 * event and of those that may see and want the same of a guest: exclude_kernel,
 * exclude_callchain_kernel, exclude_callchain_user, sample_max_stack, guest_stack_words,
 * and sample_stack_user with PERF_SAMPLE_STACK_USER.
 * A guest that runs where context marks are (PERF_CONTEXT_MAX) is shown right below them.
 *
 * The address space identifies a guest process as long as that lives; the
 * VMM's pid in sample_id and vcpu_id identify the vCPU. It is the physical address of
 * the guest's top page table, 0 without paging: on x86, CR3 without PCID and LAM bits.
 * With page table isolation a Linux process has two such tables, of which that for user
 * code follows the other, one page above. Nothing in a sample says whether a guest has
 * this: without, these are two processes.
 */
#ifndef _UAPI_LINUX_PERF_GUEST_CALLCHAIN_H
#define _UAPI_LINUX_PERF_GUEST_CALLCHAIN_H

#include <linux/types.h>

/* How the guest was addressing memory. */
#define PERF_GUEST_CALLCHAIN_MODE		0x00000003U
#define PERF_GUEST_CALLCHAIN_MODE_UNKNOWN	0x00000000U
#define PERF_GUEST_CALLCHAIN_MODE_16		0x00000001U
#define PERF_GUEST_CALLCHAIN_MODE_32		0x00000002U
#define PERF_GUEST_CALLCHAIN_MODE_64		0x00000003U

/* The guest of the guest was running: the chain is its. */
#define PERF_GUEST_CALLCHAIN_NESTED		0x00000004U
/* Encrypted guest: its registers and memory are not ours to read. */
#define PERF_GUEST_CALLCHAIN_PROTECTED		0x00000008U
/* Optional sections follow ips[]. */
#define PERF_GUEST_CALLCHAIN_SECTIONS		0x00000010U
/*
 * The thread was losing its CPU: the walk was of frames alone, whatever sections an event
 * wants, and within a smaller budget.
 */
#define PERF_GUEST_CALLCHAIN_PREEMPTED		0x00000020U

/*
 * Why a chain is short. None of these set: the walk ended where a stack ends.
 */
#define PERF_GUEST_CALLCHAIN_SHORT		0x000fff00U
#define PERF_GUEST_CALLCHAIN_MAX_STACK		0x00000100U	/* sample_max_stack reached */
#define PERF_GUEST_CALLCHAIN_UNMAPPED		0x00000200U	/* not in the guest's page tables */
#define PERF_GUEST_CALLCHAIN_BAD_PTE		0x00000400U	/* reserved bits set in them */
#define PERF_GUEST_CALLCHAIN_UNREADABLE		0x00000800U	/* no memory, or it would fault */
#define PERF_GUEST_CALLCHAIN_NONCANONICAL	0x00001000U	/* frame pointer is no address */
#define PERF_GUEST_CALLCHAIN_MISALIGNED		0x00002000U	/* frame pointer not aligned */
#define PERF_GUEST_CALLCHAIN_BACKWARD		0x00004000U	/* a frame below the last */
#define PERF_GUEST_CALLCHAIN_BAD_RETURN		0x00008000U	/* return address cannot be code */
#define PERF_GUEST_CALLCHAIN_BUDGET		0x00010000U	/* too much to read */
#define PERF_GUEST_CALLCHAIN_NO_WALK		0x00020000U	/* no frame walk for this mode */
#define PERF_GUEST_CALLCHAIN_DEVICE		0x00040000U	/* a device's registers */
#define PERF_GUEST_CALLCHAIN_STALE		0x00080000U	/* not where it was at the exit */

/**
 * struct perf_guest_section - a section of a record
 * @type: PERF_GUEST_SECTION_*; readers skip those they do not know
 * @size: bytes, this header included, a multiple of eight
 * @data: what the type says
 */
struct perf_guest_section {
	__u32	type;
	__u32	size;
	__u64	data[];
};

/**
 * DOC: PERF_GUEST_SECTION_REGS, registers of the guest's kernel
 *
 * For events with perf_event_attr::guest_stack_words, which may see the guest's
 * kernel, of x86-64 guests in kernel mode: what it takes to unwind a kernel that has
 * no frame pointers. The user frames in ips[] are then those of the registers that
 * are saved at the top of the kernel's stack, even if the kernel frames are short.
 *
 * The guest's registers, as in a sample with PERF_SAMPLE_REGS_USER::
 *
 *	u64 abi;	PERF_SAMPLE_REGS_ABI_*
 *	u64 mask;	which registers, by the numbers of asm/perf_regs.h
 *	u64 regs[];	one for each bit of mask, the lowest first
 *
 * These are IP and SP, and those of BP, DX, DI, R10 and R13 that hold an address in
 * the kernel's half.
 */
#define PERF_GUEST_SECTION_REGS			1

/**
 * DOC: PERF_GUEST_SECTION_STACK_WORDS, what an unwinder needs of a kernel's stack
 *
 * The words of the guest's stack that an unwinder with tables for the kernel's code
 * (ORC) can need: return addresses, saved frame and stack pointers, and the registers
 * of the interrupted user code. Where the kernel has switched stacks, those of the
 * interrupted stacks too, innermost first::
 *
 *	u64 head;		STACK_WORDS_NR of stacks, STACK_WORDS_* flags
 *	struct {
 *		u64 start;	address of the first word, a multiple of eight
 *		u64 size;	STACK_WORDS_COVERED, STACK_WORDS_VALUES
 *		u64 map[];	two bits for each word covered
 *		u64 values[];	u32 in pairs, the low half first
 *	} stacks[];
 *
 * A word's bits in map, lowest bits first, say where its value is. Values are in
 * the order of their words.
 */
#define PERF_GUEST_SECTION_STACK_WORDS		2

#define PERF_GUEST_STACK_WORDS_NR		0x000000ffULL
/* The last stack is not complete: the section would be too large. */
#define PERF_GUEST_STACK_WORDS_CUT		0x00000100ULL
/* Part of a stack could not be read, or too many pages were needed. */
#define PERF_GUEST_STACK_WORDS_UNREADABLE	0x00000200ULL
/* There are more stacks below the last one. */
#define PERF_GUEST_STACK_WORDS_MORE		0x00000400ULL

/* Of size: words of the stack the map is for, and u32 in values. */
#define PERF_GUEST_STACK_WORDS_COVERED(size)	((size) & 0xffffffffULL)
#define PERF_GUEST_STACK_WORDS_VALUES(size)	((size) >> 32)

/**
 * enum perf_guest_stack_word - the bits of a word in map
 * @PERF_GUEST_STACK_WORD_NONE: left out, no use for unwinding
 * @PERF_GUEST_STACK_WORD_HIGH: one u32, the upper half is all ones
 * @PERF_GUEST_STACK_WORD_LOW:  one u32, the upper half is 0; with bit 31 set it is start
 *				plus its other bits
 * @PERF_GUEST_STACK_WORD_FULL: two u32, the low half first
 */
enum perf_guest_stack_word {
	PERF_GUEST_STACK_WORD_NONE	= 0,
	PERF_GUEST_STACK_WORD_HIGH	= 1,
	PERF_GUEST_STACK_WORD_LOW	= 2,
	PERF_GUEST_STACK_WORD_FULL	= 3,
};

/**
 * DOC: PERF_GUEST_SECTION_USER_REGS, registers of the guest's user code
 *
 * For events with PERF_SAMPLE_STACK_USER and perf_event_attr::sample_stack_user, of
 * x86-64 guests with a 64-bit process running or in its system call, fault or
 * interrupt: what it takes to unwind user code that has no frame pointers. The host
 * process's registers and stack are not in such a sample if it interrupted the guest.
 *
 * The registers of the user code, also where it has entered the kernel, laid out as in
 * PERF_GUEST_SECTION_REGS: AX, BX, CX, DX, SI, DI, BP, SP, IP and R8 to R15.
 */
#define PERF_GUEST_SECTION_USER_REGS		3

/**
 * DOC: PERF_GUEST_SECTION_USER_STACK, that code's stack
 *
 * As it is::
 *
 *	u64 start;	its stack pointer; any address
 *	u64 words[];	PERF_GUEST_USER_STACK_MAX bytes at most; less where
 *			sample_stack_user of all events that share the record is
 *			less, or where the rest cannot be read
 */
#define PERF_GUEST_SECTION_USER_STACK		4
#define PERF_GUEST_USER_STACK_MAX		8192

#endif /* _UAPI_LINUX_PERF_GUEST_CALLCHAIN_H */
