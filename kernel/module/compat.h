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
#include <asm/svm.h>

/*
 * Before 6.1 memory slots and struct ftrace_regs are others; what is between 6.17 and 7.3 has
 * some of each, and nobody has looked.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0) || \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0) && \
	 LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)) || \
	LINUX_VERSION_CODE >= KERNEL_VERSION(7, 4, 0)
#error "kvm_callchain is made for Linux 6.1 to 6.17, and 7.3: use the patched kernel"
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

/* Were these something else, the module would still compile. */
#define IS_TYPE(member, type)	__same_type(((struct kvm_vcpu *)NULL)->member, type)
static_assert(__same_type(kvm_arch_vcpu_get_ip, unsigned long (struct kvm_vcpu *)));
static_assert(IS_TYPE(arch.regs[0], unsigned long));
static_assert(IS_TYPE(arch.handling_intr_from_guest, u8));
static_assert(IS_TYPE(arch.guest_state_protected, bool));
static_assert(IS_TYPE(stat.exits, u64));
#undef IS_TYPE

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
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
	return kvm_slot_can_be_private(slot) && kvm_mem_is_private(kvm, gfn);
#else
	/* without private memory, too, the guest may have other pages than the VMM maps */
	return kvm_slot_has_gmem(slot);
#endif
}

/* Where KVM keeps the guest's instruction pointer, between its other registers. */
static inline unsigned long vcpu_ip(const struct kvm_vcpu *vcpu)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
	return vcpu->arch.regs[VCPU_REGS_RIP];
#else
	return vcpu->arch.regs[VCPU_REG_RIP];
#endif
}

/* Does the guest have page tables of its own? */
static inline bool has_nested_paging(const struct vmcb_control_area *control)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
	return control->nested_ctl & SVM_NESTED_CTL_NP_ENABLE;
#else
	return control->misc_ctl & SVM_MISC_ENABLE_NP;
#endif
}

/*
 * Does @vcpu run here, so that it may be followed? @task ran it when this CPU was sent the
 * interrupt that asks.
 *
 * From 6.18 on kvm_get_running_vcpu() is there for KVM's own modules only. The interrupt may be
 * late, but it is there before the thread has left the kernel and come back to close the vCPU.
 */
static inline bool runs_here(const struct kvm_vcpu *vcpu, const struct task_struct *task)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
	return vcpu == kvm_get_running_vcpu();
#else
	return task == current;
#endif
}

#endif /* _KVM_CALLCHAIN_COMPAT_H */
