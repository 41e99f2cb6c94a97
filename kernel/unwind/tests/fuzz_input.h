/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An input of the fuzzer: a guest's registers and paging, then the words of its
 * memory that are not zero. A word makes its page exist.
 */
#ifndef _FUZZ_INPUT_H
#define _FUZZ_INPUT_H

#include "../guest_unwind.h"

struct fuzz_header {
	u8 mode, pse, unused;
	u8 nested, nested_mode, unused_too;
	u8 bits, lma, cpl;
	u8 max, max_frames;
	u8 refuse;		/* this page of memory cannot be read; 0 for none */
	u8 max_user;
	u8 pad[3];
	u64 root, nested_root;
	u64 ip, sp, bp, cs_base, ss_base;
};

struct fuzz_word {
	u64 gpa, value;
};

#endif /* _FUZZ_INPUT_H */
