// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <string.h>
#include <linux/kernel.h>
#include "tests/guest/made-btf.h"

void made_btf__begin(struct made_btf *btf)
{
	memset(btf, 0, sizeof(*btf));
	/* the first string is "" */
	btf->size = 1;
}

void made_btf__word(struct made_btf *btf, u32 word)
{
	assert(btf->nr < ARRAY_SIZE(btf->types));
	btf->types[btf->nr++] = word;
}

static void add_name(struct made_btf *btf, const char *name)
{
	size_t size = strlen(name) + 1;

	made_btf__word(btf, *name ? btf->size : 0);
	if (!*name)
		return;
	assert(size <= sizeof(btf->strings) - btf->size);
	memcpy(btf->strings + btf->size, name, size);
	btf->size += size;
}

void made_btf__type(struct made_btf *btf, const char *name, u32 kind, u32 parts, u32 size)
{
	add_name(btf, name);
	made_btf__word(btf, kind << 24 | parts);
	made_btf__word(btf, size);
}

void made_btf__member(struct made_btf *btf, const char *name, u32 type, u32 offset)
{
	add_name(btf, name);
	made_btf__word(btf, type);
	made_btf__word(btf, offset);
}

void made_btf__constant(struct made_btf *btf, const char *name, u32 value)
{
	add_name(btf, name);
	made_btf__word(btf, value);
}

size_t made_btf__finish(const struct made_btf *btf, void *data)
{
	const u32 types = btf->nr * sizeof(*btf->types);
	const struct btf_header head = {
		.magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = sizeof(head),
		.type_len = types, .str_off = types, .str_len = btf->size,
	};
	u8 *to = data;

	memcpy(to, &head, sizeof(head));
	memcpy(to + sizeof(head), btf->types, types);
	memcpy(to + sizeof(head) + types, btf->strings, btf->size);
	return sizeof(head) + types + btf->size;
}
