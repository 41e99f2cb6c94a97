/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest kernel's code as it is in its memory, to tell what can be a return address.
 */
#ifndef __PERF_GUEST_TEXT_H
#define __PERF_GUEST_TEXT_H

#include <linux/types.h>

struct guest_text_region;

/** struct guest_text - code of a guest's kernel and modules; zeros are none */
struct guest_text {
	struct guest_text_region *regions;	/* by address */
	u32 nr;
};

enum guest_text_call {
	GUEST_TEXT_UNKNOWN,	/* there is no code of that address */
	GUEST_TEXT_NO_CALL,
	GUEST_TEXT_CALL,
};

/**
 * guest_text__load - read what was taken
 * @text: zeros; to be freed by guest_text__exit()
 * @dir:  the guest's directory in a snapshot, as a descriptor
 */
void guest_text__load(struct guest_text *text, int dir);
void guest_text__exit(struct guest_text *text);

/** guest_text__behind_call - is @addr an address that a call returns to? */
enum guest_text_call guest_text__behind_call(const struct guest_text *text, u64 addr);

/**
 * x86_64__ends_in_call - may a call be what these bytes end with?
 * @bytes: code
 * @nr:	   how many; more than 7 make no difference
 *
 * Intel SDM vol. 2, CALL: E8 rel32, and FF /2 with each way to address memory.
 */
bool x86_64__ends_in_call(const u8 *bytes, u64 nr);

#endif /* __PERF_GUEST_TEXT_H */
