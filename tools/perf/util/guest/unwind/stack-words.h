/* SPDX-License-Identifier: GPL-2.0 */
/* Stack words of a guest (PERF_GUEST_SECTION_STACK_WORDS), by address. */
#ifndef __PERF_GUEST_STACK_H
#define __PERF_GUEST_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define GUEST_STACKS_MAX	8

/**
 * struct guest_stack - words of some stacks
 * @nr_stacks:	innermost first
 * @start, @end: of the part of each that was looked at
 * @first:	index of each one's first word in @words; one more for the end
 * @partial:	words may be missing in the last one
 * @more:	there are more stacks
 * @words:	ordered by stack and address
 * @alloc:	words there is room for
 *
 * To be zeroed before its first use; may be used for one sample after the other.
 */
struct guest_stack {
	u32 nr_stacks;
	u64 start[GUEST_STACKS_MAX], end[GUEST_STACKS_MAX];
	u32 first[GUEST_STACKS_MAX + 1];
	bool partial, more;
	struct guest_stack_word {
		u64 addr, value;
	} *words;
	size_t alloc;
};

/**
 * guest_stack__parse - read a section
 * @data, @nr: the section's data, in words
 * Return: 0, -EINVAL if it is malformed, -ENOMEM.
 */
int guest_stack__parse(struct guest_stack *stack, const u64 *data, size_t nr);
void guest_stack__exit(struct guest_stack *stack);

/** guest_stack__which - the stack all of [@addr, @addr + @len) is on, or -1 */
int guest_stack__which(const struct guest_stack *stack, u64 addr, u64 len);

/** guest_stack__word - the word at @addr of stack @which. Return: false if it is not there. */
bool guest_stack__word(const struct guest_stack *stack, int which, u64 addr, u64 *value);

#endif /* __PERF_GUEST_STACK_H */
