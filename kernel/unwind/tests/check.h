/* SPDX-License-Identifier: GPL-2.0 */
/* Report tests: one line each, with what differed in front of a failed one. */
#ifndef _CHECK_H
#define _CHECK_H

#include "made_guest.h"

/* Start test @name; what fails from here on is its failure. */
void check__begin(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Print its line. */
void check__end(void);
/* Number of tests that failed. */
int check__failed(void);

/* Compare; @what says of which part. */
void check__u64(const char *what, u64 got, u64 want);

/* The words of @g's chain, up to the number of them, and its flags. */
void check__chain(struct made_guest *g, u32 flags, unsigned int nr, const u64 *words);

#define CHECK_CHAIN(g, flags, ...) do {						\
	const u64 words_[] = { __VA_ARGS__ };					\
	check__chain(g, flags, sizeof(words_) / sizeof(words_[0]), words_);	\
} while (0)

void test_paging(void);
void test_memory(void);
void test_frames_64(void);
void test_frames_32(void);
void test_prologue(void);
void test_stack_words(void);
void test_sections(void);
void test_user_stack(void);
void test_worst(void);

#endif /* _CHECK_H */
