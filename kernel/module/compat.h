/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that the module builds for, each with the versions
 * it is about. Nothing else in here looks at the version.
 */
#ifndef _KVM_CALLCHAIN_COMPAT_H
#define _KVM_CALLCHAIN_COMPAT_H

#include <linux/ftrace.h>
#include <linux/kvm_host.h>
#include <linux/version.h>

/*
 * Before 6.1 memory slots and struct ftrace_regs are others; from 6.18 on
 * kvm_get_running_vcpu() is there for KVM's own modules only.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0) || LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#error "kvm_callchain is made for Linux 6.1 to 6.17: use the patched kernel"
#endif

#ifndef CONFIG_X86_64
#error "kvm_callchain is made for x86-64 hosts"
#endif

#ifdef CONFIG_PREEMPT_RT
#error "kvm_callchain gives pages back in interrupts, where PREEMPT_RT's locks cannot sleep"
#endif

#ifndef CONFIG_DYNAMIC_FTRACE_WITH_ARGS
#error "kvm_callchain needs a kernel with CONFIG_DYNAMIC_FTRACE_WITH_ARGS=y"
#endif

/* The first argument of a function that ftrace has stopped at. */
static __always_inline unsigned long first_argument(struct ftrace_regs *fregs)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	return fregs->regs.di;
#else
	return ftrace_regs_get_argument(fregs, 0);
#endif
}

/* Is what the VMM maps at @gfn something else than the guest sees there? */
static inline bool is_private(struct kvm *kvm, const struct kvm_memory_slot *slot, gfn_t gfn)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	return false;
#else
	return kvm_slot_can_be_private(slot) && kvm_mem_is_private(kvm, gfn);
#endif
}

#endif /* _KVM_CALLCHAIN_COMPAT_H */
