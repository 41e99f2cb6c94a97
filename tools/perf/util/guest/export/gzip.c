// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <linux/kernel.h>
#include <linux/types.h>
#include <linux/zalloc.h>
#ifdef HAVE_ZLIB_SUPPORT
#include <zlib.h>
#endif
#include "guest/export/gzip.h"

#ifdef HAVE_ZLIB_SUPPORT

/* Added to the window's size, the trailer is gzip's. Its header has no time and no name. */
#define AS_GZIP	16

struct export_gzip {
	FILE	 *fp;
	z_stream stream;
	u8	 out[65536];
};

struct export_gzip *export_gzip__open(FILE *fp)
{
	struct export_gzip *gzip = zalloc(sizeof(*gzip));

	if (!gzip)
		return NULL;
	gzip->fp = fp;
	if (deflateInit2(&gzip->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + AS_GZIP,
			 MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK)
		return gzip;
	free(gzip);
	return NULL;
}

static void compress_bytes(struct export_gzip *gzip, int flush)
{
	z_stream *stream = &gzip->stream;

	do {
		stream->next_out = gzip->out;
		stream->avail_out = sizeof(gzip->out);
		deflate(stream, flush);
		fwrite(gzip->out, 1, sizeof(gzip->out) - stream->avail_out, gzip->fp);
	} while (!stream->avail_out);
}

void export_gzip__write(struct export_gzip *gzip, const void *bytes, size_t size)
{
	gzip->stream.next_in = (void *)bytes;
	gzip->stream.avail_in = size;
	compress_bytes(gzip, Z_NO_FLUSH);
}

int export_gzip__close(struct export_gzip *gzip)
{
	int err;

	gzip->stream.avail_in = 0;
	compress_bytes(gzip, Z_FINISH);
	deflateEnd(&gzip->stream);
	err = ferror(gzip->fp) ? -ENOSPC : 0;
	free(gzip);
	return err;
}

#else

struct export_gzip {
	FILE *fp;
};

struct export_gzip *export_gzip__open(FILE *fp)
{
	struct export_gzip *gzip = zalloc(sizeof(*gzip));

	if (gzip)
		gzip->fp = fp;
	return gzip;
}

void export_gzip__write(struct export_gzip *gzip, const void *bytes, size_t size)
{
	fwrite(bytes, 1, size, gzip->fp);
}

int export_gzip__close(struct export_gzip *gzip)
{
	free(gzip);
	return 0;
}

#endif /* HAVE_ZLIB_SUPPORT */
