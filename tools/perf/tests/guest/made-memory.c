// SPDX-License-Identifier: GPL-2.0
/*
 * Guests' memory for tests.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <linux/kernel.h>
#include "tests/guest/made-memory.h"

#define PAGE		4096
/* the page tables, from the top one down */
#define TABLES_GPA	0x100000ULL
#define LEVELS		4
#define PRESENT_RW	3ULL

#define RELEASE		"6.12.1-made"

/* Tokens that are no characters; each stands for itself otherwise, as in a kernel. */
static const struct {
	u8	   token;
	const char *text;
} tokens[] = { { 1, "Tg" }, { 2, "_st" }, { 3, "ext" }, { 4, "est_" }, { 200, "function" } };

void *made_memory__at(const struct made_memory *memory, u64 gva)
{
	return memory->ram + (gva - MADE_IMAGE) + MADE_IMAGE_GPA;
}

static u64 *table_entry(const struct made_memory *memory, unsigned int level, u64 gva)
{
	u64 *table = (u64 *)(memory->ram + TABLES_GPA + (LEVELS - level) * PAGE);

	return &table[gva >> (12 + 9 * (level - 1)) & 511];
}

u64 *made_memory__entry(const struct made_memory *memory, u64 gva)
{
	return table_entry(memory, 1, gva);
}

/* All of the image is in one table of the lowest level. */
static void make_tables(struct made_memory *memory)
{
	unsigned int level;
	u64 done;

	for (level = LEVELS; level > 1; level--)
		*table_entry(memory, level, MADE_IMAGE) =
			(TABLES_GPA + (LEVELS - level + 1) * PAGE) | PRESENT_RW;
	for (done = 0; done < MADE_IMAGE_SIZE; done += PAGE)
		*table_entry(memory, 1, MADE_IMAGE + done) = (MADE_IMAGE_GPA + done) | PRESENT_RW;
}

/* Put something behind what there is; returns where. */
static u64 add(struct made_memory *memory, const void *data, size_t size)
{
	u64 at = memory->end;

	memcpy(made_memory__at(memory, at), data, size);
	memory->end += size;
	return at;
}

static void align(struct made_memory *memory)
{
	memory->end = (memory->end + 7) & ~7ULL;
}

static void add_tokens(struct made_memory *memory)
{
	char text[16];
	u16 index[256];
	unsigned int token;
	size_t i;

	align(memory);
	memory->where.token_table = memory->end;
	for (token = 0; token < 256; token++) {
		snprintf(text, sizeof(text), "%c", token ?: 'x');
		for (i = 0; i < ARRAY_SIZE(tokens); i++) {
			if (tokens[i].token == token)
				strcpy(text, tokens[i].text);
		}
		index[token] = add(memory, text, strlen(text) + 1) - memory->where.token_table;
	}
	align(memory);
	memory->where.token_index = add(memory, index, sizeof(index));
}

/* Returns how many tokens. */
static unsigned int compress(const char *name, u8 *to)
{
	unsigned int nr = 0;
	size_t i;

	while (*name) {
		to[nr] = *name;
		for (i = 0; i < ARRAY_SIZE(tokens); i++) {
			if (!strncmp(name, tokens[i].text, strlen(tokens[i].text)))
				break;
		}
		if (i < ARRAY_SIZE(tokens)) {
			to[nr] = tokens[i].token;
			name += strlen(tokens[i].text);
		} else {
			name++;
		}
		nr++;
	}
	return nr;
}

static void add_names(struct made_memory *memory, enum made_ksyms ksyms,
		      const struct made_symbol *symbols)
{
	bool two_bytes = ksyms != MADE_KSYMS_6_0 && ksyms != MADE_KSYMS_ADDRESSES;
	u8 name[1024], len[2];
	unsigned int nr;
	u32 i;

	align(memory);
	memory->where.num_syms = add(memory, &memory->nr, sizeof(memory->nr));
	align(memory);
	memory->where.names = memory->end;
	for (i = 0; i < memory->nr; i++) {
		nr = compress(symbols[i].name, name);
		len[0] = two_bytes && nr > 0x7f ? (nr & 0x7f) | 0x80 : nr;
		len[1] = nr >> 7;
		add(memory, len, two_bytes && nr > 0x7f ? 2 : 1);
		add(memory, name, nr);
	}
}

static void add_values(struct made_memory *memory, enum made_ksyms ksyms,
		       const struct made_symbol *symbols)
{
	const u64 base = MADE_IMAGE;
	s32 value;
	u32 i;

	align(memory);
	if (ksyms == MADE_KSYMS_ADDRESSES) {
		memory->where.addresses = memory->end;
		for (i = 0; i < memory->nr; i++)
			add(memory, &symbols[i].addr, sizeof(u64));
		return;
	}
	memory->where.offsets = memory->end;
	for (i = 0; i < memory->nr; i++) {
		if (ksyms == MADE_KSYMS_7_0)
			value = symbols[i].addr - memory->end;
		else if (ksyms == MADE_KSYMS_6_15)
			value = symbols[i].addr - base;
		else if (symbols[i].addr < base)
			value = symbols[i].addr;
		else
			value = base - 1 - symbols[i].addr;
		add(memory, &value, sizeof(value));
	}
	align(memory);
	if (ksyms != MADE_KSYMS_7_0)
		memory->where.relative_base = add(memory, &base, sizeof(base));
}

void made_memory__info(struct made_memory *memory, u64 gpa, const char *more)
{
	const struct guest_ksyms *where = &memory->where;
	char *text = (char *)memory->ram + gpa;
	int n;

	n = snprintf(text, PAGE, "OSRELEASE=" RELEASE "\nBUILD-ID=0123456789abcdef\nPAGESIZE=4096\n"
		     "SYMBOL(_stext)=%" PRIx64 "\nSYMBOL(swapper_pg_dir)=%" PRIx64 "\n"
		     "NUMBER(phys_base)=%" PRId64 "\nNUMBER(pgtable_l5_enabled)=0\n"
		     "SYMBOL(kallsyms_names)=%" PRIx64 "\nSYMBOL(kallsyms_num_syms)=%" PRIx64 "\n"
		     "SYMBOL(kallsyms_token_table)=%" PRIx64 "\n"
		     "SYMBOL(kallsyms_token_index)=%" PRIx64 "\n", where->stext,
		     (u64)(MADE_IMAGE - MADE_IMAGE_GPA + TABLES_GPA),
		     (s64)(MADE_IMAGE_GPA - (MADE_IMAGE - 0xffffffff80000000ULL)),
		     where->names, where->num_syms, where->token_table, where->token_index);
	if (where->addresses)
		n += snprintf(text + n, PAGE - n, "SYMBOL(kallsyms_addresses)=%" PRIx64 "\n",
			      where->addresses);
	else
		n += snprintf(text + n, PAGE - n, "SYMBOL(kallsyms_offsets)=%" PRIx64 "\n",
			      where->offsets);
	if (where->relative_base)
		n += snprintf(text + n, PAGE - n, "SYMBOL(kallsyms_relative_base)=%" PRIx64 "\n",
			      where->relative_base);
	snprintf(text + n, PAGE - n, "%s", more);
}

void made_memory__kernel(struct made_memory *memory, enum made_ksyms ksyms,
			 const struct made_symbol *symbols, u32 nr)
{
	u32 i;

	memory->where = (struct guest_ksyms) { .names = 0 };
	memory->nr = nr;
	memory->end = MADE_IMAGE + 0x10000;
	make_tables(memory);
	add_names(memory, ksyms, symbols);
	add_tokens(memory);
	add_values(memory, ksyms, symbols);
	for (i = 0; i < nr; i++) {
		if (!strcmp(symbols[i].name + 1, "_stext"))
			memory->where.stext = symbols[i].addr;
	}
	made_memory__info(memory, MADE_INFO_GPA, "");
}
