/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KVM_GUEST_CALLCHAIN_H
#define _LINUX_KVM_GUEST_CALLCHAIN_H

#include <linux/perf_guest_callchain.h>
#include <asm/local64.h>

struct kvm_vcpu;

#ifdef CONFIG_PERF_GUEST_CALLCHAIN

/**
 * struct kvm_guest_callchain - a vCPU's pending request for its callchain
 * @cookie:    not 0: perf samples wait for a chain. Set from NMI too.
 * @wants:     the most that any of them wants
 * @serving:   the chain is being walked: samples now cannot ask for it any more,
 *	       nor for another one
 * @closed:    the vCPU is on its way into the guest or off the CPU: samples of the host
 *	       cannot ask, as there is no telling whose chain they would get
 * @requests:  samples that asked, ever
 *
 * Only touched on the CPU the vCPU is loaded on, and only there while it is.
 */
struct kvm_guest_callchain {
	local64_t cookie;
	struct perf_guest_wants wants;
	bool serving;
	bool closed;
	local64_t requests;
};

void kvm_register_guest_callchain(void);
void kvm_unregister_guest_callchain(void);
void kvm_serve_guest_callchain(struct kvm_vcpu *vcpu);

void kvm_arch_guest_callchain(struct kvm_vcpu *vcpu,
			      struct perf_guest_chain *chain);

/*
 * The three of them are called with preemption off. Macros, as struct kvm_vcpu is not
 * known here.
 *
 * kvm_flush_guest_callchain(): after an exit, as early as can be.
 */
#define kvm_flush_guest_callchain(vcpu) do {				       \
	if (unlikely(local64_read(&(vcpu)->guest_callchain.cookie)))	       \
		kvm_serve_guest_callchain(vcpu);			       \
} while (0)

/*
 * Where the vCPU's state is about to become another one than samples up to here have
 * seen: before it enters the guest, before it leaves the CPU. An NMI after the first
 * line gets no cookie, and one before it is served.
 */
#define kvm_close_guest_callchain(vcpu) do {				       \
	WRITE_ONCE((vcpu)->guest_callchain.closed, true);		       \
	barrier();							       \
	kvm_flush_guest_callchain(vcpu);				       \
} while (0)

/* Where it is a stopped guest's on this CPU again: after the exit, after loading. */
#define kvm_open_guest_callchain(vcpu)					       \
	WRITE_ONCE((vcpu)->guest_callchain.closed, false)

#else

struct kvm_guest_callchain { };

static inline void kvm_register_guest_callchain(void) { }
static inline void kvm_unregister_guest_callchain(void) { }
static inline void kvm_flush_guest_callchain(struct kvm_vcpu *vcpu) { }
static inline void kvm_close_guest_callchain(struct kvm_vcpu *vcpu) { }
static inline void kvm_open_guest_callchain(struct kvm_vcpu *vcpu) { }

#endif /* CONFIG_PERF_GUEST_CALLCHAIN */

#endif /* _LINUX_KVM_GUEST_CALLCHAIN_H */
