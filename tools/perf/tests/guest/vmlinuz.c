// SPDX-License-Identifier: GPL-2.0
/* Kernel images packed here, in every compression, whole and damaged. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#ifdef HAVE_ZLIB_SUPPORT
#include <zlib.h>
#endif
#ifdef HAVE_LZMA_SUPPORT
#include <lzma.h>
#endif
#ifdef HAVE_ZSTD_SUPPORT
#include <zstd.h>
#endif
#include "debug.h"
#include "tests/tests.h"
#include "util/guest/untrusted/unpack.h"

#define KERNEL_SIZE	50000
#define PACKED_MAX	(KERNEL_SIZE * 2)
#define SECTOR		512

/* Something that compresses a little. */
static void fill_kernel(u8 *kernel)
{
	unsigned int i, x = 1;

	for (i = 0; i < KERNEL_SIZE; i++) {
		x = x * 1103515245 + 12345;
		kernel[i] = i & 64 ? 0x90 : x >> 24;
	}
	memcpy(kernel, "\177ELF", 4);
}

/* Packers return the size, 0 if perf was built without the library. */
static size_t pack_gzip(const u8 *in __maybe_unused, u8 *out __maybe_unused)
{
#ifdef HAVE_ZLIB_SUPPORT
	z_stream z = {
		.next_in = (void *)in, .avail_in = KERNEL_SIZE,
		.next_out = out, .avail_out = PACKED_MAX,
	};

	deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
	deflate(&z, Z_FINISH);
	deflateEnd(&z);
	return z.total_out;
#else
	return 0;
#endif
}

static size_t pack_xz(const u8 *in __maybe_unused, u8 *out __maybe_unused)
{
#ifdef HAVE_LZMA_SUPPORT
	size_t len = 0;

	lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL, in, KERNEL_SIZE,
				out, &len, PACKED_MAX);
	return len;
#else
	return 0;
#endif
}

static size_t pack_lzma(const u8 *in __maybe_unused, u8 *out __maybe_unused)
{
#ifdef HAVE_LZMA_SUPPORT
	lzma_stream strm = LZMA_STREAM_INIT;
	lzma_options_lzma opt;

	lzma_lzma_preset(&opt, 6);
	if (lzma_alone_encoder(&strm, &opt) != LZMA_OK)
		return 0;
	strm.next_in = in;
	strm.avail_in = KERNEL_SIZE;
	strm.next_out = out;
	strm.avail_out = PACKED_MAX;
	if (lzma_code(&strm, LZMA_FINISH) != LZMA_STREAM_END)
		strm.total_out = 0;
	lzma_end(&strm);
	return strm.total_out;
#else
	return 0;
#endif
}

static size_t pack_zstd(const u8 *in __maybe_unused, u8 *out __maybe_unused)
{
#ifdef HAVE_ZSTD_SUPPORT
	return ZSTD_compress(out, PACKED_MAX, in, KERNEL_SIZE, 3);
#else
	return 0;
#endif
}

static void put_le32(u8 *p, u32 v)
{
	p[0] = v;
	p[1] = v >> 8;
	p[2] = v >> 16;
	p[3] = v >> 24;
}

/* A block of @len literals at the end, after a run of @repeat bytes like the first. */
static size_t lz4_block(u8 *out, const u8 *in, size_t len, size_t repeat)
{
	u8 *p = out;
	size_t rest;

	if (repeat) {
		*p++ = 1 << 4 | 15;	/* a literal, and itself again and again */
		*p++ = in[0];
		*p++ = 1;
		*p++ = 0;
		for (rest = repeat - 15 - 4; rest >= 255; rest -= 255)
			*p++ = 255;
		*p++ = rest;
	}
	*p++ = 15 << 4;
	for (rest = len - 15; rest >= 255; rest -= 255)
		*p++ = 255;
	*p++ = rest;
	memcpy(p, in + (repeat ? 1 + repeat : 0), len);
	return p + len - out;
}

static size_t pack_lz4(const u8 *in, u8 *out)
{
	const size_t run = 1000;
	size_t len = 4, size;

	put_le32(out, 0x184c2102);
	size = lz4_block(out + len + 4, in, 20000, 0);
	put_le32(out + len, size);
	len += 4 + size;
	/* the kernel is made to have that run, see below */
	size = lz4_block(out + len + 4, in + 20000, KERNEL_SIZE - 20000 - 1 - run, run);
	put_le32(out + len, size);
	return len + 4 + size;
}

struct packer {
	const char *name;
	size_t (*pack)(const u8 *in, u8 *out);
	bool has_size;		/* in the compressed data */
};

static const struct packer packers[] = {
	{ "gzip", pack_gzip, true },
	{ "xz", pack_xz, false },
	{ "lzma", pack_lzma, false },
	{ "zstd", pack_zstd, false },
	{ "lz4", pack_lz4, false },
};

/* Wrap @len bytes at @packed into a bzImage with 2 sectors of set-up code. */
static u8 *make_bzimage(const u8 *packed, size_t len, bool has_size, u32 says, size_t *size)
{
	const size_t start = 3 * SECTOR, offset = 0x120;
	size_t payload = len + (has_size ? 0 : 4);
	u8 *image = calloc(1, start + offset + payload + 100);

	*size = start + offset + payload + 100;
	image[0x1f1] = 2;
	memcpy(image + 0x202, "HdrS", 4);
	image[0x206] = 0x0f;
	image[0x207] = 0x02;
	put_le32(image + 0x248, offset);
	put_le32(image + 0x24c, payload);
	memcpy(image + start + offset, packed, len);
	put_le32(image + start + offset + payload - 4, says);
	return image;
}

static bool unpacks(const u8 *file, size_t size, const u8 *kernel)
{
	const char *why;
	size_t len;
	void *elf;
	bool same;
	int err = guest_vmlinuz__unpack(file, size, &elf, &len, &why);

	if (err) {
		pr_debug("%s\n", why);
		return false;
	}
	same = len == KERNEL_SIZE && !memcmp(elf, kernel, len);
	free(elf);
	return same;
}

static int error_of(const u8 *file, size_t size, const char **why)
{
	void *elf = NULL;
	size_t len;
	int err = guest_vmlinuz__unpack(file, size, &elf, &len, why);

	if (!err)
		free(elf);
	return err;
}

static bool check_packer(const struct packer *p, const u8 *kernel, u8 *packed)
{
	size_t len = p->pack(kernel, packed), size, i;
	const char *why;
	u8 *image;
	bool ok;

	if (!len)
		return true;
	ok = unpacks(packed, len, kernel);
	image = make_bzimage(packed, len, p->has_size, KERNEL_SIZE, &size);
	ok &= unpacks(image, size, kernel);
	/* damaged anywhere: refused, or whole by chance; never a crash */
	for (i = 0; i < size; i += 97) {
		image[i] ^= 0x5a;
		error_of(image, size, &why);
		image[i] ^= 0x5a;
	}
	for (i = 0; i < size - 100; i += 89) {
		u8 *copy = malloc(i ?: 1);

		memcpy(copy, image, i);
		ok &= error_of(copy, i, &why) && why;
		free(copy);
	}
	free(image);

	if (!p->has_size) {
		image = make_bzimage(packed, len, false, KERNEL_SIZE - 1, &size);
		ok &= error_of(image, size, &why) < 0;
		free(image);
		image = make_bzimage(packed, len, false, KERNEL_SIZE + 1, &size);
		ok &= error_of(image, size, &why) == -EINVAL;
		free(image);
		image = make_bzimage(packed, len, false, GUEST_VMLINUZ_MAX + 1, &size);
		ok &= error_of(image, size, &why) == -EFBIG;
		free(image);
	}
	if (!ok)
		pr_debug("%s: does not unpack as it should\n", p->name);
	return ok;
}

static int test__unpack(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	u8 *kernel = malloc(KERNEL_SIZE), *packed = malloc(PACKED_MAX);
	int ret = TEST_OK;
	unsigned int i;

	fill_kernel(kernel);
	memset(kernel + 20000, 0x55, 1001);	/* for pack_lz4() */
	for (i = 0; i < ARRAY_SIZE(packers); i++)
		if (!check_packer(&packers[i], kernel, packed))
			ret = TEST_FAIL;
	if (!unpacks(kernel, KERNEL_SIZE, kernel))
		ret = TEST_FAIL;
	free(kernel);
	free(packed);
	return ret;
}

struct bad_file {
	const char *what;
	const char *data;
	size_t size;
	int err;
	const char *word;	/* of the reason given */
};

#define BAD(what, data, err, word) { what, data, sizeof(data) - 1, err, word }

static const struct bad_file bad_files[] = {
	BAD("empty", "", -EINVAL, "neither"),
	BAD("text", "#!/bin/sh\n", -EINVAL, "neither"),
	BAD("bzip2", "BZh91AY&SY", -ENOTSUP, "bzip2"),
	BAD("lzo", "\211LZO\0\r\n\032\n", -ENOTSUP, "lzo"),
	BAD("lz4 block too large", "\2\041\114\030\377\377\0\0abc", -EINVAL, "lz4"),
	BAD("lz4 empty block", "\2\041\114\030\0\0\0\0", -EINVAL, "lz4"),
	BAD("lz4 match before the start", "\2\041\114\030\5\0\0\0\020a\2\0\0", -EINVAL, "lz4"),
	BAD("lz4 match at no distance", "\2\041\114\030\5\0\0\0\020a\0\0\0", -EINVAL, "lz4"),
	BAD("lz4 literals cut off", "\2\041\114\030\2\0\0\0\060a", -EINVAL, "lz4"),
	BAD("lz4 length cut off", "\2\041\114\030\2\0\0\0\360\377", -EINVAL, "lz4"),
	BAD("lz4 of no ELF file", "\2\041\114\030\5\0\0\0\100abcd", -EINVAL, "no ELF"),
};

static int test__bad_files(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	int ret = TEST_OK;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad_files); i++) {
		const struct bad_file *b = &bad_files[i];
		u8 *copy = malloc(b->size ?: 1);
		const char *why = NULL;
		int err;

		memcpy(copy, b->data, b->size);
		err = error_of(copy, b->size, &why);
		free(copy);
		if (err != b->err || !why || !strstr(why, b->word)) {
			pr_debug("%s: %d, %s\n", b->what, err, why ?: "no reason");
			ret = TEST_FAIL;
		}
	}
	return ret;
}

/* Little that says it is much: a run of one byte, 16 MiB in 64 KiB. */
static int test__bomb(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	const size_t block = 64 * 1024;
	u8 *file = malloc(12 + block), *image;
	size_t size;
	const char *why;

	put_le32(file, 0x184c2102);
	put_le32(file + 4, block + 4);
	memcpy(file + 8, "\037a\1\0", 4);
	memset(file + 12, 255, block);
	TEST_ASSERT_EQUAL("block too large", error_of(file, 12 + block, &why), -EINVAL);
	image = make_bzimage(file, 12 + block, false, 1000, &size);
	TEST_ASSERT_EQUAL("in an image", error_of(image, size, &why), -EINVAL);
	free(file);
	free(image);
	return TEST_OK;
}

static int test__bad_image(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	static const struct {
		const char *what;
		unsigned int at, value;
	} cases[] = {
		{ "offset behind the end", 0x248, 0x7fffffff },
		{ "offset wraps", 0x248, 0xffffffff },
		{ "length behind the end", 0x24c, 0x7fffffff },
		{ "length wraps", 0x24c, 0xffffffff },
		{ "no length", 0x24c, 0 },
		{ "old protocol", 0x206, 0x0207 },
		{ "set-up code behind the end", 0x1f1, 0xff },
	};
	u8 *kernel = malloc(KERNEL_SIZE);
	const char *why;
	unsigned int i;
	int bad = 0;

	fill_kernel(kernel);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t size;
		u8 *image = make_bzimage(kernel, KERNEL_SIZE, false, KERNEL_SIZE, &size);

		put_le32(image + cases[i].at, cases[i].value);
		if (error_of(image, size, &why) != -EINVAL) {
			pr_debug("%s: taken\n", cases[i].what);
			bad++;
		}
		free(image);
	}
	free(kernel);
	return bad ? TEST_FAIL : TEST_OK;
}

static struct test_case tests__guest_vmlinuz[] = {
	TEST_CASE("unpack every compression", unpack),
	TEST_CASE("files that are no kernels", bad_files),
	TEST_CASE("bomb", bomb),
	TEST_CASE("damaged images", bad_image),
	{ .name = NULL },
};

struct test_suite suite__guest_vmlinuz = {
	.desc = "Guest callchain tables from vmlinuz",
	.test_cases = tests__guest_vmlinuz,
};
