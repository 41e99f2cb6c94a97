/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KVM_GUEST_CALLCHAIN_H
#define _LINUX_KVM_GUEST_CALLCHAIN_H

#include <linux/perf_guest_callchain.h>
#include <asm/local64.h>

struct kvm;
struct kvm_vcpu;
struct page;

#ifdef CONFIG_PERF_GUEST_CALLCHAIN

#define KVM_GUEST_PAGES_LOG2	5
#define KVM_GUEST_PAGES	(1 << KVM_GUEST_PAGES_LOG2)

/**
 * struct kvm_guest_pages - pages of a guest that a walk has read: the next one may, too
 * @generation: of the memory slots they are in
 * @seq:	kvm::mmu_invalidate_seq, while which they are where they were
 * @gfns:	where
 * @pages:	at the hash of their gfn or near it, NULL for none; no reference is held
 */
struct kvm_guest_pages {
	u64 generation;
	unsigned long seq;
	u64 gfns[KVM_GUEST_PAGES];
	struct page *pages[KVM_GUEST_PAGES];
};

/**
 * struct kvm_guest_callchain - a vCPU's pending request for its callchain
 * @cookie:    not 0: perf samples wait for a chain. Set from NMI too.
 * @wants:     the most that any of them wants
 * @serving:   the chain is being walked: samples now cannot ask for it any more,
 *	       nor for another one
 * @open:      perf_guest_callchain_epoch: samples of the host can ask. Anything else, as
 *	       it is when the vCPU is on its way into the guest or off the CPU: they
 *	       cannot, as there is no telling whose chain they would get
 * @requests:  samples that asked, ever
 * @exit:      where the guest was at the last exit
 * @known:     of the architecture's walk
 *
 * Only touched on the CPU the vCPU is loaded on, and only there while it is, and only
 * while perf_guest_callchain_key is on. What is left of the last time it was on does no
 * harm: a vCPU is not open before its next exit, and a cookie nobody has any more is
 * served once, for nobody, and without a walk unless the vCPU runs again by then.
 */
struct kvm_guest_callchain {
	local64_t cookie;
	struct perf_guest_wants wants;
	bool serving;
	unsigned int open;
	local64_t requests;
	struct {
		unsigned long ip, sp;
		int cpl;
		bool nested;
	} exit;
	struct kvm_guest_pages known;
};

/**
 * struct kvm_vm_guest_callchain - of a virtual machine
 * @off: its stacks are not read, nor where its memory is, whoever asks (debugfs,
 *	 guest_callchain_off)
 * @owner: process that has made it, by its number in the first pid namespace
 */
struct kvm_vm_guest_callchain {
	bool off;
	pid_t owner;
};

void kvm_register_guest_callchain(void);
void kvm_unregister_guest_callchain(void);
void kvm_create_guest_callchain_debugfs(struct kvm *kvm);
void kvm_create_guest_callchain_slots(struct kvm *kvm);
bool kvm_guest_callchain_is_allowed(const struct kvm *kvm);
void kvm_serve_guest_callchain(struct kvm_vcpu *vcpu, bool preempted);

void kvm_arch_guest_callchain(struct kvm_vcpu *vcpu,
			      struct perf_guest_chain *chain);
void kvm_arch_guest_callchain_exit(struct kvm_vcpu *vcpu);
bool kvm_arch_guest_memory_is_readable(struct kvm *kvm);

/*
 * The four of them are called with preemption off, and are nothing while there is no
 * event that wants guests' callchains. Macros, as struct kvm_vcpu is not known here.
 *
 * kvm_flush_guest_callchain(): after an exit, as early as can be.
 */
#define kvm_flush_guest_callchain(vcpu) do {				       \
	if (static_branch_unlikely(&perf_guest_callchain_key) &&	       \
	    unlikely(local64_read(&(vcpu)->guest_callchain.cookie)))	       \
		kvm_serve_guest_callchain(vcpu, false);			       \
} while (0)

/*
 * Where the vCPU's state is about to become another one than samples up to here have
 * seen. An NMI after the first store gets no cookie, and one before it is served.
 */
#define __kvm_close_guest_callchain(vcpu, preempted) do {		       \
	if (static_branch_unlikely(&perf_guest_callchain_key)) {	       \
		WRITE_ONCE((vcpu)->guest_callchain.open, 0);		       \
		barrier();						       \
		if (unlikely(local64_read(&(vcpu)->guest_callchain.cookie)))   \
			kvm_serve_guest_callchain(vcpu, preempted);	       \
	}								       \
} while (0)

/* Before the vCPU enters the guest or is put. */
#define kvm_close_guest_callchain(vcpu)		__kvm_close_guest_callchain(vcpu, false)

/* Before its thread leaves the CPU, with the runqueue locked. */
#define kvm_preempt_guest_callchain(vcpu)	__kvm_close_guest_callchain(vcpu, true)

/* Where it is a stopped guest's on this CPU again: after loading. */
#define kvm_open_guest_callchain(vcpu) do {				       \
	if (static_branch_unlikely(&perf_guest_callchain_key))		       \
		WRITE_ONCE((vcpu)->guest_callchain.open,		       \
			   READ_ONCE(perf_guest_callchain_epoch));	       \
} while (0)

/* The same after an exit, as soon as the registers are there. */
#define kvm_exit_guest_callchain(vcpu) do {				       \
	if (static_branch_unlikely(&perf_guest_callchain_key)) {	       \
		kvm_arch_guest_callchain_exit(vcpu);			       \
		kvm_open_guest_callchain(vcpu);				       \
	}								       \
} while (0)

#else

struct kvm_guest_callchain { };
struct kvm_vm_guest_callchain { };

static inline void kvm_register_guest_callchain(void) { }
static inline void kvm_unregister_guest_callchain(void) { }
static inline void kvm_create_guest_callchain_debugfs(struct kvm *kvm) { }
static inline void kvm_flush_guest_callchain(struct kvm_vcpu *vcpu) { }
static inline void kvm_close_guest_callchain(struct kvm_vcpu *vcpu) { }
static inline void kvm_preempt_guest_callchain(struct kvm_vcpu *vcpu) { }
static inline void kvm_open_guest_callchain(struct kvm_vcpu *vcpu) { }
static inline void kvm_exit_guest_callchain(struct kvm_vcpu *vcpu) { }

#endif /* CONFIG_PERF_GUEST_CALLCHAIN */

#endif /* _LINUX_KVM_GUEST_CALLCHAIN_H */
