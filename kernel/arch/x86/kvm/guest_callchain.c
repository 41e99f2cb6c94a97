// SPDX-License-Identifier: GPL-2.0
/*
 * Guest callchains on x86: a vCPU's registers, address space and memory as the
 * unwinder wants them.
 */
#include <linux/kvm_host.h>
#include <linux/uaccess.h>

#include "cpuid.h"
#include "kvm_cache_regs.h"
#include "mmu.h"
#include "x86.h"
#include "../../../virt/kvm/unwind/sections.h"

/* A walk's ctx: whose memory, and the slot that was found last. */
struct vcpu_memory {
	struct kvm_vcpu *vcpu;
	const struct kvm_memory_slot *slot;
};

/* Where a page is in the VMM's memory, or 0. */
static inline unsigned long page_hva(struct vcpu_memory *mem, u64 gfn)
{
	const struct kvm_memory_slot *slot = mem->slot;

	if (unlikely(!slot || gfn - slot->base_gfn >= slot->npages)) {
		slot = kvm_vcpu_gfn_to_memslot(mem->vcpu, gfn);
		if (!slot || slot->flags & KVM_MEMSLOT_INVALID)
			return 0;
		mem->slot = slot;
	}

	/* what the VMM maps in its place is not what the guest sees */
	if (kvm_slot_can_be_private(slot) &&
	    kvm_mem_is_private(mem->vcpu->kvm, gfn))
		return 0;

	return __gfn_to_hva_memslot(slot, gfn);
}

/* The handle is the page's address in the VMM. */
unsigned long guest_mem_map(void *ctx, u64 gfn)
{
	return page_hva(ctx, gfn);
}

/* Page faults are off. Memory slots were checked to be in user space when they were made. */
int guest_mem_read(void *ctx, unsigned long hva, unsigned int offset,
		   void *dst, unsigned int len)
{
	return __copy_from_user_inatomic(dst, (void __user *)(hva + offset), len) ? -1 : 0;
}

int guest_mem_entry(void *ctx, u64 gpa, void *entry, unsigned int len)
{
	unsigned long hva = page_hva(ctx, gpa_to_gfn(gpa));
	unsigned int offset = offset_in_page(gpa);
	const u64 __user *src = (void __user *)(hva + offset);

	if (!hva)
		return -1;
	if (len != sizeof(u64))
		return guest_mem_read(ctx, hva, offset, entry, len);

	if (!user_read_access_begin(src, sizeof(u64)))
		return -1;
	unsafe_get_user(*(u64 *)entry, src, fault);
	user_read_access_end();
	return 0;
fault:
	user_read_access_end();
	return -1;
}

unsigned int guest_mem_frames(void *ctx, unsigned long hva, u64 bp,
			      struct guest_frame *frames, unsigned int max)
{
	const struct guest_frame __user *src;
	const u64 last = guest_last_frame(bp);
	/* from the guest's address to the VMM's */
	const u64 here = hva - (bp & ~(u64)(GUEST_PAGE_SIZE - 1));
	unsigned int nr = 0;
	u64 next;

	if (!user_read_access_begin((void __user *)hva, GUEST_PAGE_SIZE))
		return 0;
	do {
		src = (void __user *)(unsigned long)(bp + here);
		unsafe_get_user(next, &src->next, fault);
		unsafe_get_user(frames->ret, &src->ret, fault);
		frames->next = next;
		frames++;
		nr++;
		if (!guest_frame_follows(bp, next, last))
			break;
		bp = next;
	} while (nr < max);
fault:
	user_read_access_end();
	return nr;
}

static void vcpu_regs(struct kvm_vcpu *vcpu, struct guest_regs *regs)
{
	int db = 0, l = 0;

	regs->ip = kvm_rip_read(vcpu);
	regs->sp = kvm_rsp_read(vcpu);
	regs->bp = kvm_rbp_read(vcpu);
	regs->cpl = kvm_x86_call(get_cpl)(vcpu);
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
	paging->phys_bits = cpuid_maxphyaddr(vcpu);
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
 * guest: EPT if the hypervisor runs on VMX, tables as above on SVM.
 */
static void nested_paging(struct kvm_vcpu *vcpu, struct guest_paging *paging)
{
	const struct kvm_mmu *mmu = vcpu->arch.mmu;
	int level = mmu->cpu_role.base.level;

	paging->root = mmu->get_guest_pgd(vcpu);
	paging->phys_bits = cpuid_maxphyaddr(vcpu);
	paging->pse = true;
	paging->nested = NULL;

	if (cpu_feature_enabled(X86_FEATURE_VMX))
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

static void walk_stack(struct kvm_vcpu *vcpu, struct perf_guest_chain *chain)
{
	struct vcpu_memory mem = { .vcpu = vcpu };
	struct guest_paging paging, nested;
	struct guest_regs regs;
	/* large, and its tlb is counted by translations */
	struct guest_walk walk __uninitialized;

	vcpu_regs(vcpu, &regs);
	vcpu_paging(vcpu, &paging);
	if (mmu_is_nested(vcpu)) {
		nested_paging(vcpu, &nested);
		paging.nested = &nested;
	}

	walk.ctx = &mem;
	walk.paging = &paging;
	walk.ips = chain->ips;
	walk.max = chain->max;
	walk.max_frames = chain->max_frames;
	walk.nr = 0;
	walk.frames = 0;
	walk.flags = 0;
	walk.translations = 0;
	walk.table_of = 0;
	walk.last.page = 0;
	if (chain->sections && !is_guest_mode(vcpu)) {
		unwind_sections(vcpu, chain, &walk, &regs);
	} else {
		/* nobody has tables for the kernel of a guest's guest */
		guest_unwind(&walk, &regs);
	}

	chain->user = regs.cpl == 3;
	chain->root = paging.root;
	chain->nr = walk.nr;
	chain->frames = walk.frames;
	chain->flags |= walk.flags;
}

/**
 * kvm_arch_guest_callchain() - walk a vCPU's stack
 * @vcpu:  loaded on this CPU; its registers are those of the last exit
 * @chain: filled in
 *
 * Context: preemption and page faults off, SRCU held.
 */
void kvm_arch_guest_callchain(struct kvm_vcpu *vcpu,
			      struct perf_guest_chain *chain)
{
	struct register_cache cache;

	if (is_guest_mode(vcpu))
		chain->flags |= PERF_GUEST_CALLCHAIN_NESTED;

	/* SEV-ES and later: what KVM has is not the guest's state */
	if (vcpu->arch.guest_state_protected) {
		chain->flags |= PERF_GUEST_CALLCHAIN_PROTECTED;
		return;
	}

	save_cache(vcpu, &cache);
	walk_stack(vcpu, chain);
	restore_cache(vcpu, &cache);
}
