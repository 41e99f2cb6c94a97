// SPDX-License-Identifier: GPL-2.0
/*
 * A guest's memory on x86 as the unwinder reads it: through the struct page of what the VMM
 * has mapped there, never faulting it in, never written to.
 */
#include <linux/hash.h>
#include <linux/highmem.h>
#include <linux/irq_work.h>
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/nospec.h>

#include "guest_memory.h"
#include "guest_page.h"
#include "../../../virt/kvm/unwind/guest_unwind.h"

/* Where a page is looked for among those that are known, from the hash of its gfn on. */
#define KNOWN_WAYS	4

/* As many pages as a walk under the runqueue lock may hold. */
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

/* Room in @mem->done for a page that is about to be held, which must be put there. */
static bool reserve_room(struct guest_memory *mem)
{
	if (likely(!mem->done))
		return true;
	if (mem->reserved + mem->done->nr == NR_DONE)
		return false;
	mem->reserved++;
	return true;
}

/* No page is held after all. */
static void free_room(struct guest_memory *mem)
{
	if (unlikely(mem->done))
		mem->reserved--;
}

/* Either now or, with the runqueue locked, soon. */
static void put_guest_page(struct guest_memory *mem, struct page *page)
{
	if (likely(!mem->done)) {
		put_page(page);
		return;
	}
	free_room(mem);
	mem->done->pages[mem->done->nr++] = page;
}

/* The slot of @gfn, or NULL if what the VMM maps there is not what the guest sees. */
static const struct kvm_memory_slot *find_slot(struct guest_memory *mem, u64 gfn)
{
	const struct kvm_memory_slot *slot = guest_page_slot(mem->slots, &mem->slot, gfn);

	if (slot && kvm_slot_can_be_private(slot) && kvm_mem_is_private(mem->vcpu->kvm, gfn))
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

/*
 * The struct page at @gfn, with a reference: what has none is no memory but a device's
 * registers, where reading has effects. No page is faulted in.
 *
 * Returns 0 or the reason why there is none.
 */
static u32 find_page(struct guest_memory *mem, u64 gfn, struct page **page)
{
	const struct kvm_memory_slot *slot = find_slot(mem, gfn);
	unsigned long hva;
	bool special;
	pte_t entry;

	if (!slot)
		return PERF_GUEST_CALLCHAIN_UNREADABLE;
	if (!reserve_room(mem))
		return PERF_GUEST_CALLCHAIN_BUDGET;
	hva = __gfn_to_hva_memslot(slot, gfn);
	if (likely(get_user_page_fast_only(hva, 0, page)))
		return 0;

	entry = host_entry(hva);
	special = pte_present(entry) && pte_special(entry);
	if (special && is_zero_pfn(pte_pfn(entry))) {
		/* what nobody has written yet */
		*page = ZERO_PAGE(hva);
		get_page(*page);
		return 0;
	}
	free_room(mem);
	return special ? PERF_GUEST_CALLCHAIN_DEVICE : PERF_GUEST_CALLCHAIN_UNREADABLE;
}

/* Has something of the VMM's memory moved since, or is about to? 0 if not. */
static __always_inline unsigned long has_moved(const struct guest_memory *mem)
{
	const struct kvm *kvm = mem->vcpu->kvm;
	unsigned long moved = READ_ONCE(kvm->mmu_invalidate_in_progress);

	return moved | (READ_ONCE(kvm->mmu_invalidate_seq) ^ mem->known->seq);
}

static __always_inline unsigned int known_way(u64 gfn, unsigned int way)
{
	return hash_64(gfn, KVM_GUEST_PAGES_LOG2) ^ way;
}

/* The page that was at @gfn when it was last looked for, NULL if that is not known. */
static __always_inline struct page *known_page(const struct guest_memory *mem, u64 gfn)
{
	unsigned int way, i;

	for (way = 0; way < KNOWN_WAYS; way++) {
		i = known_way(gfn, way);
		if (likely(mem->known->gfns[i] == gfn))
			return mem->known->pages[i];
	}
	return NULL;
}

/* A device's memory may go without notice: it is looked for each time. */
static void remember_page(struct guest_memory *mem, u64 gfn, struct page *page)
{
	struct kvm_guest_pages *known = mem->known;
	unsigned int way, i;

	if (is_zone_device_page(page))
		return;
	for (way = 0; way < KNOWN_WAYS; way++) {
		i = known_way(gfn, way);
		if (!known->pages[i] || known->gfns[i] == gfn)
			break;
	}
	if (way == KNOWN_WAYS)
		i = known_way(gfn, 0);
	known->gfns[i] = gfn;
	known->pages[i] = page;
}

/*
 * Take a reference of a page that was the guest's at an earlier walk. If the VMM does not
 * have it any more it may be another's by now, or nobody's. First the reference, then the
 * look: what is still known then cannot go away.
 */
static bool hold_known(struct guest_memory *mem, struct page *page)
{
	struct folio *folio;

	if (has_moved(mem) || !reserve_room(mem))
		return false;
	folio = page_folio(page);
	if (!folio_try_get(folio)) {
		free_room(mem);
		return false;
	}
	if (likely(folio == page_folio(page) && !has_moved(mem)))
		return true;
	put_guest_page(mem, &folio->page);
	return false;
}

/* Known from another walk, or by find_page(), which takes several times as long. */
static u32 hold_guest_page(struct guest_memory *mem, u64 gfn, struct page **page)
{
	u32 error;

	*page = known_page(mem, gfn);
	if (likely(*page && hold_known(mem, *page)))
		return 0;
	error = find_page(mem, gfn, page);
	if (!error)
		remember_page(mem, gfn, *page);
	return error;
}

/**
 * guest_memory_begin() - before a walk
 * @mem:    of the walk
 * @vcpu:   whose memory
 * @locked: the runqueue is: pages are put later
 *
 * Forgets pages that may not be where they were.
 *
 * Context: preemption and page faults off, SRCU held; not NMI.
 */
void guest_memory_begin(struct guest_memory *mem, struct kvm_vcpu *vcpu, bool locked)
{
	struct kvm_guest_pages *known = &vcpu->guest_callchain.known;

	*mem = (struct guest_memory) {
		.vcpu = vcpu,
		.known = known,
		.slots = kvm_vcpu_memslots(vcpu),
		.done = locked ? get_done_pages() : NULL,
	};
	if (!has_moved(mem) && known->generation == mem->slots->generation)
		return;
	memset(known->pages, 0, sizeof(known->pages));
	known->generation = mem->slots->generation;
	known->seq = READ_ONCE(vcpu->kvm->mmu_invalidate_seq);
	/* before the first page is looked for, in tables that may be about to change */
	smp_rmb();
}

/**
 * guest_memory_end() - after a walk that has unmapped all its pages
 * @mem: of guest_memory_begin()
 */
void guest_memory_end(struct guest_memory *mem)
{
	if (unlikely(mem->done && mem->done->nr))
		irq_work_queue(&mem->done->work);
}

/* The handle is the struct page, with a reference. */
u32 guest_mem_map(void *ctx, u64 gfn, unsigned long *handle)
{
	return hold_guest_page(ctx, gfn, (struct page **)handle);
}

void guest_mem_unmap(void *ctx, unsigned long handle)
{
	put_guest_page(ctx, (struct page *)handle);
}

void guest_mem_read(void *ctx, unsigned long handle, unsigned int offset,
		    void *dst, unsigned int len)
{
	void *page = kmap_local_page((struct page *)handle);

	guest_page_read(page, offset, dst, len);
	kunmap_local(page);
}

/*
 * To hold a page for a single word takes longer than to read it. A page that is still known
 * afterwards was the guest's when it was read. What is read of another's, or of one that has
 * gone, is not used: not even where the branch below is mispredicted, for it is 0 then.
 */
static __always_inline bool read_known(const struct guest_memory *mem, u64 gpa, u64 *word)
{
	struct page *page = known_page(mem, gpa_to_gfn(gpa));
	unsigned long moved;
	void *table;

	if (unlikely(!page))
		return false;
	table = kmap_local_page(page);
	*word = guest_page_word(table, gpa);
	kunmap_local(table);
	/* first the word, then the look */
	smp_rmb();
	moved = has_moved(mem);
	*word &= array_index_mask_nospec(moved, 1);
	return likely(!moved);
}

static noinline u32 read_unknown(struct guest_memory *mem, u64 gpa, void *entry,
				 unsigned int len)
{
	unsigned long handle;
	u32 error = guest_mem_map(mem, gpa_to_gfn(gpa), &handle);

	if (error)
		return error;
	guest_mem_read(mem, handle, offset_in_page(gpa), entry, len);
	guest_mem_unmap(mem, handle);
	return 0;
}

u32 guest_mem_entry(void *ctx, u64 gpa, void *entry, unsigned int len)
{
	if (likely(len == sizeof(u64)) && read_known(ctx, gpa, entry))
		return 0;
	return read_unknown(ctx, gpa, entry, len);
}

void guest_mem_frames(void *ctx, unsigned long handle, struct guest_frames *frames)
{
	void *page = kmap_local_page((struct page *)handle);

	guest_follow_frames(frames, guest_page_load, page);
	kunmap_local(page);
}
