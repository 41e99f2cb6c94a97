// SPDX-License-Identifier: GPL-2.0
#include <elf.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include "tests/guest/made-btf.h"
#include "tests/guest/made-kernel.h"
#include "tests/guest/made-layout.h"

#define BLOCK		0x40
#define ORC_IP		(MADE_TEXT + 0x800000)
#define NR		(MADE_BLOCKS * MADE_BLOCK_ENTRIES)

#define NO	GUEST_ORC_NONE
#define REG(n)	GUEST_ORC_REG_##n

const struct guest_orc_layout made_layout = {
	.size = 7, .type = { 0, 3 }, .signal = { 3, 1 }, .sp_reg = { 4, 4 }, .bp_reg = { 8, 4 },
	.sp_offset = { 16, 16 }, .bp_offset = { 40, 16 },
	.regs = { NO, REG(BP_INDIRECT), REG(SP_INDIRECT), REG(R13), NO, REG(UNDEFINED),
		  REG(BP), REG(R10), NO, REG(SP), NO, REG(PREV_SP), REG(DX), REG(DI), NO, NO },
	.types = { GUEST_ORC_UNDEFINED, GUEST_ORC_END_OF_STACK, GUEST_ORC_CALL, GUEST_ORC_REGS,
		   GUEST_ORC_REGS_PARTIAL, NO, NO, NO },
};

#define ENTRY(t, sp, sp_off, bp, bp_off, sig) { .type = GUEST_ORC_##t,		\
	.sp_reg = REG(sp), .sp_offset = sp_off, .bp_reg = REG(bp),		\
	.bp_offset = bp_off, .signal = sig }

const struct guest_orc_entry made_block[MADE_BLOCK_ENTRIES] = {
	ENTRY(CALL, SP, 8, UNDEFINED, 0, 0),
	ENTRY(CALL, SP, 16, PREV_SP, -16, 0),
	ENTRY(CALL, BP, 16, PREV_SP, -16, 0),
	ENTRY(CALL, SP, 8, UNDEFINED, 0, 0),
	ENTRY(CALL, R10, 0, UNDEFINED, 0, 0),
	ENTRY(CALL, BP_INDIRECT, -8, BP, 0, 0),
	ENTRY(CALL, SP_INDIRECT, 8, UNDEFINED, 0, 0),
	ENTRY(REGS_PARTIAL, SP, 112, UNDEFINED, 0, 1),
	ENTRY(REGS, SP, 0, UNDEFINED, 0, 1),
	ENTRY(UNDEFINED, UNDEFINED, 0, UNDEFINED, 0, 0),
	ENTRY(END_OF_STACK, UNDEFINED, 0, UNDEFINED, 0, 0),
};

/* Where they begin, and what is before that */
static const struct {
	u8 at, nr, code[12];
} block_code[MADE_BLOCK_ENTRIES] = {
	{ 0x00, 0, { 0 } },
	{ 0x01, 1, { 0x55 } },						/* push %rbp */
	{ 0x04, 3, { 0x48, 0x89, 0xe5 } },				/* mov %rsp,%rbp */
	{ 0x10, 0, { 0 } },
	{ 0x19, 9, { 0x4c, 0x8d, 0x54, 0x24, 0x08, 0x48, 0x83, 0xe4, 0xc0 } },
	{ 0x1b, 2, { 0x41, 0x52 } },					/* push %r10 */
	{ 0x23, 3, { 0x48, 0x89, 0xc4 } },				/* mov %rax,%rsp */
	{ 0x28, 0, { 0 } },
	{ 0x2a, 2, { 0x41, 0x57 } },					/* push %r15 */
	{ 0x30, 0, { 0 } },
	{ 0x38, 0, { 0 } },
};

static u64 number(const u8 *values, unsigned int nr, u8 value)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (values[i] == value)
			return i;
	}
	return nr - 1;
}

static u64 put(struct guest_orc_bits bits, u64 value)
{
	return (value & ((1ULL << bits.nr) - 1)) << bits.at;
}

static u64 made_word(const struct guest_orc_layout *l, const struct guest_orc_entry *e, bool lie)
{
	u8 sp = lie && e->sp_reg == REG(BP) ? REG(BP_INDIRECT) : e->sp_reg;

	return put(l->sp_offset, e->sp_offset) | put(l->bp_offset, e->bp_offset) |
	       put(l->sp_reg, number(l->regs, ARRAY_SIZE(l->regs), sp)) |
	       put(l->bp_reg, number(l->regs, ARRAY_SIZE(l->regs), e->bp_reg)) |
	       put(l->type, number(l->types, ARRAY_SIZE(l->types), e->type)) |
	       put(l->signal, e->signal);
}

static void add_tables(struct made_elf *elf, const struct made_layout_kernel *kernel)
{
	u8 text[(MADE_BLOCKS + 1) * BLOCK] = { 0 }, unwind[2 * NR * sizeof(u64)] = { 0 };
	unsigned int i, block, nr = 0;
	u32 ips[NR];
	u64 word;

	for (block = 0; block < MADE_BLOCKS; block++) {
		for (i = 0; i < MADE_BLOCK_ENTRIES; i++, nr++) {
			u32 at = (block + 1) * BLOCK + block_code[i].at;

			if (!kernel->no_code)
				memcpy(text + at - block_code[i].nr, block_code[i].code,
				       block_code[i].nr);
			ips[nr] = htole32(MADE_TEXT + at - (ORC_IP + nr * sizeof(*ips)));
			word = htole64(made_word(&kernel->layout, &made_block[i],
						 block < kernel->lies));
			memcpy(unwind + nr * kernel->layout.size, &word,
			       min_t(size_t, kernel->layout.size, sizeof(word)));
		}
	}
	made_elf__add(elf, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, MADE_TEXT, text,
		      sizeof(text));
	made_elf__add(elf, ".orc_unwind_ip", SHT_PROGBITS, SHF_ALLOC, ORC_IP, ips, sizeof(ips));
	made_elf__add(elf, ".orc_unwind", SHT_PROGBITS, SHF_ALLOC, ORC_IP + sizeof(ips), unwind,
		      NR * kernel->layout.size);
}

/* Without a size it is as wide as its type. */
static void add_member(struct made_btf *btf, const char *name, u32 type, struct guest_orc_bits bits,
		       bool field)
{
	made_btf__member(btf, name, type, bits.at | (field ? bits.nr << 24 : 0));
}

static void add_names(struct made_btf *btf, const struct guest_orc_layout *l)
{
#define NUMBER(values, value)	number(values, ARRAY_SIZE(values), value)
#define TYPE(n)	made_btf__constant(btf, "ORC_TYPE_" #n, NUMBER(l->types, GUEST_ORC_##n))
#define NAME(n)	made_btf__constant(btf, "ORC_REG_" #n, NUMBER(l->regs, REG(n)))
	made_btf__type(btf, "orc_numbers", BTF_KIND_ENUM, 15, 4);
	TYPE(UNDEFINED); TYPE(END_OF_STACK); TYPE(CALL); TYPE(REGS); TYPE(REGS_PARTIAL);
	NAME(UNDEFINED); NAME(PREV_SP); NAME(DX); NAME(DI); NAME(BP); NAME(SP); NAME(R10);
	NAME(R13); NAME(BP_INDIRECT); NAME(SP_INDIRECT);
}

static void add_btf(struct made_elf *elf, const struct made_layout_kernel *kernel)
{
	const struct guest_orc_layout *l = &kernel->layout;
	u8 data[MADE_BTF_SIZE];
	struct made_btf btf;

	made_btf__begin(&btf);
	made_btf__type(&btf, "int", BTF_KIND_INT, 0, 4);
	made_btf__word(&btf, 32);
	made_btf__type(&btf, "short", BTF_KIND_INT, 0, 2);
	made_btf__word(&btf, 16 | BTF_INT_SIGNED << 24);
	made_btf__type(&btf, "s16", BTF_KIND_TYPEDEF, 0, 2);
	made_btf__type(&btf, "orc_entry", MADE_BTF_BITS | BTF_KIND_STRUCT, 6, l->size);
	add_member(&btf, "sp_offset", 3, l->sp_offset, false);
	add_member(&btf, "bp_offset", 3, l->bp_offset, false);
	add_member(&btf, "sp_reg", 1, l->sp_reg, true);
	add_member(&btf, "bp_reg", 1, l->bp_reg, true);
	add_member(&btf, "type", 1, l->type, true);
	add_member(&btf, "signal", 1, l->signal, true);
	if (kernel->names)
		add_names(&btf, l);
	made_elf__add(elf, ".BTF", SHT_PROGBITS, SHF_ALLOC, 0, data,
		      made_btf__finish(&btf, data));
}

void *made_layout_kernel(const struct made_layout_kernel *kernel, size_t *size)
{
	static const u8 hash[GUEST_ORC_HASH_SIZE] = { 1, 2, 3 };
	struct made_elf elf = { .data = NULL };

	made_elf__add(&elf, ".orc_header", SHT_PROGBITS, SHF_ALLOC, 0, hash, sizeof(hash));
	add_tables(&elf, kernel);
	if (kernel->btf)
		add_btf(&elf, kernel);
	return made_elf__finish(&elf, false, size);
}
