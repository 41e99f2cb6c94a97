/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest callchains, between perf_events, the hypervisor and perf's core.
 * The record they end in is in uapi/linux/perf_guest_callchain.h.
 */
#ifndef _LINUX_PERF_GUEST_CALLCHAIN_H
#define _LINUX_PERF_GUEST_CALLCHAIN_H

#include <linux/jump_label.h>
#include <linux/types.h>
#include <uapi/linux/perf_guest_callchain.h>

struct perf_event;
struct perf_event_attr;
struct perf_callchain_entry;
struct perf_regs;
struct perf_sample_data;
struct pt_regs;

/* The most bytes of sections in a record: about the kernel, and about the user code. */
#define PERF_GUEST_KERNEL_SECTIONS_MAX	4096
#define PERF_GUEST_USER_SECTIONS_MAX	(22 * sizeof(u64) + PERF_GUEST_USER_STACK_MAX)
#define PERF_GUEST_SECTIONS_MAX		(PERF_GUEST_KERNEL_SECTIONS_MAX + \
					 PERF_GUEST_USER_SECTIONS_MAX)

/**
 * struct perf_guest_wants - what samples want of a guest
 * @max_frames:	 frames for who may see its kernel's, which come first
 * @max_user:	 frames of its user code for who may not
 * @user_stack:	 bytes of the stack of its user code, a multiple of eight
 * @stack_words: words of its kernel's stack
 */
struct perf_guest_wants {
	u16 max_frames;
	u16 max_user;
	u16 user_stack;
	bool stack_words;
};

/**
 * struct perf_guest_chain - what a hypervisor found on a guest's stack
 * @vcpu_id:	the hypervisor's number for the vCPU
 * @flags:	PERF_GUEST_CALLCHAIN_*
 * @root:	address space of the guest (CR3)
 * @user:	the guest was in user mode
 * @max_frames:	in: how many frames anybody wants who may see the kernel's
 * @max_user:	in: how many of the user code, who may not
 * @reads:	in: reads of the guest's memory that the walk may make, as guest_may_read()
 *		counts them
 * @user_stack:	in: bytes of the user stack anybody wants
 * @stack_words: in: somebody wants words of the kernel's stack
 * @max:	in: how many words @ips takes, context marks included
 * @frames:	addresses in @ips, without context marks
 * @kernel_cut:	there are more of the kernel than wanted
 * @nr:		words in @ips
 * @ips:	context marks and addresses, innermost first
 * @sections:	struct perf_guest_section one after the other; NULL: none are wanted
 * @kernel_size: bytes of those about the kernel, the first ones, a multiple of eight
 * @user_size:	bytes of those about the user code, likewise
 */
struct perf_guest_chain {
	u32 vcpu_id;
	u32 flags;
	u64 root;
	bool user;
	u16 max_frames;
	u16 max_user;
	u32 reads;
	u16 user_stack;
	bool stack_words;
	u32 max;
	u32 frames;
	bool kernel_cut;
	u32 nr;
	u64 *ips;
	u64 *sections;
	u32 kernel_size;
	u32 user_size;
};

/**
 * struct perf_guest_callchain_ops - what a hypervisor offers to perf
 * @defer:	A sample wants the guest's callchain. @in_guest: it interrupted the
 *		guest; otherwise it may be anywhere, also in a task that is no
 *		vCPU. Returns @cookie, or that of a sample before which waits for the
 *		same chain, and will then call
 *		perf_guest_callchain_output() with it before the guest runs again
 *		and before the task leaves this CPU; or 0: there is no guest here.
 *		Called with preemption off, from NMI too.
 * @flush:	This task is about to lose its perf events to another one: serve
 *		what is pending now, and defer no more before it runs again. Called
 *		with interrupts off and the runqueue locked.
 */
struct perf_guest_callchain_ops {
	u64 (*defer)(u64 cookie, bool in_guest, const struct perf_guest_wants *wants);
	void (*flush)(void);
};

#ifdef CONFIG_PERF_GUEST_CALLCHAIN

void perf_register_guest_callchain(const struct perf_guest_callchain_ops *ops);
void perf_unregister_guest_callchain(void);

unsigned int
perf_guest_callchain_output(u64 cookie, const struct perf_guest_wants *wants, u32 flags,
			    void (*walk)(struct perf_guest_chain *chain, void *data),
			    void *data);

struct perf_callchain_entry *
perf_guest_callchain(struct perf_event *event, struct pt_regs *regs, bool kernel, bool user);
void perf_guest_callchain_accepted(struct perf_event *event, struct perf_sample_data *data);
void perf_guest_regs_user(const struct perf_event *event, struct perf_regs *regs_user);

int perf_guest_callchain_get(const struct perf_event *event);
void perf_guest_callchain_put(const struct perf_event *event);

/* There are events that want guests' callchains. */
DECLARE_STATIC_KEY_FALSE(perf_guest_callchain_key);

/*
 * Changes each time the key is switched on, after all CPUs run what it switches. State that
 * a hypervisor maintains only then and has not stamped with it is not to be relied on.
 */
extern unsigned int perf_guest_callchain_epoch;

void __perf_guest_callchain_sched_out(void);

/* Called for every task switch of a task with events, runqueue locked. */
static inline void perf_guest_callchain_sched_out(void)
{
	if (static_branch_unlikely(&perf_guest_callchain_key))
		__perf_guest_callchain_sched_out();
}

#else

static inline struct perf_callchain_entry *
perf_guest_callchain(struct perf_event *event, struct pt_regs *regs, bool kernel, bool user)
{
	return NULL;
}

static inline void perf_guest_callchain_accepted(struct perf_event *event,
						 struct perf_sample_data *data) { }

static inline void perf_guest_regs_user(const struct perf_event *event,
					struct perf_regs *regs_user) { }
static inline int perf_guest_callchain_get(const struct perf_event *event)
{
	return 0;
}

static inline void perf_guest_callchain_put(const struct perf_event *event) { }
static inline void perf_guest_callchain_sched_out(void) { }

#endif /* CONFIG_PERF_GUEST_CALLCHAIN */

#endif /* _LINUX_PERF_GUEST_CALLCHAIN_H */
