// SPDX-License-Identifier: GPL-2.0
/*
 * Guest callchains on x86: a vCPU's registers and address space as the unwinder wants
 * them. Its memory is in guest_memory.c.
 */
#include <linux/kvm_host.h>

#include "guest_memory.h"
#include "kvm_cache_regs.h"
#include "mmu.h"
#include "x86.h"
#include "../../../virt/kvm/unwind/sections.h"

static void vcpu_regs(struct kvm_vcpu *vcpu, struct guest_regs *regs)
{
	int db = 0, l = 0;

	regs->ip = kvm_rip_read(vcpu);
	regs->sp = kvm_rsp_read(vcpu);
	regs->bp = kvm_rbp_read(vcpu);
	/* is_stale() has compared it */
	regs->cpl = vcpu->guest_callchain.exit.cpl;
	regs->lma = is_long_mode(vcpu);

	kvm_x86_call(get_cs_db_l_bits)(vcpu, &db, &l);
	if (regs->lma && l) {
		regs->bits = 64;
		regs->cs_base = 0;
		regs->ss_base = 0;
		return;
	}

	regs->bits = db && is_protmode(vcpu) ? 32 : 16;
	regs->cs_base = kvm_x86_call(get_segment_base)(vcpu, VCPU_SREG_CS);
	regs->ss_base = kvm_x86_call(get_segment_base)(vcpu, VCPU_SREG_SS);
}

/* All but the stack pointer, which may have to be asked for; on a 32-bit host, eight. */
static void vcpu_gprs(const struct kvm_vcpu *vcpu, struct guest_gprs *gprs)
{
	int i;

	BUILD_BUG_ON((int)GUEST_GPR_DI != (int)VCPU_REGS_RDI);
	for (i = 0; i < GUEST_NR_GPRS; i++)
		gprs->reg[i] = i < VCPU_REGS_RIP ? vcpu->arch.regs[i] : 0;
}

static noinline_for_stack void
unwind_sections(struct kvm_vcpu *vcpu, struct perf_guest_chain *chain,
		struct guest_walk *walk, const struct guest_regs *regs)
{
	struct guest_sections sections = {
		.data = chain->sections,
		.max_kernel = chain->stack_words ? PERF_GUEST_KERNEL_SECTIONS_MAX / sizeof(u64) : 0,
		.max_user = chain->user_stack ? PERF_GUEST_USER_SECTIONS_MAX / sizeof(u64) : 0,
		.user_stack = chain->user_stack,
	};
	struct guest_gprs gprs;

	vcpu_gprs(vcpu, &gprs);
	guest_unwind_sections(walk, regs, &gprs, &sections);
	chain->kernel_size = sections.kernel * sizeof(u64);
	chain->user_size = sections.user * sizeof(u64);
}

static void vcpu_paging(struct kvm_vcpu *vcpu, struct guest_paging *paging)
{
	paging->root = kvm_read_cr3(vcpu);
	paging->pse = false;
	paging->nested = NULL;

	if (!is_paging(vcpu)) {
		paging->mode = GUEST_PAGING_NONE;
	} else if (is_long_mode(vcpu)) {
		paging->mode = kvm_is_cr4_bit_set(vcpu, X86_CR4_LA57) ?
			       GUEST_PAGING_5LEVEL : GUEST_PAGING_4LEVEL;
	} else if (is_pae(vcpu)) {
		paging->mode = GUEST_PAGING_PAE;
	} else {
		paging->mode = GUEST_PAGING_32;
		paging->pse = kvm_is_cr4_bit_set(vcpu, X86_CR4_PSE);
	}
}

/*
 * The tables with which the guest translates the physical addresses of its own
 * guest: EPT of VMX, tables as above of SVM.
 */
static void nested_paging(struct kvm_vcpu *vcpu, struct guest_paging *paging)
{
	const struct kvm_mmu *mmu = vcpu->arch.mmu;
	int level = mmu->cpu_role.base.level;

	paging->root = mmu->get_guest_pgd(vcpu);
	paging->pse = true;
	paging->nested = NULL;

	/* tables of SVM's with so many levels are long mode's, EPT is of no mode */
	if (level >= PT64_ROOT_4LEVEL && !mmu->cpu_role.ext.efer_lma)
		paging->mode = level == PT64_ROOT_5LEVEL ? GUEST_PAGING_EPT5 :
							   GUEST_PAGING_EPT4;
	else if (level == PT64_ROOT_5LEVEL)
		paging->mode = GUEST_PAGING_5LEVEL;
	else if (level == PT64_ROOT_4LEVEL)
		paging->mode = GUEST_PAGING_4LEVEL;
	else
		paging->mode = level == PT32E_ROOT_LEVEL ? GUEST_PAGING_PAE :
							   GUEST_PAGING_32;
}

/*
 * Registers that KVM reads from the VMCS when it first needs them after an exit, and
 * keeps. A preemption may have stopped it just before one that it writes is marked as
 * known: to read that one in its place would undo the write.
 */
struct register_cache {
	u32 avail;
	unsigned long ip, sp, cr0, cr3, cr4;
};

static void save_cache(struct kvm_vcpu *vcpu, struct register_cache *cache)
{
	cache->avail = vcpu->arch.regs_avail;
	cache->ip = vcpu->arch.regs[VCPU_REGS_RIP];
	cache->sp = vcpu->arch.regs[VCPU_REGS_RSP];
	cache->cr0 = vcpu->arch.cr0;
	cache->cr3 = vcpu->arch.cr3;
	cache->cr4 = vcpu->arch.cr4;
	/* segments are a cache and nothing else: read them anew, now and after this */
	vcpu->arch.regs_avail &= ~BIT(VCPU_EXREG_SEGMENTS);
}

static void restore_cache(struct kvm_vcpu *vcpu, const struct register_cache *cache)
{
	vcpu->arch.regs_avail = cache->avail & ~BIT(VCPU_EXREG_SEGMENTS);
	vcpu->arch.regs[VCPU_REGS_RIP] = cache->ip;
	vcpu->arch.regs[VCPU_REGS_RSP] = cache->sp;
	vcpu->arch.cr0 = cache->cr0;
	vcpu->arch.cr3 = cache->cr3;
	vcpu->arch.cr4 = cache->cr4;
}

static noinline_for_stack void
walk_stack(struct kvm_vcpu *vcpu, struct guest_memory *mem, struct perf_guest_chain *chain)
{
	struct guest_paging paging, nested;
	struct guest_regs regs;
	/* large, and its tlb is counted by translations */
	struct guest_walk walk __uninitialized;

	if (is_guest_mode(vcpu))
		chain->flags |= PERF_GUEST_CALLCHAIN_NESTED;

	vcpu_regs(vcpu, &regs);
	vcpu_paging(vcpu, &paging);
	if (mmu_is_nested(vcpu)) {
		nested_paging(vcpu, &nested);
		paging.nested = &nested;
	}

	guest_walk_begin(&walk);
	walk.ctx = mem;
	walk.paging = &paging;
	walk.ips = chain->ips;
	walk.max = chain->max;
	walk.max_frames = chain->max_frames;
	walk.max_user = chain->max_user;
	walk.reads = chain->reads;
	if (chain->sections && !is_guest_mode(vcpu)) {
		unwind_sections(vcpu, chain, &walk, &regs);
	} else {
		/* nobody has tables for the kernel of a guest's guest */
		guest_unwind(&walk, &regs);
	}
	guest_walk_end(&walk);

	chain->user = regs.cpl == 3;
	chain->root = guest_address_space(&paging);
	chain->nr = walk.nr;
	chain->frames = walk.frames;
	chain->kernel_cut = walk.kernel_cut;
	chain->flags |= walk.flags;
}

/* The longest instruction there is. */
#define MAX_INSN_SIZE	15

/**
 * kvm_arch_guest_callchain_exit() - note where the guest is
 * @vcpu: has just left it, with the registers it had then
 *
 * Context: interrupts off.
 */
void kvm_arch_guest_callchain_exit(struct kvm_vcpu *vcpu)
{
	struct kvm_guest_callchain *gc = &vcpu->guest_callchain;

	gc->exit.ip = kvm_rip_read(vcpu);
	gc->exit.sp = kvm_rsp_read(vcpu);
	gc->exit.nested = is_guest_mode(vcpu);
	gc->exit.cpl = kvm_x86_call(get_cpl)(vcpu);
}
EXPORT_SYMBOL_GPL(kvm_arch_guest_callchain_exit);

/*
 * Is the guest somewhere else than at the exit? KVM may have taken it from its own guest
 * into its hypervisor or back, or be doing so, or be in the midst of emulating an
 * instruction that uses the stack; or the VMM has set its registers. Behind the
 * instruction that has made it exit it is where it was, as far as callers go.
 */
static bool is_stale(struct kvm_vcpu *vcpu)
{
	const struct kvm_guest_callchain *gc = &vcpu->guest_callchain;

	return is_guest_mode(vcpu) != gc->exit.nested ||
	       (mmu_is_nested(vcpu) && !is_guest_mode(vcpu)) ||
	       kvm_x86_call(get_cpl)(vcpu) != gc->exit.cpl ||
	       kvm_rsp_read(vcpu) != gc->exit.sp ||
	       kvm_rip_read(vcpu) - gc->exit.ip > MAX_INSN_SIZE;
}

/**
 * kvm_arch_guest_callchain() - walk a vCPU's stack
 * @vcpu:  loaded on this CPU
 * @chain: filled in; with PERF_GUEST_CALLCHAIN_STALE and no frames unless the registers
 *	   are those of the last exit
 *
 * Context: preemption and page faults off, SRCU held; not NMI.
 */
void kvm_arch_guest_callchain(struct kvm_vcpu *vcpu,
			      struct perf_guest_chain *chain)
{
	struct register_cache cache;
	struct guest_memory mem;

	/* SEV-ES and later: what KVM has is not the guest's state */
	if (vcpu->arch.guest_state_protected) {
		chain->flags |= PERF_GUEST_CALLCHAIN_PROTECTED;
		return;
	}

	/* it brings other guests' addresses and perf's into the cache */
	vcpu->arch.l1tf_flush_l1d = true;

	save_cache(vcpu, &cache);
	if (is_stale(vcpu)) {
		chain->flags |= PERF_GUEST_CALLCHAIN_STALE;
	} else {
		guest_memory_begin(&mem, vcpu, chain->flags & PERF_GUEST_CALLCHAIN_PREEMPTED);
		walk_stack(vcpu, &mem, chain);
		guest_memory_end(&mem);
	}
	restore_cache(vcpu, &cache);
}

/**
 * kvm_arch_guest_memory_is_readable() - is there anything in a guest's memory to be read?
 * @kvm: whose
 *
 * Return: false for SEV-ES and later; for an SEV-ES guest that was made by the ioctl from
 * before KVM_SEV_INIT2 not before it is launched, as KVM knows it by its vCPUs alone. What is
 * encrypted by SEV alone reads as noise.
 */
bool kvm_arch_guest_memory_is_readable(struct kvm *kvm)
{
	const struct kvm_vcpu *vcpu = kvm_get_vcpu(kvm, 0);

	return !kvm->arch.has_protected_state && !(vcpu && vcpu->arch.guest_state_protected);
}
