// SPDX-License-Identifier: GPL-2.0
/*
 * x86 page tables: Intel SDM vol. 3A chapter 4 and vol. 3C "The Extended Page
 * Table Mechanism (EPT)", AMD APM vol. 2 chapter 5 and section "Nested Paging".
 *
 * The tables are read as the CPU would read them, except that nothing is
 * written: an accessed or dirty bit set from here would change the guest. What
 * the guest may do with a page (write, user, no-execute) does not matter, since
 * the profiler stands outside of it. Nor does how wide a physical address is: beyond what
 * the guest believes, it is the hardware that counts, and there is no memory there.
 */
#include "guest_unwind.h"

#define BITS_BELOW(n)	((1ULL << (n)) - 1)
#define BITS(hi, lo)	((~0ULL >> (63 - (hi))) & ~BITS_BELOW(lo))

#define PTE_PRESENT	BITS(0, 0)
#define PTE_PS		BITS(7, 7)
#define PTE_ADDR	BITS(51, 12)

#define PAE_ROOT	BITS(31, 5)

#define EPT_PRESENT	BITS(2, 0)	/* readable, writable or executable */
#define EPT_RW		BITS(1, 0)
#define EPT_WRITE_ONLY	BITS(1, 1)

/* PAE: no flags yet. A CPU would not let bit 5 pass either, but QEMU marks accesses there */
#define PDPTE_RESERVED	(BITS(2, 1) | BITS(8, 6))

static u32 walk_tables(struct guest_walk *walk, const struct guest_paging *p,
		       const struct guest_paging *nested, u64 addr, u64 *phys);

/* Read the @len bytes of a table entry at physical address @addr. */
static inline u32 read_entry(struct guest_walk *walk, const struct guest_paging *nested,
			     u64 addr, void *entry, unsigned int len)
{
	u32 error;

	if (unlikely(nested)) {
		/* a nested space's own tables are in host-given memory */
		error = walk_tables(walk, nested, NULL, addr, &addr);
		if (error)
			return error;
	}
	if (!guest_may_read(walk))
		return PERF_GUEST_CALLCHAIN_BUDGET;
	return guest_mem_entry(walk->ctx, addr, entry, len);
}

/* Two levels of four-byte entries. */
static u32 walk_32(struct guest_walk *walk, const struct guest_paging *p,
		   const struct guest_paging *nested, u64 addr, u64 *phys)
{
	u64 high;
	u32 error, e;

	error = read_entry(walk, nested, (p->root & BITS(31, 12)) + (addr >> 22) * 4,
			   &e, sizeof(e));
	if (error)
		return error;
	if (!(e & PTE_PRESENT))
		return PERF_GUEST_CALLCHAIN_UNMAPPED;

	if (p->pse && (e & PTE_PS)) {
		/* PSE-36: bits 13 to 20 are bits 32 to 39 of the address */
		high = (e & BITS(20, 13)) << 19;
		if (e & BITS(21, 21))
			return PERF_GUEST_CALLCHAIN_BAD_PTE;
		*phys = high | (e & BITS(31, 22)) | (addr & BITS(21, 0));
		return 0;
	}

	error = read_entry(walk, nested, (e & BITS(31, 12)) + ((addr >> 12) & 1023) * 4,
			   &e, sizeof(e));
	if (error)
		return error;
	if (!(e & PTE_PRESENT))
		return PERF_GUEST_CALLCHAIN_UNMAPPED;
	*phys = (e & BITS(31, 12)) | (addr & BITS(11, 0));
	return 0;
}

/**
 * struct table_format - what tells the eight-byte formats apart
 * @present: an entry with none of these bits is not present
 * @large:   the highest level whose entries may map a page
 * @top:     the level of the root
 * @reserved: never set in any entry
 * @suspect: an entry with none of these bits has no reserved one set
 * @ept:     memory types instead of PWT, PCD and PAT
 * @pae:     the top level has a format of its own
 */
struct table_format {
	u64 present;
	u64 reserved;
	u64 suspect;
	u8 top;
	u8 large;
	bool ept;
	bool pae;
};

static const struct table_format format_pae = {
	.present = PTE_PRESENT, .reserved = BITS(62, 52), .suspect = ~0ULL,
	.top = 3, .large = 2, .pae = true,
};

static const struct table_format format_4level = {
	.present = PTE_PRESENT, .suspect = PTE_PS, .top = 4, .large = 3,
};

static const struct table_format format_5level = {
	.present = PTE_PRESENT, .suspect = PTE_PS, .top = 5, .large = 3,
};

static const struct table_format format_ept4 = {
	.present = EPT_PRESENT, .suspect = ~0ULL, .top = 4, .large = 3, .ept = true,
};

static const struct table_format format_ept5 = {
	.present = EPT_PRESENT, .suspect = ~0ULL, .top = 5, .large = 3, .ept = true,
};

/* The bits that must be clear in an entry of @level, apart from its address. */
static u64 reserved_bits(const struct table_format *f, int level, bool leaf)
{
	u64 page_bits;

	if (unlikely(f->pae && level == f->top))
		return PDPTE_RESERVED | BITS(63, 52);
	if (!leaf)
		return f->reserved | (f->ept ? BITS(7, 3) : level > f->large ? PTE_PS : 0);
	if (level == 1)
		return f->reserved;
	/* bit 12 of a large page is PAT, which EPT does not have */
	page_bits = BITS_BELOW(12 + 9 * (level - 1));
	return f->reserved | (page_bits & ~BITS_BELOW(f->ept ? 12 : 13));
}

/* EPT misconfigurations which are not a matter of reserved bits. */
static bool ept_bad(u64 e, bool leaf)
{
	unsigned int type = (e >> 3) & 7;

	if ((e & EPT_RW) == EPT_WRITE_ONLY)
		return true;
	return leaf && (type == 2 || type == 3 || type == 7);
}

static bool bad_entry(const struct table_format *f, int level, bool leaf, u64 e)
{
	return (e & reserved_bits(f, level, leaf)) || (f->ept && ept_bad(e, leaf));
}

/*
 * Three to five levels of eight-byte entries. The pages of a stack are mostly in
 * one lowest-level table: the guest's own last one is remembered for the walk.
 */
static u32 walk_64(struct guest_walk *walk, const struct guest_paging *p,
		   const struct guest_paging *nested,
		   const struct table_format *f, u64 addr, u64 *phys)
{
	u64 table = p->root & (f->pae ? PAE_ROOT : PTE_ADDR);
	unsigned int shift = 12 + 9 * (f->top - 1);
	int level = f->top;
	bool leaf;
	u32 error;
	u64 e;

	if (p == walk->paging && walk->table_of == (addr >> 21) + 1) {
		table = walk->table;
		level = 1;
		shift = 12;
	}

	for (;; level--, shift -= 9) {
		error = read_entry(walk, nested, table + ((addr >> shift) & 511) * 8,
				   &e, sizeof(e));
		if (error)
			return error;
		if (!(e & f->present))
			return PERF_GUEST_CALLCHAIN_UNMAPPED;

		leaf = level == 1 || ((e & PTE_PS) && level <= f->large);
		if (unlikely(e & f->suspect) && bad_entry(f, level, leaf, e))
			return PERF_GUEST_CALLCHAIN_BAD_PTE;
		if (leaf)
			break;
		table = e & PTE_ADDR;
	}

	if (level == 1 && p == walk->paging) {
		walk->table_of = (addr >> 21) + 1;
		walk->table = table;
	}
	*phys = (e & PTE_ADDR & ~BITS_BELOW(shift)) | (addr & BITS_BELOW(shift));
	return 0;
}

/*
 * Translate @addr, which the width of @p's addresses has been checked for.
 * @nested is where @p's tables are, NULL for real guest-physical memory: only
 * guest_translate() passes one, so this goes two deep and no deeper.
 */
static u32 walk_mode(struct guest_walk *walk, const struct guest_paging *p,
		     const struct guest_paging *nested, u64 addr, u64 *phys)
{
	switch (p->mode) {
	case GUEST_PAGING_NONE:
		*phys = addr;
		return 0;
	case GUEST_PAGING_32:
		return walk_32(walk, p, nested, addr, phys);
	case GUEST_PAGING_PAE:
		return walk_64(walk, p, nested, &format_pae, addr, phys);
	case GUEST_PAGING_4LEVEL:
		return walk_64(walk, p, nested, &format_4level, addr, phys);
	case GUEST_PAGING_5LEVEL:
		return walk_64(walk, p, nested, &format_5level, addr, phys);
	case GUEST_PAGING_EPT4:
		return walk_64(walk, p, nested, &format_ept4, addr, phys);
	case GUEST_PAGING_EPT5:
		return walk_64(walk, p, nested, &format_ept5, addr, phys);
	}
	return PERF_GUEST_CALLCHAIN_NO_WALK;
}

/* Width of the addresses @p translates. */
static unsigned int address_bits(const struct guest_paging *p)
{
	switch (p->mode) {
	case GUEST_PAGING_4LEVEL:
	case GUEST_PAGING_EPT4:
		return 48;
	case GUEST_PAGING_5LEVEL:
	case GUEST_PAGING_EPT5:
		return 57;
	default:
		return 32;
	}
}

/* A guest-physical address is not sign-extended, unlike a linear one. */
static u32 walk_tables(struct guest_walk *walk, const struct guest_paging *p,
		       const struct guest_paging *nested, u64 addr, u64 *phys)
{
	if (p->mode != GUEST_PAGING_NONE && addr >> address_bits(p))
		return PERF_GUEST_CALLCHAIN_UNMAPPED;
	return walk_mode(walk, p, nested, addr, phys);
}

/* Is @gva one that @p has, sign-extended in the modes of 64-bit code? */
static bool is_canonical(const struct guest_paging *p, u64 gva)
{
	unsigned int bits = address_bits(p);
	u64 high = gva >> (bits - 1);

	if (p->mode == GUEST_PAGING_4LEVEL || p->mode == GUEST_PAGING_5LEVEL)
		return high == 0 || high == BITS_BELOW(65 - bits);
	return gva >> bits == 0;
}

u32 guest_translate(struct guest_walk *walk, u64 gva, u64 *gpa)
{
	const struct guest_paging *p = walk->paging;
	u32 error;

	if (!is_canonical(p, gva))
		return PERF_GUEST_CALLCHAIN_NONCANONICAL;
	error = walk_mode(walk, p, p->nested, gva, gpa);
	if (error || !p->nested)
		return error;
	return walk_tables(walk, p->nested, NULL, *gpa, gpa);
}

u64 guest_address_space(const struct guest_paging *p)
{
	switch (p->mode) {
	case GUEST_PAGING_NONE:
		return 0;
	case GUEST_PAGING_32:
		return p->root & BITS(31, 12);
	case GUEST_PAGING_PAE:
		return p->root & PAE_ROOT;
	default:
		return p->root & PTE_ADDR;
	}
}
