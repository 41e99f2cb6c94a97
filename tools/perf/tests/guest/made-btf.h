/* SPDX-License-Identifier: GPL-2.0 */
/* BTF made by a test (include/uapi/linux/btf.h). */
#ifndef __PERF_TESTS_MADE_BTF_H
#define __PERF_TESTS_MADE_BTF_H

#include <stddef.h>
#include <linux/btf.h>
#include <linux/types.h>

/** struct made_btf - words of types, and strings */
struct made_btf {
	u32  types[256], nr;
	char strings[1024];
	u32  size;
};

/** MADE_BTF_SIZE - bytes that are enough for any */
#define MADE_BTF_SIZE	(sizeof(struct btf_header) + sizeof(struct made_btf))

/** MADE_BTF_BITS - beside a kind of type: offsets of its members say how many bits they are */
#define MADE_BTF_BITS	0x80

void made_btf__begin(struct made_btf *btf);

/** made_btf__word - what is behind some types */
void made_btf__word(struct made_btf *btf, u32 word);

/**
 * made_btf__type - the next type, of which @parts are to follow
 * @name: "" for none
 * @kind: BTF_KIND_*
 * @size: or the number of a type
 */
void made_btf__type(struct made_btf *btf, const char *name, u32 kind, u32 parts, u32 size);

/** made_btf__member - a part of a structure; @offset as in struct btf_member */
void made_btf__member(struct made_btf *btf, const char *name, u32 type, u32 offset);

/** made_btf__constant - a part of an enum */
void made_btf__constant(struct made_btf *btf, const char *name, u32 value);

/** made_btf__finish - write it to @data, of MADE_BTF_SIZE bytes. Return: bytes written. */
size_t made_btf__finish(const struct made_btf *btf, void *data);

#endif /* __PERF_TESTS_MADE_BTF_H */
