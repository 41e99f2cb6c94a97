// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/perf_guest_callchain.h>
#include "guest/unwind/stack-words.h"

/* The values of a stack that are to be read. */
struct values {
	const u64 *data;
	u32 pos, nr;
};

static bool next_u32(struct values *v, u32 *value)
{
	if (v->pos == v->nr)
		return false;
	*value = v->data[v->pos / 2] >> (v->pos % 2 * 32);
	v->pos++;
	return true;
}

static bool next_value(struct values *v, unsigned int how, u64 start, u64 *value)
{
	u32 low, high;

	if (!next_u32(v, &low))
		return false;
	*value = low;
	if (how == PERF_GUEST_STACK_WORD_HIGH)
		*value |= 0xffffffffULL << 32;
	else if (how == PERF_GUEST_STACK_WORD_LOW && (low & 0x80000000U))
		*value = start + (low & 0x7fffffff);
	else if (how == PERF_GUEST_STACK_WORD_FULL) {
		if (!next_u32(v, &high))
			return false;
		*value |= (u64)high << 32;
	}
	return true;
}

/* Make room for as many words as there may be, so that none needs to look for it. */
static bool reserve_words(struct guest_stack *stack, size_t nr)
{
	struct guest_stack_word *words;
	size_t alloc = stack->alloc ?: 256;

	if (nr <= stack->alloc)
		return true;
	while (alloc < nr)
		alloc *= 2;
	words = realloc(stack->words, alloc * sizeof(*words));
	if (!words)
		return false;
	stack->words = words;
	stack->alloc = alloc;
	return true;
}

/* Read the words of a stack: two bits of @map for each, lowest first. */
static int parse_words(struct guest_stack *stack, u64 start, const u64 *map, u32 covered,
		       struct values *v)
{
	u32 nr = stack->first[stack->nr_stacks], i, bit, word;
	u64 bits, value;

	/* each word has a value at least */
	if (!reserve_words(stack, (size_t)nr + v->nr))
		return -ENOMEM;
	for (i = 0; i < (covered + 31) / 32; i++) {
		for (bits = map[i]; bits; bits &= ~(3ULL << bit)) {
			bit = __builtin_ctzll(bits) & ~1U;
			word = i * 32 + bit / 2;
			if (word >= covered || !next_value(v, bits >> bit & 3, start, &value))
				return -EINVAL;
			stack->words[nr++] = (struct guest_stack_word) {
				.addr = start + 8ULL * word, .value = value,
			};
		}
	}
	if (v->pos != v->nr)
		return -EINVAL;
	stack->start[stack->nr_stacks] = start;
	stack->end[stack->nr_stacks] = start + 8ULL * covered;
	stack->first[++stack->nr_stacks] = nr;
	return 0;
}

/* Read the stack at @data[*pos] and move on. */
static int parse_stack(struct guest_stack *stack, const u64 *data, size_t nr, size_t *pos)
{
	struct values v = { 0 };
	u64 start, covered, map, values;
	int err;

	if (nr - *pos < 2)
		return -EINVAL;
	start = data[*pos];
	covered = PERF_GUEST_STACK_WORDS_COVERED(data[*pos + 1]);
	v.nr = PERF_GUEST_STACK_WORDS_VALUES(data[*pos + 1]);
	*pos += 2;

	map = (covered + 31) / 32;
	values = ((u64)v.nr + 1) / 2;
	if (map > nr - *pos || values > nr - *pos - map ||
	    (start & 7) || start + 8 * covered < start)
		return -EINVAL;
	v.data = data + *pos + map;
	err = parse_words(stack, start, data + *pos, covered, &v);
	*pos += map + values;
	return err;
}

int guest_stack__parse(struct guest_stack *stack, const u64 *data, size_t nr)
{
	unsigned int i, stacks;
	size_t pos = 1;
	int err;

	stack->nr_stacks = 0;
	stack->first[0] = 0;
	if (!nr)
		return -EINVAL;
	stacks = data[0] & PERF_GUEST_STACK_WORDS_NR;
	if (stacks > GUEST_STACKS_MAX)
		return -EINVAL;
	stack->partial = data[0] & (PERF_GUEST_STACK_WORDS_CUT |
				    PERF_GUEST_STACK_WORDS_UNREADABLE);
	stack->more = data[0] & PERF_GUEST_STACK_WORDS_MORE;

	for (i = 0; i < stacks; i++) {
		err = parse_stack(stack, data, nr, &pos);
		if (err) {
			stack->nr_stacks = 0;
			return err;
		}
	}
	return 0;
}

void guest_stack__exit(struct guest_stack *stack)
{
	free(stack->words);
	memset(stack, 0, sizeof(*stack));
}

int guest_stack__which(const struct guest_stack *stack, u64 addr, u64 len)
{
	u32 i;

	for (i = 0; i < stack->nr_stacks; i++)
		if (addr >= stack->start[i] && addr < stack->end[i] &&
		    len <= stack->end[i] - addr)
			return i;
	return -1;
}

bool guest_stack__word(const struct guest_stack *stack, int which, u64 addr, u64 *value)
{
	u32 nr = stack->first[which + 1] - stack->first[which], half;
	const struct guest_stack_word *word;

	if (!nr)
		return false;
	/* the last one at or before addr; no branch, as none would be predicted */
	for (word = &stack->words[stack->first[which]]; nr > 1; nr -= half) {
		half = nr / 2;
		word += word[half].addr <= addr ? half : 0;
	}
	if (word->addr != addr)
		return false;
	*value = word->value;
	return true;
}
