// SPDX-License-Identifier: GPL-2.0
/*
 * A vCPU's registers between its exit and KVM's handling of that. With nested page tables
 * a guest changes CR0 and CR3 without an exit, and KVM copies them when it handles the
 * next one: until then they are in the VMCB alone.
 */
#include "compat.h"
#include "vcpu.h"

/* Of struct vcpu_svm: check_layout() has seen that it is there. */
static const struct vmcb *vcpu_vmcb(const struct kvm_vcpu *vcpu)
{
	return *(struct vmcb *const *)(vcpu + 1);
}

/**
 * vcpu_is_nested() - does it run the guest of its guest?
 * @vcpu: loaded on this CPU
 *
 * Return: true if so.
 */
bool vcpu_is_nested(const struct kvm_vcpu *vcpu)
{
	return vcpu->arch.hflags & HF_GUEST_MASK;
}

static void get_regs(const struct kvm_vcpu *vcpu, const struct vmcb_save_area *save,
		     struct guest_regs *regs)
{
	regs->ip = vcpu_ip(vcpu);
	regs->sp = vcpu->arch.regs[VCPU_REGS_RSP];
	regs->bp = vcpu->arch.regs[VCPU_REGS_RBP];
	regs->cpl = save->cpl & 3;
	regs->lma = vcpu->arch.efer & EFER_LMA;

	if (regs->lma && save->cs.attrib & SVM_SELECTOR_L_MASK) {
		regs->bits = 64;
		regs->cs_base = 0;
		regs->ss_base = 0;
		return;
	}
	regs->bits = save->cs.attrib & SVM_SELECTOR_DB_MASK && save->cr0 & X86_CR0_PE ? 32 : 16;
	regs->cs_base = save->cs.base;
	regs->ss_base = save->ss.base;
}

static enum guest_paging_mode paging_mode(u64 cr0, u64 cr4, u64 efer)
{
	if (!(cr0 & X86_CR0_PG))
		return GUEST_PAGING_NONE;
	if (efer & EFER_LMA)
		return cr4 & X86_CR4_LA57 ? GUEST_PAGING_5LEVEL : GUEST_PAGING_4LEVEL;
	return cr4 & X86_CR4_PAE ? GUEST_PAGING_PAE : GUEST_PAGING_32;
}

/**
 * vcpu_get_state() - a guest's registers at its last exit
 * @vcpu:  loaded on this CPU, its state not protected from the host
 * @state: filled in
 *
 * Context: before KVM has handled the exit, preemption off; NMI too.
 */
void vcpu_get_state(const struct kvm_vcpu *vcpu, struct vcpu_state *state)
{
	const struct vmcb *vmcb = vcpu_vmcb(vcpu);
	/* with shadow page tables it is KVM that has put these into the VMCB */
	bool own = has_nested_paging(&vmcb->control);
	u64 cr0 = own ? vmcb->save.cr0 : vcpu->arch.cr0;
	u64 cr4 = own ? vmcb->save.cr4 : vcpu->arch.cr4;

	get_regs(vcpu, &vmcb->save, &state->regs);
	state->paging.mode = paging_mode(cr0, cr4, vcpu->arch.efer);
	state->paging.pse = cr4 & X86_CR4_PSE;
	state->paging.root = own ? vmcb->save.cr3 : vcpu->arch.cr3;
	state->paging.nested = NULL;
}
