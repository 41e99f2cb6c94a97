// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/types.h>
#ifdef HAVE_ZLIB_SUPPORT
#include <zlib.h>
#endif
#ifdef HAVE_LZMA_SUPPORT
#include <lzma.h>
#endif
#ifdef HAVE_ZSTD_SUPPORT
#include <zstd.h>
#endif
#include "guest/untrusted/unpack.h"

/* The setup header of a bzImage; payload_* are there since 2.08. */
#define SETUP_SECTS		0x1f1
#define HEADER_MAGIC		0x202
#define HEADER_VERSION		0x206
#define PAYLOAD_OFFSET		0x248
#define PAYLOAD_LENGTH		0x24c
#define HEADER_END		0x250
#define SECTOR			512

/* A decompressor's window; kernels are packed with up to 128 MiB (zstd -22). */
#define DICTIONARY_MAX		(160UL << 20)
#define ZSTD_WINDOW_LOG_MAX	27

/* Blocks of lz4's legacy format, the one kernels are packed in. */
#define LZ4_BLOCK_MAX		(8UL << 20)

/**
 * struct unpack - what a decompressor works on
 * @in, @in_size:  packed
 * @out, @out_len: unpacked so far
 * @out_size:	   bytes at @out
 * @expected:	   size that the image says it has, 0 if it does not say
 * @why:	   what is wrong
 */
struct unpack {
	const u8 *in;
	size_t in_size;
	u8 *out;
	size_t out_len, out_size;
	size_t expected;
	const char *why;
};

static int fail(struct unpack *u, int err, const char *why)
{
	u->why = why;
	return err;
}

static u32 get_le32(const u8 *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24;
}

/*
 * Make room for more output, at least a byte. What the image says about its size
 * is a limit, and not believed before the data is there.
 */
static int grow(struct unpack *u)
{
	size_t max = u->expected ?: GUEST_VMLINUZ_MAX;
	size_t size = u->out_size ? u->out_size * 2 : u->in_size * 4 + 4096;
	u8 *out;

	if (u->out_len < u->out_size)
		return 0;
	if (u->out_size == max)
		return fail(u, -EFBIG, u->expected ? "larger than it says" : "too large");
	if (size > max)
		size = max;
	out = realloc(u->out, size);
	if (!out)
		return fail(u, -ENOMEM, "out of memory");
	u->out = out;
	u->out_size = size;
	return 0;
}

#ifdef HAVE_ZLIB_SUPPORT
static int unpack_gzip(struct unpack *u)
{
	z_stream z = { .next_in = (void *)u->in, .avail_in = u->in_size };
	int err, ret = Z_OK;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return fail(u, -ENOMEM, "zlib does not start");
	do {
		err = grow(u);
		if (err)
			break;
		z.next_out = u->out + u->out_len;
		z.avail_out = u->out_size - u->out_len;
		ret = inflate(&z, Z_NO_FLUSH);
		u->out_len = u->out_size - z.avail_out;
	} while (ret == Z_OK);
	inflateEnd(&z);

	if (!err && ret != Z_STREAM_END)
		err = fail(u, -EINVAL, "damaged gzip data");
	return err;
}
#else
static int unpack_gzip(struct unpack *u)
{
	return fail(u, -ENOTSUP, "gzip data, and perf was built without zlib");
}
#endif

#ifdef HAVE_LZMA_SUPPORT
static int run_lzma(struct unpack *u, lzma_stream *strm)
{
	lzma_ret ret;
	int err;

	strm->next_in = u->in;
	strm->avail_in = u->in_size;
	do {
		err = grow(u);
		if (err)
			return err;
		strm->next_out = u->out + u->out_len;
		strm->avail_out = u->out_size - u->out_len;
		ret = lzma_code(strm, LZMA_RUN);
		u->out_len = u->out_size - strm->avail_out;
	} while (ret == LZMA_OK);

	return ret == LZMA_STREAM_END ? 0 : fail(u, -EINVAL, "damaged xz or lzma data");
}

static int unpack_lzma_stream(struct unpack *u, lzma_ret started, lzma_stream *strm)
{
	int err;

	if (started != LZMA_OK)
		return fail(u, -ENOMEM, "liblzma does not start");
	err = run_lzma(u, strm);
	lzma_end(strm);
	return err;
}

static int unpack_xz(struct unpack *u)
{
	lzma_stream strm = LZMA_STREAM_INIT;

	return unpack_lzma_stream(u, lzma_stream_decoder(&strm, DICTIONARY_MAX, 0), &strm);
}

static int unpack_lzma(struct unpack *u)
{
	lzma_stream strm = LZMA_STREAM_INIT;

	return unpack_lzma_stream(u, lzma_alone_decoder(&strm, DICTIONARY_MAX), &strm);
}
#else
static int unpack_xz(struct unpack *u)
{
	return fail(u, -ENOTSUP, "xz data, and perf was built without liblzma");
}

static int unpack_lzma(struct unpack *u)
{
	return fail(u, -ENOTSUP, "lzma data, and perf was built without liblzma");
}
#endif

#ifdef HAVE_ZSTD_SUPPORT
static int run_zstd(struct unpack *u, ZSTD_DStream *z)
{
	ZSTD_inBuffer in = { .src = u->in, .size = u->in_size };
	ZSTD_outBuffer out;
	size_t ret, before;
	int err;

	ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
	do {
		err = grow(u);
		if (err)
			return err;
		out = (ZSTD_outBuffer) {
			.dst = u->out, .pos = u->out_len, .size = u->out_size,
		};
		before = in.pos;
		ret = ZSTD_decompressStream(z, &out, &in);
		if (ZSTD_isError(ret) || (ret && in.pos == before && out.pos == u->out_len))
			return fail(u, -EINVAL, "damaged zstd data");
		u->out_len = out.pos;
	} while (ret);
	return 0;
}

static int unpack_zstd(struct unpack *u)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	int err;

	if (!z)
		return fail(u, -ENOMEM, "out of memory");
	err = run_zstd(u, z);
	ZSTD_freeDStream(z);
	return err;
}
#else
static int unpack_zstd(struct unpack *u)
{
	return fail(u, -ENOTSUP, "zstd data, and perf was built without libzstd");
}
#endif

/* Add bytes to a length that starts with @len, all but the last being 255. */
static bool lz4_length(const u8 **in, const u8 *end, size_t *len, unsigned int full)
{
	u8 byte;

	if (*len != full)
		return true;
	do {
		if (*in == end)
			return false;
		byte = *(*in)++;
		*len += byte;
	} while (byte == 255);
	return true;
}

/*
 * A block of LZ4: sequences of literals and of a match in what came before; the
 * last has literals only. Returns bytes written or -1.
 */
static ssize_t lz4_block(const u8 *in, size_t in_size, u8 *out, size_t out_size)
{
	const u8 *end = in + in_size;
	size_t pos = 0, len, distance;
	u8 token;

	while (in != end) {
		token = *in++;
		len = token >> 4;
		if (!lz4_length(&in, end, &len, 15) ||
		    len > (size_t)(end - in) || len > out_size - pos)
			return -1;
		memcpy(out + pos, in, len);
		in += len;
		pos += len;
		if (in == end)
			break;

		if (end - in < 2)
			return -1;
		distance = in[0] | in[1] << 8;
		in += 2;
		len = token & 15;
		if (!lz4_length(&in, end, &len, 15))
			return -1;
		len += 4;
		if (!distance || distance > pos || len > out_size - pos)
			return -1;
		/* it may overlap what it makes */
		for (; len; len--, pos++)
			out[pos] = out[pos - distance];
	}
	return pos;
}

static int unpack_lz4(struct unpack *u)
{
	const u8 *in = u->in + 4, *end = u->in + u->in_size;
	size_t max = u->expected ?: GUEST_VMLINUZ_MAX - LZ4_BLOCK_MAX;
	ssize_t len;
	u32 size;
	u8 *out;

	while (end - in >= 4) {
		size = get_le32(in);
		in += 4;
		if (!size || size > (size_t)(end - in))
			return fail(u, -EINVAL, "damaged lz4 data");
		if (u->out_len > max)
			return fail(u, -EFBIG, "too large");
		out = realloc(u->out, u->out_len + LZ4_BLOCK_MAX);
		if (!out)
			return fail(u, -ENOMEM, "out of memory");
		u->out = out;
		len = lz4_block(in, size, out + u->out_len, LZ4_BLOCK_MAX);
		if (len < 0)
			return fail(u, -EINVAL, "damaged lz4 data");
		u->out_len += len;
		in += size;
	}
	return 0;
}

static int unpack_bzip2(struct unpack *u)
{
	return fail(u, -ENOTSUP, "bzip2 data is not supported");
}

static int unpack_lzo(struct unpack *u)
{
	return fail(u, -ENOTSUP, "lzo data is not supported");
}

static int unpack_elf(struct unpack *u)
{
	u->out = malloc(u->in_size);
	if (!u->out)
		return fail(u, -ENOMEM, "out of memory");
	memcpy(u->out, u->in, u->in_size);
	u->out_len = u->in_size;
	return 0;
}

static const struct {
	const char *magic;
	unsigned int len;
	int (*unpack)(struct unpack *u);
} formats[] = {
	{ "\177ELF", 4, unpack_elf },
	{ "\037\213", 2, unpack_gzip },
	{ "\3757zXZ\0", 6, unpack_xz },
	{ "\050\265\057\375", 4, unpack_zstd },
	{ "\002\041\114\030", 4, unpack_lz4 },
	{ "\135\0\0", 3, unpack_lzma },
	{ "BZh", 3, unpack_bzip2 },
	{ "\211LZO\0", 5, unpack_lzo },
};

static int unpack_any(struct unpack *u)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (u->in_size >= formats[i].len &&
		    !memcmp(u->in, formats[i].magic, formats[i].len))
			return formats[i].unpack(u);
	return fail(u, -EINVAL, "neither a kernel nor in a known compression");
}

static bool is_bzimage(const u8 *file, size_t size)
{
	return size >= HEADER_END && !memcmp(file + HEADER_MAGIC, "HdrS", 4);
}

/* Point @u to the compressed vmlinux. The size of that one follows it. */
static int find_payload(struct unpack *u)
{
	const u8 *file = u->in;
	size_t start, offset = get_le32(file + PAYLOAD_OFFSET);
	size_t length = get_le32(file + PAYLOAD_LENGTH);

	if ((file[HEADER_VERSION] | file[HEADER_VERSION + 1] << 8) < 0x208)
		return fail(u, -EINVAL, "boot protocol before 2.08");
	start = ((file[SETUP_SECTS] ?: 4) + 1) * SECTOR;
	if (start > u->in_size || offset > u->in_size - start ||
	    length > u->in_size - start - offset || length < 8)
		return fail(u, -EINVAL, "the compressed kernel is outside of the file");

	u->in = file + start + offset;
	u->expected = get_le32(u->in + length - 4);
	/* gzip has the size at its end anyway */
	u->in_size = length - (u->in[0] == 0x1f ? 0 : 4);
	if (!u->expected || u->expected > GUEST_VMLINUZ_MAX)
		return fail(u, -EFBIG, "says that it is too large");
	return 0;
}

int guest_vmlinuz__unpack(const void *file, size_t size, void **elf, size_t *elf_size,
			  const char **why)
{
	struct unpack u = { .in = file, .in_size = size };
	int err = 0;

	*why = NULL;
	if (size > GUEST_VMLINUZ_MAX)
		err = fail(&u, -EFBIG, "too large");
	else if (is_bzimage(file, size))
		err = find_payload(&u);
	if (!err)
		err = unpack_any(&u);
	if (!err && u.expected && u.out_len != u.expected)
		err = fail(&u, -EINVAL, "not as large as it says");
	if (!err && (u.out_len < 4 || memcmp(u.out, "\177ELF", 4)))
		err = fail(&u, -EINVAL, "what was compressed is no ELF file");
	if (err) {
		free(u.out);
		*why = u.why;
		return err;
	}
	*elf = u.out;
	*elf_size = u.out_len;
	return 0;
}
