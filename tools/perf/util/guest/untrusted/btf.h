/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest kernel's BTF: how its structures are laid out (Documentation/bpf/btf.rst).
 */
#ifndef __PERF_GUEST_BTF_H
#define __PERF_GUEST_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

/** GUEST_BTF_MAX - bytes; a distribution's kernel has 6 million */
#define GUEST_BTF_MAX	(64U << 20)

/**
 * struct guest_btf - it
 * @types, @strings: in what guest_btf__open() was given
 * @index: where each of @nr types is in @types
 */
struct guest_btf {
	const u8   *types;
	const char *strings;
	u32	   types_size, strings_size;
	u32	   *index;
	u32	   nr;
};

/**
 * struct guest_btf_member - of a structure
 * @offset: in bytes
 * @nr:	    elements of an array; else 1
 */
struct guest_btf_member {
	u32 offset, nr;
};

/** struct guest_btf_bits - @nr of them, from @at on, of a structure */
struct guest_btf_bits {
	u32 at, nr;
};

/**
 * guest_btf__open - look at BTF
 * @btf:  to be closed by guest_btf__close(), with success only
 * @data: borrowed; aligned to 4 bytes
 *
 * Return: 0, -EINVAL for what is none, -ENOMEM.
 */
int guest_btf__open(struct guest_btf *btf, const void *data, size_t size);
void guest_btf__close(struct guest_btf *btf);

/** guest_btf__size - bytes of a structure; 0 if there is none of that name */
u32 guest_btf__size(const struct guest_btf *btf, const char *type);

/**
 * guest_btf__member - find a member, also in structures without a name inside
 *
 * Return: false if there is none, or it is part of a byte. Where it is, is checked against the
 * structure's size.
 */
bool guest_btf__member(const struct guest_btf *btf, const char *type, const char *name,
		       struct guest_btf_member *member);

/**
 * guest_btf__bits - find an integer in a structure, a bit-field or not
 *
 * Return: false if there is none of that name, or it is not within the structure.
 */
bool guest_btf__bits(const struct guest_btf *btf, const char *type, const char *name,
		     struct guest_btf_bits *bits);

/** guest_btf__enumerator - find a constant of any enum by its name. Return: false for none. */
bool guest_btf__enumerator(const struct guest_btf *btf, const char *name, u32 *value);

#endif /* __PERF_GUEST_BTF_H */
