// SPDX-License-Identifier: GPL-2.0
/*
 * Guest callchains on x86: a vCPU's registers, address space and memory as the
 * unwinder wants them.
 */
#include <linux/highmem.h>
#include <linux/irq_work.h>
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>
#include <asm/asm.h>
#include <asm/extable_fixup_types.h>

#include "kvm_cache_regs.h"
#include "mmu.h"
#include "x86.h"
#include "../../../virt/kvm/unwind/sections.h"

/* As many pages as a walk under the runqueue lock may look at. */
#define NR_DONE		64

/**
 * struct done_pages - pages that a walk with the runqueue locked is done with
 * @work:  puts them. It cannot run before that lock is dropped.
 * @nr:    how many there are
 * @pages: with a reference each, which may be the last. To free a page takes locks, and may
 *	   wake up who waits for memory of its cgroup
 */
struct done_pages {
	struct irq_work work;
	unsigned int nr;
	struct page *pages[NR_DONE];
};

static void put_done_pages(struct irq_work *work)
{
	struct done_pages *done = container_of(work, struct done_pages, work);

	while (done->nr)
		put_page(done->pages[--done->nr]);
}

static DEFINE_PER_CPU(struct done_pages, done_pages);

/* This CPU's. No initializer: a module's per-CPU data have no addresses relocated. */
static struct done_pages *get_done_pages(void)
{
	struct done_pages *done = this_cpu_ptr(&done_pages);

	if (unlikely(!done->work.func))
		done->work = IRQ_WORK_INIT_HARD(put_done_pages);
	return done;
}

/* Of a walk's page tables these many are kept until its end: most are read again. */
#define NR_TABLES	8

/**
 * struct vcpu_memory - a walk's ctx
 * @vcpu:   whose memory
 * @slot:   the one that was found last
 * @gfns:   of @tables
 * @tables: the tables read last, by their gfn, NULL for none; with a reference
 * @held:   pages held so far, while @done is not NULL
 * @done:   where pages go that must not be put now; NULL if they may
 */
struct vcpu_memory {
	struct kvm_vcpu *vcpu;
	const struct kvm_memory_slot *slot;
	u64 gfns[NR_TABLES];
	struct page *tables[NR_TABLES];
	unsigned int held;
	struct done_pages *done;
};

/* The slot of @gfn, or NULL if what the VMM maps there is not what the guest sees. */
static const struct kvm_memory_slot *find_slot(struct vcpu_memory *mem, u64 gfn)
{
	const struct kvm_memory_slot *slot = mem->slot;

	if (unlikely(!slot || gfn - slot->base_gfn >= slot->npages)) {
		/*
		 * Not kvm_vcpu_gfn_to_memslot(): this may have been preempted in the midst
		 * of it, and the slot it keeps could then outlive the slots it is of.
		 */
		slot = search_memslots(kvm_vcpu_memslots(mem->vcpu), gfn, false);
		if (!slot || slot->flags & KVM_MEMSLOT_INVALID)
			return NULL;
		mem->slot = slot;
	}
	if (kvm_slot_can_be_private(slot) && kvm_mem_is_private(mem->vcpu->kvm, gfn))
		return NULL;
	return slot;
}

/* The lowest entry of the VMM's page tables for @hva, 0 if there is none. */
static pte_t host_entry(unsigned long hva)
{
	pte_t entry = __pte(0);
	unsigned long flags;
	pgd_t pgd;
	p4d_t p4d;
	pud_t pud;
	pmd_t pmd;

	/* as in mm/gup.c: no table is freed meanwhile; each entry is read once */
	local_irq_save(flags);
	pgd = READ_ONCE(*pgd_offset(current->mm, hva));
	if (pgd_none(pgd))
		goto out;
	p4d = READ_ONCE(*p4d_offset(&pgd, hva));
	if (!p4d_present(p4d))
		goto out;
	pud = READ_ONCE(*pud_offset(&p4d, hva));
	if (!pud_present(pud))
		goto out;
	entry = __pte(pud_val(pud));
	if (pud_leaf(pud))
		goto out;
	pmd = pmdp_get_lockless(pmd_offset(&pud, hva));
	entry = __pte(pmd_val(pmd));
	/* on a 32-bit host, the last tables may be out of reach */
	if (IS_ENABLED(CONFIG_HIGHPTE) || !pmd_present(pmd) || pmd_leaf(pmd))
		goto out;
	entry = ptep_get_lockless(pte_offset_kernel(&pmd, hva));
out:
	local_irq_restore(flags);
	return entry;
}

/* Every page that is held will have to be kept in @mem->done. */
static bool may_hold(struct vcpu_memory *mem)
{
	return likely(!mem->done) || ++mem->held + mem->done->nr <= NR_DONE;
}

/*
 * The struct page at @gfn, with a reference: what has none is no memory but a device's
 * registers, where reading has effects. No page is faulted in.
 *
 * Returns 0 or the reason why there is none.
 */
static u32 get_guest_page(struct vcpu_memory *mem, u64 gfn, struct page **page)
{
	const struct kvm_memory_slot *slot = find_slot(mem, gfn);
	unsigned long hva;
	pte_t entry;

	if (!slot)
		return PERF_GUEST_CALLCHAIN_UNREADABLE;
	if (!may_hold(mem))
		return PERF_GUEST_CALLCHAIN_BUDGET;
	hva = __gfn_to_hva_memslot(slot, gfn);
	if (likely(get_user_page_fast_only(hva, 0, page)))
		return 0;

	entry = host_entry(hva);
	if (!pte_present(entry) || !pte_special(entry))
		return PERF_GUEST_CALLCHAIN_UNREADABLE;
	if (!is_zero_pfn(pte_pfn(entry)))
		return PERF_GUEST_CALLCHAIN_DEVICE;
	/* what nobody has written yet */
	*page = ZERO_PAGE(hva);
	get_page(*page);
	return 0;
}

/* Either now or, with the runqueue locked, soon. */
static void put_guest_page(const struct vcpu_memory *mem, struct page *page)
{
	if (likely(!mem->done))
		put_page(page);
	else
		mem->done->pages[mem->done->nr++] = page;
}

/* The handle is the struct page. */
u32 guest_mem_map(void *ctx, u64 gfn, unsigned long *handle)
{
	struct page *page;
	u32 error = get_guest_page(ctx, gfn, &page);

	if (!error)
		*handle = (unsigned long)page;
	return error;
}

void guest_mem_unmap(void *ctx, unsigned long handle)
{
	put_guest_page(ctx, (struct page *)handle);
}

/*
 * A word of a guest's memory. Where the memory is broken, which should end the guest at most,
 * it is 0 and no reason to panic.
 */
static __always_inline u64 load_word(const void *addr)
{
#ifdef CONFIG_X86_64
	u64 word = 0;

	asm volatile("1: movq %1, %0\n"
		     "2:\n"
		     _ASM_EXTABLE_TYPE(1b, 2b, EX_TYPE_DEFAULT_MCE_SAFE)
		     : "+r" (word) : "m" (*(const u64 *)addr));
	return word;
#else
	return READ_ONCE(*(const u64 *)addr);
#endif
}

/* Not even a mispredicted branch may lead out of the page, which the guest could learn from. */
void guest_mem_read(void *ctx, unsigned long handle, unsigned int offset,
		    void *dst, unsigned int len)
{
	void *page = kmap_local_page((struct page *)handle);

	if (copy_mc_to_kernel(dst, page + array_index_nospec(offset, PAGE_SIZE - len + 1), len))
		memset(dst, 0, len);
	kunmap_local(page);
}

u32 guest_mem_entry(void *ctx, u64 gpa, void *entry, unsigned int len)
{
	struct vcpu_memory *mem = ctx;
	u64 gfn = gpa_to_gfn(gpa);
	unsigned int i = gfn % NR_TABLES;
	struct page *page = mem->tables[i];
	u32 error;

	if (!page || mem->gfns[i] != gfn) {
		error = get_guest_page(mem, gfn, &page);
		if (error)
			return error;
		if (mem->tables[i])
			put_guest_page(mem, mem->tables[i]);
		mem->tables[i] = page;
		mem->gfns[i] = gfn;
	}
	guest_mem_read(ctx, (unsigned long)page, offset_in_page(gpa), entry, len);
	return 0;
}

static void put_tables(struct vcpu_memory *mem)
{
	unsigned int i;

	for (i = 0; i < NR_TABLES; i++)
		if (mem->tables[i])
			put_guest_page(mem, mem->tables[i]);
}

/* Addresses are masked: what of them is the guest's choice stays in the page, see above. */
unsigned int guest_mem_frames(void *ctx, unsigned long handle, u64 bp,
			      struct guest_frame *frames, unsigned int max)
{
	const unsigned int in_page = (PAGE_SIZE - 1) & ~(sizeof(u64) - 1);
	void *page = kmap_local_page((struct page *)handle);
	const u64 last = guest_last_frame(bp);
	unsigned int nr = 0;

	for (;;) {
		frames->next = load_word(page + (bp & in_page));
		frames->ret = load_word(page + ((bp + sizeof(u64)) & in_page));
		if (++nr == max || !guest_frame_follows(bp, frames->next, last))
			break;
		bp = frames->next;
		frames++;
	}
	kunmap_local(page);
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
walk_stack(struct kvm_vcpu *vcpu, struct vcpu_memory *mem, struct perf_guest_chain *chain)
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

	walk.ctx = mem;
	walk.paging = &paging;
	walk.ips = chain->ips;
	walk.max = chain->max;
	walk.max_kernel = chain->max_kernel;
	walk.max_user = chain->max_user;
	walk.reads = chain->reads;
	walk.nr = 0;
	walk.frames = 0;
	walk.kernel_cut = false;
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
	struct vcpu_memory mem = { .vcpu = vcpu };
	const bool locked = chain->flags & PERF_GUEST_CALLCHAIN_PREEMPTED;
	struct register_cache cache;

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
		if (locked)
			mem.done = get_done_pages();
		walk_stack(vcpu, &mem, chain);
		put_tables(&mem);
		if (locked && mem.done->nr)
			irq_work_queue(&mem.done->work);
	}
	restore_cache(vcpu, &cache);
}
