/* SPDX-License-Identifier: GPL-2.0 */
/* A reader of PERF_GUEST_SECTION_STACK_WORDS, from its description alone. */
#ifndef _STACK_WORDS_READER_H
#define _STACK_WORDS_READER_H

#include "../guest_unwind.h"

struct read_stack {
	u64 start, covered, nr_values;
	const u64 *map, *values;
};

/* Stack @index of a section of @nr words. False if the section is malformed. */
static inline bool read_stack__get(const u64 *data, u32 nr, u32 index,
				   struct read_stack *st)
{
	u64 pos = 1, map_len, values_len;

	for (;; index--) {
		if (nr - pos < 2)
			return false;
		st->start = data[pos];
		st->covered = PERF_GUEST_STACK_WORDS_COVERED(data[pos + 1]);
		st->nr_values = PERF_GUEST_STACK_WORDS_VALUES(data[pos + 1]);
		map_len = (st->covered + 31) / 32;
		values_len = (st->nr_values + 1) / 2;
		if (nr - pos - 2 < map_len || nr - pos - 2 - map_len < values_len)
			return false;
		st->map = data + pos + 2;
		st->values = st->map + map_len;
		if (!index)
			return true;
		pos += 2 + map_len + values_len;
	}
}

static inline u32 read_stack__how(const struct read_stack *st, u64 word)
{
	return st->map[word / 32] >> (word % 32 * 2) & 3;
}

/*
 * Word number @word of the stack, if it is there: PERF_GUEST_STACK_WORD_*. @pos is
 * the number of values before it, and is moved on.
 */
static inline u32 read_stack__next(const struct read_stack *st, u64 word, u64 *pos,
				   u64 *value)
{
	u32 how = read_stack__how(st, word), half[2] = { 0, 0 };
	unsigned int i;

	for (i = 0; i < (how == PERF_GUEST_STACK_WORD_FULL ? 2 : !!how); i++, ++*pos)
		if (*pos < st->nr_values)
			half[i] = st->values[*pos / 2] >> (*pos % 2 * 32);

	switch (how) {
	case PERF_GUEST_STACK_WORD_HIGH:
		*value = 0xffffffff00000000ULL | half[0];
		break;
	case PERF_GUEST_STACK_WORD_LOW:
		*value = half[0] & 0x80000000U ? st->start + (half[0] & 0x7fffffff) : half[0];
		break;
	case PERF_GUEST_STACK_WORD_FULL:
		*value = half[0] | (u64)half[1] << 32;
		break;
	}
	return how;
}

/* The word at @addr. */
static inline u32 read_stack__word(const struct read_stack *st, u64 addr, u64 *value)
{
	u64 i, unused, pos = 0, word = (addr - st->start) / 8;

	if (addr < st->start || word >= st->covered)
		return PERF_GUEST_STACK_WORD_NONE;
	for (i = 0; i < word; i++)
		read_stack__next(st, i, &pos, &unused);
	return read_stack__next(st, word, &pos, value);
}

#endif /* _STACK_WORDS_READER_H */
