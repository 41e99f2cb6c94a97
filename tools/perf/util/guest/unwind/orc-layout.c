// SPDX-License-Identifier: GPL-2.0
/*
 * How a kernel's ORC entries are laid out.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include "guest/untrusted/btf.h"
#include "guest/untrusted/elf.h"
#include "guest/unwind/orc-layout.h"
#include "guest/unwind/orc-learn.h"

#define REG(name)	GUEST_ORC_REG_##name
#define NO		GUEST_ORC_NONE

/* Six bytes in all of them: two offsets, two registers of 4 bits, and what is above these. */
#define OFFSETS_AND_REGS						\
	.size = 6,							\
	.sp_offset = { 0, 16 }, .bp_offset = { 16, 16 },		\
	.sp_reg = { 32, 4 }, .bp_reg = { 36, 4 }

#define REGS_UP_TO_6_12	.regs = {					\
	REG(UNDEFINED), REG(PREV_SP), REG(DX), REG(DI), REG(BP), REG(SP), REG(R10), REG(R13),	\
	REG(BP_INDIRECT), REG(SP_INDIRECT), NO, NO, NO, NO, NO, NO }

/* 1 is ax, which no entry is based on */
#define REGS_7_3	.regs = {					\
	REG(UNDEFINED), NO, REG(DX), REG(SP), REG(BP), REG(DI), REG(R10), REG(R13),		\
	REG(PREV_SP), REG(SP_INDIRECT), REG(BP_INDIRECT), NO, NO, NO, NO, NO }

#define OLD_TYPES	.types = {					\
	GUEST_ORC_CALL, GUEST_ORC_REGS, GUEST_ORC_REGS_PARTIAL, NO, NO, NO, NO, NO }

#define TYPES_6_4	.types = {					\
	GUEST_ORC_UNDEFINED, GUEST_ORC_END_OF_STACK, GUEST_ORC_CALL, GUEST_ORC_REGS,		\
	GUEST_ORC_REGS_PARTIAL, NO, NO, NO }

/* Since 4.14 */
static const struct guest_orc_layout oldest = {
	OFFSETS_AND_REGS, REGS_UP_TO_6_12, OLD_TYPES,
	.type = { 40, 2 }, .end = { 42, 1 },
};

/*
 * With what .orc_header has, the hash that scripts/orc_hash.sh makes. The first is 6.3's, which
 * some longterm kernels have without a header.
 */
static const struct guest_orc_layout known[] = {
	{
		OFFSETS_AND_REGS, REGS_UP_TO_6_12, OLD_TYPES,
		.type = { 40, 2 }, .signal = { 42, 1 }, .end = { 43, 1 },
		.has_hash = true,
		.hash = { 0xdb, 0x84, 0xae, 0xd4, 0x10, 0x3b, 0x31, 0xdd, 0x51, 0xe0,
			  0x17, 0xf8, 0xf7, 0x97, 0x83, 0xca, 0x98, 0x5c, 0x2c, 0x51 },
	}, {
		/* 6.4 */
		OFFSETS_AND_REGS, REGS_UP_TO_6_12, TYPES_6_4,
		.type = { 40, 3 }, .signal = { 43, 1 },
		.has_hash = true,
		.hash = { 0xfe, 0x5d, 0x32, 0xbf, 0x58, 0x1b, 0xd6, 0x3b, 0x2c, 0xa9,
			  0xa5, 0xc6, 0x5b, 0xa5, 0xa6, 0x25, 0xea, 0xb3, 0xfe, 0x24 },
	}, {
		/* 7.3 */
		OFFSETS_AND_REGS, REGS_7_3, TYPES_6_4,
		.type = { 40, 3 }, .signal = { 43, 1 },
		.has_hash = true,
		.hash = { 0x13, 0x7c, 0x36, 0xad, 0x76, 0x27, 0xc4, 0xdd, 0x55, 0x93,
			  0x21, 0x76, 0xbb, 0x0e, 0xcd, 0xbd, 0x50, 0x41, 0xfc, 0x82 },
	},
};

static u64 entry_word(const struct guest_orc_layout *layout, const u8 *data)
{
	u64 word = 0;

	memcpy(&word, data, layout->size);
	return le64toh(word);
}

static u64 mask_of(struct guest_orc_bits bits)
{
	return ((1ULL << bits.nr) - 1) << bits.at;
}

u32 guest_orc_layout__get(const struct guest_orc_layout *layout, const u8 *data,
			  struct guest_orc_bits bits)
{
	return (entry_word(layout, data) & mask_of(bits)) >> bits.at;
}

s16 guest_orc_layout__offset(const struct guest_orc_layout *layout, const u8 *data,
			     struct guest_orc_bits bits)
{
	u16 value = guest_orc_layout__get(layout, data, bits) << (16 - bits.nr);

	return (s16)value >> (16 - bits.nr);
}

static u64 used_bits(const struct guest_orc_layout *layout)
{
	return mask_of(layout->sp_offset) | mask_of(layout->bp_offset) | mask_of(layout->sp_reg) |
	       mask_of(layout->bp_reg) | mask_of(layout->type) | mask_of(layout->signal) |
	       mask_of(layout->end);
}

bool guest_orc_layout__entry(const struct guest_orc_layout *layout, const u8 *data,
			     struct guest_orc_entry *entry)
{
	u8 sp = layout->regs[guest_orc_layout__get(layout, data, layout->sp_reg)];
	u8 bp = layout->regs[guest_orc_layout__get(layout, data, layout->bp_reg)];
	u8 type = layout->types[guest_orc_layout__get(layout, data, layout->type)];
	bool end = guest_orc_layout__get(layout, data, layout->end);

	if (sp == GUEST_ORC_NONE || bp == GUEST_ORC_NONE || type == GUEST_ORC_NONE ||
	    entry_word(layout, data) & ~used_bits(layout))
		return false;
	*entry = (struct guest_orc_entry) {
		.sp_offset = guest_orc_layout__offset(layout, data, layout->sp_offset),
		.bp_offset = guest_orc_layout__offset(layout, data, layout->bp_offset),
		.type = type,
		.signal = layout->signal.nr ?
			  guest_orc_layout__get(layout, data, layout->signal) :
			  type != GUEST_ORC_CALL,
	};
	/* nothing is found from the frame before at its own end */
	if (sp == GUEST_ORC_UNKNOWN || bp == GUEST_ORC_UNKNOWN) {
		entry->sp_reg = GUEST_ORC_REG_PREV_SP;
		return true;
	}
	entry->sp_reg = sp;
	entry->bp_reg = bp;
	/* without a base there was nothing to unwind, for one of two reasons */
	if (layout->end.nr && sp == GUEST_ORC_REG_UNDEFINED)
		entry->type = end ? GUEST_ORC_END_OF_STACK : GUEST_ORC_UNDEFINED;
	return true;
}

/* Find a field of struct orc_entry; at most @max bits. */
static bool find_bits(const struct guest_btf *btf, const char *name, u32 max,
		      struct guest_orc_bits *bits)
{
	struct guest_btf_bits found;

	if (!guest_btf__bits(btf, "orc_entry", name, &found) || found.nr > max)
		return false;
	bits->at = found.at;
	bits->nr = found.nr;
	return true;
}

static unsigned int nr_bits(const struct guest_orc_layout *layout)
{
	return layout->sp_offset.nr + layout->bp_offset.nr + layout->sp_reg.nr +
	       layout->bp_reg.nr + layout->type.nr + layout->signal.nr + layout->end.nr;
}

/* Bits of other members must be 0, as bits that nothing uses. */
static bool find_fields(struct guest_orc_layout *layout, const struct guest_btf *btf)
{
	u32 size = guest_btf__size(btf, "orc_entry");

	if (!size || size > sizeof(u64) || !find_bits(btf, "sp_offset", 16, &layout->sp_offset) ||
	    !find_bits(btf, "bp_offset", 16, &layout->bp_offset) ||
	    !find_bits(btf, "sp_reg", 4, &layout->sp_reg) ||
	    !find_bits(btf, "bp_reg", 4, &layout->bp_reg) ||
	    !find_bits(btf, "type", 3, &layout->type))
		return false;
	layout->size = size;
	find_bits(btf, "signal", 1, &layout->signal);
	find_bits(btf, "end", 1, &layout->end);
	return __builtin_popcountll(used_bits(layout)) == (int)nr_bits(layout);
}

struct name {
	const char *name;
	u8	   value;
};

static const struct name reg_names[] = {
	{ "ORC_REG_UNDEFINED",	 REG(UNDEFINED) },
	{ "ORC_REG_PREV_SP",	 REG(PREV_SP) },
	{ "ORC_REG_DX",		 REG(DX) },
	{ "ORC_REG_DI",		 REG(DI) },
	{ "ORC_REG_BP",		 REG(BP) },
	{ "ORC_REG_SP",		 REG(SP) },
	{ "ORC_REG_R10",	 REG(R10) },
	{ "ORC_REG_R13",	 REG(R13) },
	{ "ORC_REG_BP_INDIRECT", REG(BP_INDIRECT) },
	{ "ORC_REG_SP_INDIRECT", REG(SP_INDIRECT) },
};

static const struct name type_names[] = {
	{ "ORC_TYPE_UNDEFINED",	   GUEST_ORC_UNDEFINED },
	{ "ORC_TYPE_END_OF_STACK", GUEST_ORC_END_OF_STACK },
	{ "ORC_TYPE_CALL",	   GUEST_ORC_CALL },
	{ "ORC_TYPE_REGS",	   GUEST_ORC_REGS },
	{ "ORC_TYPE_REGS_PARTIAL", GUEST_ORC_REGS_PARTIAL },
};

/* No kernel so far has names of these in its BTF. */
static bool find_names(const struct guest_btf *btf, const struct name *names, size_t nr, u8 *values,
		       size_t nr_values)
{
	bool all = true;
	u32 value;
	size_t i;

	memset(values, GUEST_ORC_NONE, nr_values);
	for (i = 0; i < nr; i++) {
		if (guest_btf__enumerator(btf, names[i].name, &value) && value < nr_values)
			values[value] = names[i].value;
		else
			all = false;
	}
	return all;
}

/* The types of all kernels so far: those before 6.4 had a bit for the end of stacks. */
static void set_usual_types(struct guest_orc_layout *layout)
{
	const struct guest_orc_layout old = { OLD_TYPES }, since_6_4 = { TYPES_6_4 };

	memcpy(layout->types, layout->end.nr ? old.types : since_6_4.types, sizeof(layout->types));
}

static bool find_numbers(struct guest_orc_layout *layout, const struct guest_btf *btf,
			 const struct guest_elf *elf)
{
	bool types = find_names(btf, type_names, ARRAY_SIZE(type_names), layout->types,
				ARRAY_SIZE(layout->types));

	if (!types)
		set_usual_types(layout);
	if (find_names(btf, reg_names, ARRAY_SIZE(reg_names), layout->regs,
		       ARRAY_SIZE(layout->regs)) && types)
		return true;
	return guest_orc_learn__regs(elf, layout);
}

/* A kernel without a hash has the registers that all had then. */
static bool read_btf(struct guest_orc_layout *layout, const struct guest_btf *btf,
		     const struct guest_elf *elf, bool hash)
{
	if (!find_fields(layout, btf))
		return false;
	if (hash)
		return find_numbers(layout, btf, elf);
	memcpy(layout->regs, oldest.regs, sizeof(layout->regs));
	set_usual_types(layout);
	return true;
}

static bool ask_btf(struct guest_orc_layout *layout, const struct guest_elf *elf, bool hash)
{
	struct guest_elf_section section;
	struct guest_btf btf;
	bool found = false;
	void *aligned;

	if (!guest_elf__find(elf, ".BTF", &section, NULL) || !section.data ||
	    section.size > GUEST_BTF_MAX)
		return false;
	/* in a file it may be anywhere */
	aligned = malloc(section.size ?: 1);
	if (!aligned)
		return false;
	memcpy(aligned, section.data, section.size);
	if (!guest_btf__open(&btf, aligned, section.size)) {
		found = read_btf(layout, &btf, elf, hash);
		guest_btf__close(&btf);
	}
	free(aligned);
	return found;
}

/*
 * Without BTF, the last bit in use tells: it marks the end of stacks, and every kernel has
 * some.
 */
static void guess(struct guest_orc_layout *layout, const struct guest_elf *elf)
{
	struct guest_elf_section unwind;
	u64 at, all = 0;

	*layout = oldest;
	if (!guest_elf__find(elf, ".orc_unwind", &unwind, NULL) || !unwind.data)
		return;
	for (at = 0; at + oldest.size <= unwind.size; at += oldest.size)
		all |= entry_word(&oldest, unwind.data + at);
	if (all & mask_of(known[0].end)) {
		*layout = known[0];
		layout->has_hash = false;
	}
}

static const struct guest_orc_layout *find_known(const struct guest_elf_section *header)
{
	size_t i;

	for (i = 0; header->size == GUEST_ORC_HASH_SIZE && i < ARRAY_SIZE(known); i++) {
		if (!memcmp(header->data, known[i].hash, GUEST_ORC_HASH_SIZE))
			return &known[i];
	}
	return NULL;
}

bool guest_orc_layout__find(struct guest_orc_layout *layout, const struct guest_elf *elf)
{
	const struct guest_orc_layout *found;
	struct guest_elf_section header;

	memset(layout, 0, sizeof(*layout));
	if (!guest_elf__find(elf, ".orc_header", &header, NULL)) {
		if (!ask_btf(layout, elf, false))
			guess(layout, elf);
		return true;
	}
	if (!header.data)
		return false;
	found = find_known(&header);
	if (found) {
		*layout = *found;
		return true;
	}
	if (header.size != GUEST_ORC_HASH_SIZE || !ask_btf(layout, elf, true))
		return false;
	layout->has_hash = true;
	memcpy(layout->hash, header.data, GUEST_ORC_HASH_SIZE);
	return true;
}

static bool is_like(const struct guest_orc_layout *a, const struct guest_orc_layout *b)
{
	return a->size == b->size && used_bits(a) == used_bits(b) &&
	       !memcmp(a->regs, b->regs, sizeof(a->regs)) &&
	       !memcmp(a->types, b->types, sizeof(a->types));
}

bool guest_orc_layout__is_of(const struct guest_orc_layout *layout, const struct guest_elf *module)
{
	const struct guest_orc_layout *its;
	struct guest_elf_section header;

	/* only modules built apart from their kernel need say so */
	if (!guest_elf__find(module, ".orc_header", &header, NULL))
		return true;
	if (!header.data || header.size != GUEST_ORC_HASH_SIZE)
		return false;
	if (layout->has_hash)
		return !memcmp(layout->hash, header.data, GUEST_ORC_HASH_SIZE);
	its = find_known(&header);
	return its && is_like(layout, its);
}
