// SPDX-License-Identifier: GPL-2.0
/*
 * ORC tables of a guest's kernel and modules: made from the files, moved to where
 * the guest has them, looked up by address.
 */
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include "guest/untrusted/elf.h"
#include "guest/unwind/orc-layout.h"
#include "guest/unwind/orc-table.h"

/* Far more than any kernel has: Debian's 6.12 has 440,000 entries. */
#define MAX_ENTRIES	(16U << 20)
#define MAX_TABLES	4096

/*
 * The look-up's index is by blocks of code, of 1 << BLOCK_SHIFT bytes. Where entries
 * are far apart, blocks are larger: there are BLOCK_ENTRIES for each one on average,
 * so that the index adds no more than a tenth to the table, whatever a guest has in it.
 */
#define BLOCK_SHIFT	8
#define BLOCK_ENTRIES	4

/* KASLR moves the kernel by multiples of this, within 1 GiB. */
#define KASLR_STEP	0x200000ULL
#define KASLR_MAX	0x40000000ULL

/*
 * Retpolines (__x86_indirect_thunk_*): a call that goes to the instruction behind
 * a trap, where what it has pushed is replaced by where to jump. The tables say
 * that there is nothing to unwind by, as the kernel never stops there; a sample does.
 */
#define MAX_RETPOLINES	64
#define RETPOLINE_ALIGN	16
#define RETPOLINE_SIZE	32
#define RETPOLINE_CALL	5

static const struct guest_orc_entry retpoline_entries[] = {
	/* at the call, as at the begin of any function */
	{ .type = GUEST_ORC_CALL, .sp_reg = GUEST_ORC_REG_SP, .sp_offset = 8 },
	/* behind it */
	{ .type = GUEST_ORC_CALL, .sp_reg = GUEST_ORC_REG_SP, .sp_offset = 16 },
};

/**
 * struct table - of the kernel or a module
 * @start, @end: the code it is for
 * @base:	 what @ips are relative to
 * @nr:		 of entries
 * @ips:	 where each entry's code begins, ascending
 * @entries:	 in the same order
 * @shift:	 blocks of code are of 1 << @shift bytes, the first one at @base
 * @nr_blocks:	 up to the one with the last entry
 * @blocks:	 the entry for each one's first byte; one more for the end
 */
struct table {
	u64 start, end;
	u64 base;
	u32 nr;
	u32 *ips;
	struct guest_orc_entry *entries;
	unsigned int shift;
	u32 nr_blocks;
	u32 *blocks;
};

/**
 * struct guest_orc
 * @layout: of the kernel's tables and its modules', while they are made
 * @tables: ordered by address, not overlapping
 * @retpolines: the kernel's, ascending
 */
struct guest_orc {
	struct guest_orc_layout layout;
	unsigned int nr, nr_retpolines;
	struct table *tables;
	u64 retpolines[MAX_RETPOLINES];
};

/**
 * struct raw_table - a table as it is read
 * @ips:   address of each entry's code; 0 if it has none
 * @order: indices of those that have one, by address
 * @layout: of @unwind
 */
struct raw_table {
	struct guest_elf elf;
	struct guest_elf_section ip, unwind;
	unsigned int ip_index;
	const struct guest_orc_layout *layout;
	u32 nr, nr_used;
	u64 *ips;
	u32 *order;
	const char *why;
};

static int fail(struct raw_table *raw, int err, const char *why)
{
	raw->why = why;
	return err;
}

struct guest_orc *guest_orc__new(void)
{
	return calloc(1, sizeof(struct guest_orc));
}

static void table__exit(struct table *t)
{
	free(t->ips);
	free(t->entries);
	free(t->blocks);
}

void guest_orc__delete(struct guest_orc *orc)
{
	unsigned int i;

	if (!orc)
		return;
	for (i = 0; i < orc->nr; i++)
		table__exit(&orc->tables[i]);
	free(orc->tables);
	free(orc);
}

static size_t table__memory(const struct table *t)
{
	return sizeof(*t) + t->nr * (sizeof(*t->ips) + sizeof(*t->entries)) +
	       (t->nr_blocks + 1) * sizeof(*t->blocks);
}

static bool raw_entry(const struct raw_table *raw, u32 i, struct guest_orc_entry *e)
{
	return guest_orc_layout__entry(raw->layout, raw->unwind.data + (u64)i * raw->layout->size,
				       e);
}

static bool entry_valid(const struct guest_orc_entry *e)
{
	return e->type <= GUEST_ORC_REGS_PARTIAL && e->sp_reg <= GUEST_ORC_REG_SP_INDIRECT &&
	       e->bp_reg <= GUEST_ORC_REG_SP_INDIRECT;
}

static int check_entries(struct raw_table *raw, const struct guest_orc_layout *layout)
{
	struct guest_orc_entry e;
	u32 i;

	raw->layout = layout;
	if (raw->unwind.size != (u64)raw->nr * layout->size)
		return fail(raw, -EINVAL, "damaged ORC tables");
	for (i = 0; i < raw->nr; i++) {
		if (!raw_entry(raw, i, &e) || !entry_valid(&e))
			return fail(raw, -EINVAL, "damaged ORC tables");
	}
	return 0;
}

static int kernel_layout(struct raw_table *raw, struct guest_orc_layout *layout)
{
	if (!guest_orc_layout__find(layout, &raw->elf))
		return fail(raw, -ENOTSUP, "unknown layout of ORC tables");
	return check_entries(raw, layout);
}

/* Find the sections. */
static int raw_table__open(struct raw_table *raw, const void *elf, size_t size)
{
	if (!guest_elf__open(&raw->elf, elf, size))
		return fail(raw, -EINVAL, "no ELF file for x86-64");
	if (!guest_elf__find(&raw->elf, ".orc_unwind", &raw->unwind, NULL) ||
	    !guest_elf__find(&raw->elf, ".orc_unwind_ip", &raw->ip, &raw->ip_index))
		return fail(raw, -ENOENT, "no ORC tables");
	if (!raw->unwind.data || !raw->ip.data || raw->ip.size % sizeof(s32) ||
	    raw->ip.size / sizeof(s32) > MAX_ENTRIES)
		return fail(raw, -EINVAL, "damaged ORC tables");

	raw->nr = raw->ip.size / sizeof(s32);
	raw->ips = calloc(raw->nr ?: 1, sizeof(*raw->ips));
	raw->order = malloc((raw->nr ?: 1) * sizeof(*raw->order));
	return raw->ips && raw->order ? 0 : fail(raw, -ENOMEM, "out of memory");
}

static void raw_table__exit(struct raw_table *raw)
{
	free(raw->ips);
	free(raw->order);
}

static int check_build_id(struct raw_table *raw, const char *section,
			  const struct guest_build_id *want)
{
	struct guest_elf_section notes;
	const u8 *id;
	size_t size;

	if (!want)
		return 0;
	if (!guest_elf__find(&raw->elf, section, &notes, NULL))
		return fail(raw, -ESTALE, "no build-id");
	size = guest_elf__build_id(&notes, &id);
	if (!size || size != want->size || memcmp(id, want->data, size))
		return fail(raw, -ESTALE, "another build-id than the guest's");
	return 0;
}

static bool is_terminator(const struct raw_table *raw, u32 i)
{
	struct guest_orc_entry e;

	return raw_entry(raw, i, &e) && e.type == GUEST_ORC_UNDEFINED;
}

/*
 * By address. A terminator, which ends the code of an object file, goes before an
 * entry for the same address, so that the look-up, which takes the last one, never
 * finds it.
 */
static int cmp_order(const void *a, const void *b, void *arg)
{
	const struct raw_table *raw = arg;
	u32 i = *(const u32 *)a, j = *(const u32 *)b;
	bool weak_i, weak_j;

	if (raw->ips[i] != raw->ips[j])
		return raw->ips[i] < raw->ips[j] ? -1 : 1;
	weak_i = is_terminator(raw, i);
	weak_j = is_terminator(raw, j);
	if (weak_i != weak_j)
		return weak_i ? -1 : 1;
	return i < j ? -1 : i > j;
}

static void sort_order(struct raw_table *raw)
{
	bool sorted = true;
	u32 i;

	raw->nr_used = 0;
	for (i = 0; i < raw->nr; i++) {
		if (!raw->ips[i])
			continue;
		raw->order[raw->nr_used] = i;
		if (raw->nr_used && sorted)
			sorted = cmp_order(&raw->order[raw->nr_used - 1],
					   &raw->order[raw->nr_used], raw) <= 0;
		raw->nr_used++;
	}
	/* the build has sorted the kernel's already */
	if (!sorted)
		qsort_r(raw->order, raw->nr_used, sizeof(*raw->order), cmp_order, raw);
}

static bool index_blocks(struct table *t)
{
	u64 last = t->ips[t->nr - 1];
	u32 block, i = 0;

	for (t->shift = BLOCK_SHIFT; last >> t->shift > t->nr / BLOCK_ENTRIES; )
		t->shift++;
	t->nr_blocks = (last >> t->shift) + 1;
	t->blocks = malloc((t->nr_blocks + 1) * sizeof(*t->blocks));
	if (!t->blocks)
		return false;
	for (block = 0; block <= t->nr_blocks; block++) {
		while (i + 1 < t->nr && t->ips[i + 1] <= (u64)block << t->shift)
			i++;
		t->blocks[block] = i;
	}
	return true;
}

/* Make a table for the code of [@t->start, @t->end). */
static int fill_table(struct raw_table *raw, struct table *t)
{
	u64 last;
	u32 i;

	sort_order(raw);
	if (!raw->nr_used || t->start >= t->end)
		return fail(raw, -ENOENT, "no ORC entries");
	t->base = raw->ips[raw->order[0]];
	last = raw->ips[raw->order[raw->nr_used - 1]];
	if (t->base < t->start || last > t->end || last - t->base > UINT32_MAX)
		return fail(raw, -EINVAL, "ORC entries for what is no code");

	t->ips = malloc(raw->nr_used * sizeof(*t->ips));
	t->entries = malloc(raw->nr_used * sizeof(*t->entries));
	if (!t->ips || !t->entries) {
		table__exit(t);
		return fail(raw, -ENOMEM, "out of memory");
	}
	t->nr = raw->nr_used;
	for (i = 0; i < t->nr; i++) {
		t->ips[i] = raw->ips[raw->order[i]] - t->base;
		raw_entry(raw, raw->order[i], &t->entries[i]);
	}
	if (!index_blocks(t)) {
		table__exit(t);
		return fail(raw, -ENOMEM, "out of memory");
	}
	return 0;
}

/* The first table that ends behind @ip. */
static unsigned int first_behind(const struct guest_orc *orc, u64 ip)
{
	unsigned int low = 0, high = orc->nr, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (orc->tables[mid].end > ip)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static int add_table(struct guest_orc *orc, struct raw_table *raw, struct table *t)
{
	unsigned int at = first_behind(orc, t->start);
	struct table *tables;

	if (at < orc->nr && orc->tables[at].start < t->end)
		return fail(raw, -EINVAL, "two files for the same addresses");
	if (orc->nr == MAX_TABLES)
		return fail(raw, -EINVAL, "too many modules");
	if (guest_orc__memory(orc) + table__memory(t) > GUEST_ORC_MEMORY_MAX)
		return fail(raw, -EFBIG, "more ORC tables than any kernel has");
	tables = realloc(orc->tables, (orc->nr + 1) * sizeof(*tables));
	if (!tables)
		return fail(raw, -ENOMEM, "out of memory");
	orc->tables = tables;
	memmove(tables + at + 1, tables + at, (orc->nr - at) * sizeof(*tables));
	tables[at] = *t;
	orc->nr++;
	return 0;
}

static int make_table(struct guest_orc *orc, struct raw_table *raw, u64 start, u64 end)
{
	struct table t = { .start = start, .end = end };
	int err = fill_table(raw, &t);

	if (err)
		return err;
	err = add_table(orc, raw, &t);
	if (err)
		table__exit(&t);
	return err;
}

static void widen(u64 *start, u64 *end, u64 addr, u64 size)
{
	if (addr < *start)
		*start = addr;
	if (addr + size > *end)
		*end = addr + size;
}

/* The code of vmlinux, in its own addresses. */
static bool kernel_code(const struct raw_table *raw, u64 *start, u64 *end)
{
	struct guest_elf_section sec;
	unsigned int i;

	*start = UINT64_MAX;
	*end = 0;
	for (i = 1; i < raw->elf.nr_sections; i++) {
		if (!guest_elf__section(&raw->elf, i, &sec) ||
		    !(sec.flags & SHF_ALLOC) || !(sec.flags & SHF_EXECINSTR))
			continue;
		if (sec.addr + sec.size < sec.addr)
			return false;
		widen(start, end, sec.addr, sec.size);
	}
	return *start < *end;
}

/* How far the running kernel is from where its file says. */
static int kernel_slide(struct raw_table *raw, u64 text, u64 *slide)
{
	struct guest_elf_section sec;

	if (!guest_elf__find(&raw->elf, ".text", &sec, NULL))
		return fail(raw, -EINVAL, "no .text");
	*slide = text - sec.addr;
	if (*slide % KASLR_STEP || *slide >= KASLR_MAX)
		return fail(raw, -EINVAL, "no kernel that runs at the address of _stext");
	return 0;
}

/* Entries have their code's address relative to where they are themselves. */
static void kernel_ips(struct raw_table *raw, u64 slide)
{
	u32 i, rel;

	for (i = 0; i < raw->nr; i++) {
		memcpy(&rel, raw->ip.data + (u64)i * sizeof(rel), sizeof(rel));
		raw->ips[i] = raw->ip.addr + (u64)i * sizeof(rel) + (s32)le32toh(rel) + slide;
	}
}

/* Is this call +1, int3 (or the older loop with pause), mov %reg,(%rsp)? */
static bool is_retpoline(const u8 *code)
{
	const u8 *mov = NULL;

	if (!memcmp(code, "\xe8\1\0\0\0\xcc", 6))
		mov = code + 6;
	else if (!memcmp(code, "\xe8\7\0\0\0\xf3\x90\x0f\xae\xe8\xeb\xf9", 12))
		mov = code + 12;
	return mov && (mov[0] == 0x48 || mov[0] == 0x4c) && mov[1] == 0x89 &&
	       (mov[2] & 0xc7) == 0x04 && mov[3] == 0x24;
}

static void find_retpolines(struct guest_orc *orc, const struct raw_table *raw, u64 slide)
{
	struct guest_elf_section text;
	u64 i;

	if (!guest_elf__find(&raw->elf, ".text", &text, NULL) || !text.data)
		return;
	for (i = 0; i < text.size && text.size - i >= RETPOLINE_SIZE; i += RETPOLINE_ALIGN) {
		if (!is_retpoline(text.data + i))
			continue;
		if (orc->nr_retpolines == MAX_RETPOLINES)
			return;
		orc->retpolines[orc->nr_retpolines++] = text.addr + slide + i;
	}
}

static const struct guest_orc_entry *find_retpoline(const struct guest_orc *orc, u64 ip)
{
	unsigned int i;
	u64 offset;

	/* they are next to each other */
	if (!orc->nr_retpolines || ip < orc->retpolines[0] ||
	    ip >= orc->retpolines[orc->nr_retpolines - 1] + RETPOLINE_SIZE)
		return NULL;
	for (i = 0; i < orc->nr_retpolines; i++) {
		offset = ip - orc->retpolines[i];
		if (offset < RETPOLINE_SIZE / 2)
			return &retpoline_entries[offset >= RETPOLINE_CALL];
	}
	return NULL;
}

static int load_kernel(struct guest_orc *orc, struct raw_table *raw, u64 text,
		       const struct guest_build_id *build_id)
{
	u64 start, end, slide;
	int err;

	if (raw->elf.relocatable || orc->nr)
		return fail(raw, -EINVAL, "no kernel, or a second one");
	err = check_build_id(raw, ".notes", build_id);
	if (!err)
		err = kernel_slide(raw, text, &slide);
	if (!err)
		err = kernel_layout(raw, &orc->layout);
	if (err)
		return err;
	if (!kernel_code(raw, &start, &end))
		return fail(raw, -EINVAL, "no code");
	kernel_ips(raw, slide);
	find_retpolines(orc, raw, slide);
	return make_table(orc, raw, start + slide, end + slide);
}

int guest_orc__add_kernel(struct guest_orc *orc, const void *elf, size_t size, u64 text,
			  const struct guest_build_id *build_id, const char **why)
{
	struct raw_table raw = { .nr = 0 };
	int err = raw_table__open(&raw, elf, size);

	if (!err)
		err = load_kernel(orc, &raw, text, build_id);
	raw_table__exit(&raw);
	*why = raw.why;
	return err;
}

/**
 * struct module - where a module's code is
 * @addrs: address of each section of the file, 0 for those without code or which
 *	   the guest does not have
 */
struct module {
	struct raw_table *raw;
	u64 *addrs;
	u64 start, end;
};

/* Memory of .init sections is another module's by now. */
static bool has_code(const struct guest_elf_section *sec)
{
	return (sec->flags & SHF_ALLOC) && (sec->flags & SHF_EXECINSTR) &&
	       strncmp(sec->name, ".init", 5);
}

static u64 section_addr(const struct guest_orc_section *sections, unsigned int nr,
			const char *name)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!strcmp(sections[i].name, name))
			return sections[i].addr;
	return 0;
}

static int place_sections(struct module *m, const struct guest_orc_section *sections,
			  unsigned int nr)
{
	struct guest_elf_section sec;
	unsigned int i;
	u64 addr;

	m->start = UINT64_MAX;
	for (i = 1; i < m->raw->elf.nr_sections; i++) {
		if (!guest_elf__section(&m->raw->elf, i, &sec) || !has_code(&sec))
			continue;
		addr = section_addr(sections, nr, sec.name);
		if (!addr)
			continue;
		if (addr + sec.size < addr)
			return fail(m->raw, -EINVAL, "section at the end of memory");
		m->addrs[i] = addr;
		widen(&m->start, &m->end, addr, sec.size);
	}
	return m->start < m->end ? 0 : fail(m->raw, -ENOENT, "no code in the guest");
}

/* The relocations of .orc_unwind_ip and the symbols they are for. */
static int find_relas(struct module *m, struct guest_elf_section *relas,
		      struct guest_elf_section *symbols)
{
	if (!guest_elf__find(&m->raw->elf, ".rela.orc_unwind_ip", relas, NULL) ||
	    relas->type != SHT_RELA || relas->info != m->raw->ip_index ||
	    !guest_elf__section(&m->raw->elf, relas->link, symbols) ||
	    symbols->type != SHT_SYMTAB)
		return fail(m->raw, -EINVAL, "ORC tables that were not relocated");
	return 0;
}

static int relocate(struct module *m)
{
	struct guest_elf_section relas, symbols;
	struct guest_elf_symbol sym;
	struct guest_elf_rela rela;
	u64 i, nr;
	int err = find_relas(m, &relas, &symbols);

	if (err)
		return err;
	nr = guest_elf__nr_relas(&relas);
	for (i = 0; i < nr; i++) {
		guest_elf__rela(&relas, i, &rela);
		if (rela.type != R_X86_64_PC32 || rela.offset % sizeof(s32) ||
		    rela.offset / sizeof(s32) >= m->raw->nr ||
		    !guest_elf__symbol(&symbols, rela.symbol, &sym))
			return fail(m->raw, -EINVAL, "bad relocations of ORC tables");
		/* relative to the entry, as the kernel's: entry + value - entry */
		if (sym.section < m->raw->elf.nr_sections && m->addrs[sym.section])
			m->raw->ips[rela.offset / sizeof(s32)] =
				m->addrs[sym.section] + sym.value + rela.addend;
	}
	return 0;
}

static int load_module(struct guest_orc *orc, struct module *m,
		       const struct guest_orc_section *sections, unsigned int nr,
		       const struct guest_build_id *build_id)
{
	struct raw_table *raw = m->raw;
	int err;

	if (!raw->elf.relocatable || !orc->layout.size)
		return fail(raw, -EINVAL, "no module, or no kernel yet");
	if (!guest_orc_layout__is_of(&orc->layout, &raw->elf))
		return fail(raw, -ENOTSUP, "another layout of ORC tables than the kernel's");
	err = check_build_id(raw, ".note.gnu.build-id", build_id);
	if (!err)
		err = check_entries(raw, &orc->layout);
	if (err)
		return err;

	m->addrs = calloc(raw->elf.nr_sections, sizeof(*m->addrs));
	if (!m->addrs)
		return fail(raw, -ENOMEM, "out of memory");
	err = place_sections(m, sections, nr);
	if (!err)
		err = relocate(m);
	if (!err)
		err = make_table(orc, raw, m->start, m->end);
	free(m->addrs);
	return err;
}

int guest_orc__add_module(struct guest_orc *orc, const void *elf, size_t size,
			  const struct guest_orc_section *sections, unsigned int nr,
			  const struct guest_build_id *build_id, const char **why)
{
	struct raw_table raw = { .nr = 0 };
	struct module m = { .raw = &raw };
	int err = raw_table__open(&raw, elf, size);

	if (!err)
		err = load_module(orc, &m, sections, nr, build_id);
	raw_table__exit(&raw);
	*why = raw.why;
	return err;
}

const struct guest_orc_entry *guest_orc__find(const struct guest_orc *orc, u64 ip)
{
	const struct guest_orc_entry *retpoline = find_retpoline(orc, ip);
	unsigned int at = first_behind(orc, ip);
	const struct table *t;
	u32 low, nr, half;
	u64 block;

	if (retpoline)
		return retpoline;
	if (at == orc->nr)
		return NULL;
	t = &orc->tables[at];
	if (ip < t->base)
		return NULL;

	/* behind the last entry there may be more code, but no more blocks */
	block = (ip - t->base) >> t->shift;
	if (block >= t->nr_blocks)
		block = t->nr_blocks - 1;
	low = t->blocks[block];
	/* the last one at or before ip; no branch, as none would be predicted */
	for (nr = t->blocks[block + 1] + 1 - low; nr > 1; nr -= half) {
		half = nr / 2;
		low += t->ips[low + half] <= ip - t->base ? half : 0;
	}
	return &t->entries[low];
}

size_t guest_orc__memory(const struct guest_orc *orc)
{
	size_t size = sizeof(*orc);
	unsigned int i;

	for (i = 0; i < orc->nr; i++)
		size += table__memory(&orc->tables[i]);
	return size;
}

void guest_orc__for_each(const struct guest_orc *orc,
			 void (*fn)(void *arg, u64 ip, const struct guest_orc_entry *entry),
			 void *arg)
{
	const struct table *t;
	unsigned int i;
	u32 j;

	for (i = 0; i < orc->nr; i++) {
		t = &orc->tables[i];
		for (j = 0; j < t->nr; j++)
			fn(arg, t->base + t->ips[j], &t->entries[j]);
	}
}

/* How tables go from one process to another: this, and for each one its head, ips, entries. */
struct written {
	u32 nr, nr_retpolines;
	u64 retpolines[MAX_RETPOLINES];
};

struct written_table {
	u64 start, end, base;
	u32 nr;
};

static bool write_all(int fd, const void *data, size_t size)
{
	ssize_t n;

	for (; size; data += n, size -= n) {
		n = write(fd, data, size);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			return false;
	}
	return true;
}

int guest_orc__write(const struct guest_orc *orc, int fd)
{
	struct written head = {
		.nr = orc->nr, .nr_retpolines = orc->nr_retpolines,
	};
	unsigned int i;
	bool ok;

	memcpy(head.retpolines, orc->retpolines, sizeof(head.retpolines));
	ok = write_all(fd, &head, sizeof(head));
	for (i = 0; i < orc->nr && ok; i++) {
		const struct table *t = &orc->tables[i];
		struct written_table table = {
			.start = t->start, .end = t->end, .base = t->base, .nr = t->nr,
		};

		ok = write_all(fd, &table, sizeof(table)) &&
		     write_all(fd, t->ips, t->nr * sizeof(*t->ips)) &&
		     write_all(fd, t->entries, t->nr * sizeof(*t->entries));
	}
	return ok ? 0 : -EIO;
}

static bool read_all(int fd, void *data, size_t size, u64 *at)
{
	ssize_t n;

	for (; size; data += n, size -= n, *at += n) {
		n = pread(fd, data, size, *at);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			return false;
	}
	return true;
}

/* Of what fill_table() makes, all that a look-up relies on. */
static bool table__valid(const struct table *t)
{
	u32 i;

	if (t->ips[0] || t->base < t->start || t->base > t->end ||
	    t->ips[t->nr - 1] > t->end - t->base)
		return false;
	for (i = 0; i < t->nr; i++) {
		if ((i && t->ips[i] < t->ips[i - 1]) || !entry_valid(&t->entries[i]))
			return false;
	}
	return true;
}

static bool read_table(struct guest_orc *orc, int fd, u64 *at)
{
	struct table *t = &orc->tables[orc->nr];
	struct written_table table;

	if (!read_all(fd, &table, sizeof(table), at) || !table.nr || table.nr > MAX_ENTRIES ||
	    table.start >= table.end || (orc->nr && table.start < t[-1].end) ||
	    guest_orc__memory(orc) + table.nr * (u64)(sizeof(u32) + sizeof(*t->entries)) >
	    GUEST_ORC_MEMORY_MAX)
		return false;
	*t = (struct table) {
		.start = table.start, .end = table.end, .base = table.base, .nr = table.nr,
		.ips = malloc(table.nr * sizeof(*t->ips)),
		.entries = malloc(table.nr * sizeof(*t->entries)),
	};
	orc->nr++;
	return t->ips && t->entries && read_all(fd, t->ips, t->nr * sizeof(*t->ips), at) &&
	       read_all(fd, t->entries, t->nr * sizeof(*t->entries), at) && table__valid(t) &&
	       index_blocks(t);
}

static bool read_tables(struct guest_orc *orc, int fd)
{
	struct written head;
	u64 at = 0;

	if (!read_all(fd, &head, sizeof(head), &at) || !head.nr || head.nr > MAX_TABLES ||
	    head.nr_retpolines > MAX_RETPOLINES)
		return false;
	orc->nr_retpolines = head.nr_retpolines;
	memcpy(orc->retpolines, head.retpolines, sizeof(head.retpolines));
	orc->tables = calloc(head.nr, sizeof(*orc->tables));
	while (orc->tables && orc->nr < head.nr) {
		if (!read_table(orc, fd, &at))
			return false;
	}
	return orc->tables;
}

struct guest_orc *guest_orc__read(int fd, const char **why)
{
	struct guest_orc *orc = guest_orc__new();

	if (orc && read_tables(orc, fd))
		return orc;
	*why = "damaged ORC tables";
	guest_orc__delete(orc);
	return NULL;
}
