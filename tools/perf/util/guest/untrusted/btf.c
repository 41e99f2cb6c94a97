// SPDX-License-Identifier: GPL-2.0
/*
 * Read BTF that may be anything. libbpf's reader is for BTF that is right.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/btf.h>
#include <linux/kernel.h>
#include "guest/untrusted/btf.h"

/* Structures without names in structures without names. */
#define DEPTH_MAX	4

/* As s16 is __s16, which is short. */
#define NAMES_MAX	8

/* What is behind a type of that kind, for each of its @vlen parts and once. */
static const struct {
	u8 each, once;
} behind[] = {
	[BTF_KIND_INT]	      = { 0, sizeof(u32) },
	[BTF_KIND_PTR]	      = { 0, 0 },
	[BTF_KIND_ARRAY]      = { 0, sizeof(struct btf_array) },
	[BTF_KIND_STRUCT]     = { sizeof(struct btf_member), 0 },
	[BTF_KIND_UNION]      = { sizeof(struct btf_member), 0 },
	[BTF_KIND_ENUM]	      = { sizeof(struct btf_enum), 0 },
	[BTF_KIND_FUNC_PROTO] = { sizeof(struct btf_param), 0 },
	[BTF_KIND_VAR]	      = { 0, sizeof(struct btf_var) },
	[BTF_KIND_DATASEC]    = { sizeof(struct btf_var_secinfo), 0 },
	[BTF_KIND_DECL_TAG]   = { 0, sizeof(struct btf_decl_tag) },
	[BTF_KIND_ENUM64]     = { sizeof(struct btf_enum64), 0 },
};

/* Where the type behind the one at @at is; 0 if that is none. */
static u32 next_type(const struct guest_btf *btf, u32 at)
{
	const struct btf_type *type = (const void *)(btf->types + at);
	u64 size = sizeof(*type);
	u32 kind;

	if (size > btf->types_size - at)
		return 0;
	kind = BTF_INFO_KIND(type->info);
	if (kind == BTF_KIND_UNKN || kind >= ARRAY_SIZE(behind))
		return 0;
	size += (u64)behind[kind].each * BTF_INFO_VLEN(type->info) + behind[kind].once;
	return size <= btf->types_size - at ? at + size : 0;
}

static int make_index(struct guest_btf *btf)
{
	u32 at;

	/* 0 is no type */
	btf->index = calloc(btf->types_size / sizeof(struct btf_type) + 1, sizeof(*btf->index));
	if (!btf->index)
		return -ENOMEM;
	btf->nr = 1;
	for (at = 0; at < btf->types_size; btf->nr++) {
		btf->index[btf->nr] = at;
		at = next_type(btf, at);
		if (!at) {
			guest_btf__close(btf);
			return -EINVAL;
		}
	}
	return 0;
}

static bool is_within(u64 offset, u64 size, u64 all)
{
	return offset <= all && size <= all - offset;
}

int guest_btf__open(struct guest_btf *btf, const void *data, size_t size)
{
	const struct btf_header *head = data;

	memset(btf, 0, sizeof(*btf));
	if (size < sizeof(*head) || size > GUEST_BTF_MAX || head->magic != BTF_MAGIC ||
	    head->hdr_len < sizeof(*head) || head->hdr_len > size || head->type_off % 4 ||
	    head->hdr_len % 4 || head->type_len % 4 ||
	    !is_within(head->type_off, head->type_len, size - head->hdr_len) ||
	    !is_within(head->str_off, head->str_len, size - head->hdr_len))
		return -EINVAL;
	btf->types = (const u8 *)data + head->hdr_len + head->type_off;
	btf->types_size = head->type_len;
	btf->strings = (const char *)data + head->hdr_len + head->str_off;
	btf->strings_size = head->str_len;
	if (!btf->strings_size || btf->strings[btf->strings_size - 1])
		return -EINVAL;
	return make_index(btf);
}

void guest_btf__close(struct guest_btf *btf)
{
	free(btf->index);
	btf->index = NULL;
}

static const struct btf_type *get_type(const struct guest_btf *btf, u32 id)
{
	return id && id < btf->nr ? (const void *)(btf->types + btf->index[id]) : NULL;
}

static const char *get_name(const struct guest_btf *btf, u32 offset)
{
	return offset < btf->strings_size ? btf->strings + offset : "";
}

static bool has_members(const struct btf_type *type)
{
	u32 kind = type ? BTF_INFO_KIND(type->info) : BTF_KIND_UNKN;

	return kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION;
}

static const struct btf_type *find_type(const struct guest_btf *btf, const char *name)
{
	const struct btf_type *type;
	u32 id;

	for (id = 1; id < btf->nr; id++) {
		type = get_type(btf, id);
		if (BTF_INFO_KIND(type->info) == BTF_KIND_STRUCT &&
		    !strcmp(get_name(btf, type->name_off), name))
			return type;
	}
	return NULL;
}

u32 guest_btf__size(const struct guest_btf *btf, const char *type)
{
	const struct btf_type *found = find_type(btf, type);

	return found ? found->size : 0;
}

static u32 elements(const struct guest_btf *btf, u32 id)
{
	const struct btf_type *type = get_type(btf, id);

	if (!type || BTF_INFO_KIND(type->info) != BTF_KIND_ARRAY)
		return 1;
	return ((const struct btf_array *)(type + 1))->nelems;
}

static bool find_member(const struct guest_btf *btf, const struct btf_type *type,
			const char *name, unsigned int depth, struct guest_btf_member *found)
{
	const struct btf_member *member = (const void *)(type + 1);
	const char *its;
	u32 i, bits;

	for (i = 0; i < BTF_INFO_VLEN(type->info); i++, member++) {
		bits = BTF_INFO_KFLAG(type->info) ? BTF_MEMBER_BIT_OFFSET(member->offset) :
						    member->offset;
		its = get_name(btf, member->name_off);
		if (!strcmp(its, name) && !(bits % 8)) {
			found->offset += bits / 8;
			found->nr = elements(btf, member->type);
			return true;
		}
		if (*its || !depth || !has_members(get_type(btf, member->type)))
			continue;
		found->offset += bits / 8;
		if (find_member(btf, get_type(btf, member->type), name, depth - 1, found))
			return true;
		found->offset -= bits / 8;
	}
	return false;
}

bool guest_btf__member(const struct guest_btf *btf, const char *type, const char *name,
		       struct guest_btf_member *member)
{
	const struct btf_type *found = find_type(btf, type);

	member->offset = 0;
	return found && find_member(btf, found, name, DEPTH_MAX, member) &&
	       member->offset < found->size;
}

/* Bits of an integer or enum, whatever names and qualifiers it has; 0 for other types. */
static u32 type_bits(const struct guest_btf *btf, u32 id)
{
	const struct btf_type *type = get_type(btf, id);
	unsigned int i;

	for (i = 0; type && i < NAMES_MAX; i++) {
		switch (BTF_INFO_KIND(type->info)) {
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_CONST:
			type = get_type(btf, type->type);
			break;
		case BTF_KIND_INT:
		case BTF_KIND_ENUM:
			return type->size <= sizeof(u64) ? type->size * 8 : 0;
		default:
			return 0;
		}
	}
	return 0;
}

bool guest_btf__bits(const struct guest_btf *btf, const char *type, const char *name,
		     struct guest_btf_bits *bits)
{
	const struct btf_type *found = find_type(btf, type);
	const struct btf_member *member = (const void *)(found + 1);
	bool packed;
	u32 i;

	if (!found)
		return false;
	packed = BTF_INFO_KFLAG(found->info);
	for (i = 0; i < BTF_INFO_VLEN(found->info); i++, member++) {
		if (strcmp(get_name(btf, member->name_off), name))
			continue;
		bits->at = packed ? BTF_MEMBER_BIT_OFFSET(member->offset) : member->offset;
		bits->nr = packed ? BTF_MEMBER_BITFIELD_SIZE(member->offset) : 0;
		if (!bits->nr)
			bits->nr = type_bits(btf, member->type);
		return bits->nr && bits->at + (u64)bits->nr <= found->size * 8ULL;
	}
	return false;
}

bool guest_btf__enumerator(const struct guest_btf *btf, const char *name, u32 *value)
{
	const struct btf_enum *enumerator;
	const struct btf_type *type;
	u32 id, i;

	for (id = 1; id < btf->nr; id++) {
		type = get_type(btf, id);
		if (BTF_INFO_KIND(type->info) != BTF_KIND_ENUM)
			continue;
		enumerator = (const void *)(type + 1);
		for (i = 0; i < BTF_INFO_VLEN(type->info); i++, enumerator++) {
			if (!strcmp(get_name(btf, enumerator->name_off), name)) {
				*value = enumerator->val;
				return true;
			}
		}
	}
	return false;
}
