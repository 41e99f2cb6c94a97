// SPDX-License-Identifier: GPL-2.0
/*
 * Read a kernel's symbols out of its memory.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include "guest/memory/ksyms.h"
#include "guest/memory/view.h"

#define NR_TOKENS	256
/* An index of 16 bits leads no further. */
#define TOKENS_MAX	(64 << 10)

enum encoding { ADDRESSES, RELATIVE, RELATIVE_OR_PERCPU, FROM_ITSELF, NR_ENCODINGS };

/* What comes one after the other in memory, from @gva on; @used of @size bytes at hand */
struct stream {
	struct guest_view *view;
	u64    gva;
	size_t size, used;
	u8     data[GUEST_VIEW_PAGE];
};

/*
 * @base:  what kallsyms_relative_base holds
 * @names, @values: where the next symbol's name and address are
 */
struct reader {
	const struct guest_ksyms *ksyms;
	u32    nr;
	u64    base;
	bool   long_names;
	enum encoding encoding;
	u16    token_index[NR_TOKENS];
	size_t tokens_size;
	char   tokens[TOKENS_MAX + 1];
	struct stream names, values;
};

static void stream__begin(struct stream *stream, struct guest_view *view, u64 gva)
{
	stream->view = view;
	stream->gva = gva;
	stream->size = stream->used = 0;
}

/* Up to the end of a page, as the next may not be there, nor needed. */
static int stream__fill(struct stream *stream)
{
	size_t size = GUEST_VIEW_PAGE - stream->gva % GUEST_VIEW_PAGE;
	int err = guest_view__read(stream->view, stream->gva, stream->data, size);

	if (err)
		return err;
	stream->gva += size;
	stream->size = size;
	stream->used = 0;
	return 0;
}

static int stream__get(struct stream *stream, void *buf, size_t size)
{
	size_t n;
	int err;

	for (; size; size -= n, buf += n) {
		err = stream->used == stream->size ? stream__fill(stream) : 0;
		if (err)
			return err;
		n = min(size, stream->size - stream->used);
		memcpy(buf, stream->data + stream->used, n);
		stream->used += n;
	}
	return 0;
}

static int read_tokens(struct reader *reader, struct guest_view *view)
{
	const struct guest_ksyms *ksyms = reader->ksyms;
	int err;

	/* the index is behind the tokens, in all kernels */
	if (ksyms->token_index <= ksyms->token_table ||
	    ksyms->token_index - ksyms->token_table > TOKENS_MAX)
		return -EINVAL;
	reader->tokens_size = ksyms->token_index - ksyms->token_table;
	err = guest_view__read(view, ksyms->token_table, reader->tokens, reader->tokens_size);
	reader->tokens[reader->tokens_size] = '\0';
	return err ?: guest_view__read(view, ksyms->token_index, reader->token_index,
				       sizeof(reader->token_index));
}

static int begin(struct reader *reader, struct guest_view *view)
{
	const struct guest_ksyms *ksyms = reader->ksyms;
	int err = guest_view__read(view, ksyms->num_syms, &reader->nr, sizeof(reader->nr));

	if (err)
		return err;
	if (!reader->nr || reader->nr > GUEST_KSYMS_MAX)
		return -EINVAL;
	if (ksyms->relative_base)
		err = guest_view__read(view, ksyms->relative_base, &reader->base,
				       sizeof(reader->base));
	return err ?: read_tokens(reader, view);
}

/* Return: how many tokens the next name has, or a negative error */
static int next_length(struct reader *reader)
{
	u8 byte;
	int err = stream__get(&reader->names, &byte, 1), len = byte;

	if (err || !reader->long_names || !(len & 0x80))
		return err ?: len;
	err = stream__get(&reader->names, &byte, 1);
	return err ?: (len & 0x7f) | byte << 7;
}

/* @name: gets the type, the name and a NUL: GUEST_KSYM_SIZE + 1 bytes */
static int next_name(struct reader *reader, char *name)
{
	int i, err, len = next_length(reader);
	size_t size = 0, room = GUEST_KSYM_SIZE, index, n;
	u8 token;

	if (len <= 0)
		return len ?: -EINVAL;
	for (i = 0; i < len; i++) {
		err = stream__get(&reader->names, &token, 1);
		if (err)
			return err;
		index = reader->token_index[token];
		if (index >= reader->tokens_size)
			return -EINVAL;
		n = strlen(reader->tokens + index);
		if (n > room - size)
			return -EINVAL;
		memcpy(name + size, reader->tokens + index, n);
		size += n;
	}
	name[size] = '\0';
	return size >= 2 ? 0 : -EINVAL;
}

static u64 decode(const struct reader *reader, enum encoding encoding, u64 place, s32 offset)
{
	if (encoding == RELATIVE)
		return reader->base + (u32)offset;
	if (encoding == RELATIVE_OR_PERCPU)
		return offset < 0 ? reader->base - 1 - (s64)offset : (u64)offset;
	return place + (s64)offset;
}

static int next_value(struct reader *reader, u32 i, u64 *addr)
{
	s32 offset;
	int err;

	if (reader->encoding == ADDRESSES)
		return stream__get(&reader->values, addr, sizeof(*addr));
	err = stream__get(&reader->values, &offset, sizeof(offset));
	if (!err)
		*addr = decode(reader, reader->encoding,
			       reader->ksyms->offsets + i * sizeof(offset), offset);
	return err;
}

/* Which way of the four gives the @i-th symbol the address it has? */
static int find_encoding(struct reader *reader, struct guest_view *view, u32 i)
{
	const struct guest_ksyms *ksyms = reader->ksyms;
	enum encoding encoding;
	u64 place, addr;
	s32 offset;
	int err;

	if (!ksyms->offsets) {
		err = guest_view__read(view, ksyms->addresses + i * sizeof(addr), &addr,
				       sizeof(addr));
		reader->encoding = ADDRESSES;
		return err ?: addr == ksyms->stext ? 0 : -EINVAL;
	}
	place = ksyms->offsets + i * sizeof(offset);
	err = guest_view__read(view, place, &offset, sizeof(offset));
	if (err)
		return err;
	for (encoding = RELATIVE; encoding < NR_ENCODINGS; encoding++) {
		reader->encoding = encoding;
		if ((encoding == FROM_ITSELF) == !ksyms->relative_base &&
		    decode(reader, encoding, place, offset) == ksyms->stext)
			return 0;
	}
	return -EINVAL;
}

/* With the wrong way to read lengths, all names do not come out as names. */
static int find_way(struct reader *reader, struct guest_view *view, bool long_names)
{
	u32 i, stext = reader->nr;
	char name[GUEST_KSYM_SIZE + 1];
	int err;

	reader->long_names = long_names;
	stream__begin(&reader->names, view, reader->ksyms->names);
	for (i = 0; i < reader->nr; i++) {
		err = next_name(reader, name);
		if (err)
			return err;
		if (stext == reader->nr && !strcmp(name + 1, "_stext"))
			stext = i;
	}
	return stext < reader->nr ? find_encoding(reader, view, stext) : -EINVAL;
}

bool guest_ksym__is_type(char type)
{
	return isalpha(type) || type == '?';
}

bool guest_ksym__is_name(const char *name)
{
	if (!*name)
		return false;
	for (; *name; name++) {
		if (*name <= ' ' || *name > '~')
			return false;
	}
	return true;
}

static int read_all(struct reader *reader, struct guest_view *view,
		    int (*symbol)(void *arg, u64 addr, char type, const char *name), void *arg)
{
	const struct guest_ksyms *ksyms = reader->ksyms;
	char name[GUEST_KSYM_SIZE + 1];
	u64 addr;
	u32 i;
	int err = 0;

	stream__begin(&reader->names, view, ksyms->names);
	stream__begin(&reader->values, view, ksyms->offsets ?: ksyms->addresses);
	for (i = 0; !err && i < reader->nr; i++) {
		err = next_name(reader, name) ?: next_value(reader, i, &addr);
		if (!err && guest_ksym__is_type(*name) && guest_ksym__is_name(name + 1))
			err = symbol(arg, addr, *name, name + 1);
	}
	return err;
}

int guest_ksyms__read(struct guest_view *view, const struct guest_ksyms *ksyms,
		      int (*symbol)(void *arg, u64 addr, char type, const char *name), void *arg)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	int err;

	if (!reader)
		return -ENOMEM;
	reader->ksyms = ksyms;
	err = begin(reader, view);
	if (!err && find_way(reader, view, true))
		err = find_way(reader, view, false);
	if (!err)
		err = read_all(reader, view, symbol, arg);
	free(reader);
	return err;
}
