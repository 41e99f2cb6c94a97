// SPDX-License-Identifier: GPL-2.0
/*
 * Is there a call before an address? Told by code that was taken along from the guest,
 * which every byte of is the guest's: all it can do is to have a guess shown or not.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/types.h>
#include <linux/zalloc.h>
#include "guest/untrusted/file.h"
#include "guest/snapshot/kcore.h"

#define REGIONS_MAX	4096
#define REGION_MAX	(64ULL << 20)

struct guest_text_region {
	u64	start;
	size_t	size;
	u8	*bytes;
};

static int cmp_region(const void *a, const void *b)
{
	u64 x = ((const struct guest_text_region *)a)->start;
	u64 y = ((const struct guest_text_region *)b)->start;

	return x < y ? -1 : x > y;
}

static void load_region(struct guest_text *text, int dir, const char *name)
{
	struct guest_text_region *region = &text->regions[text->nr];
	char path[64];
	void *bytes;

	if (strlen(name) != 16 || sscanf(name, "%16" SCNx64, &region->start) != 1)
		return;
	snprintf(path, sizeof(path), "text/%s", name);
	if (guest_file__load(dir, path, REGION_MAX, &bytes, &region->size))
		return;
	region->bytes = bytes;
	text->nr++;
}

void guest_text__load(struct guest_text *text, int dir)
{
	int fd = guest_file__opendir(dir, "text");
	struct dirent *entry;
	DIR *list;

	if (fd < 0)
		return;
	list = fdopendir(fd);
	if (!list) {
		close(fd);
		return;
	}
	text->regions = calloc(REGIONS_MAX, sizeof(*text->regions));
	while (text->regions && text->nr < REGIONS_MAX && (entry = readdir(list)))
		load_region(text, dir, entry->d_name);
	closedir(list);
	if (text->nr)
		qsort(text->regions, text->nr, sizeof(*text->regions), cmp_region);
}

void guest_text__exit(struct guest_text *text)
{
	while (text->nr)
		free(text->regions[--text->nr].bytes);
	zfree(&text->regions);
}

/* Bytes of an FF /2 with this ModRM and what may be a SIB byte, or 0. */
static u64 indirect_length(u8 modrm, u8 sib)
{
	static const u8 displacement[] = { 0, 1, 4 };
	u8 mod = modrm >> 6, rm = modrm & 7;

	if ((modrm >> 3 & 7) != 2)
		return 0;
	if (mod == 3)
		return 2;
	if (rm == 4)
		return 3 + (!mod && (sib & 7) == 5 ? 4 : displacement[mod]);
	/* without a base: relative to the instruction pointer */
	return 2 + (!mod && rm == 5 ? 4 : displacement[mod]);
}

bool x86_64__ends_in_call(const u8 *bytes, u64 nr)
{
	const u8 *end = bytes + nr;
	u64 len;

	if (nr >= 5 && end[-5] == 0xe8)
		return true;
	for (len = 2; len <= 7 && len <= nr; len++) {
		if (end[-len] == 0xff &&
		    indirect_length(end[1 - (s64)len], len > 2 ? end[2 - (s64)len] : 0) == len)
			return true;
	}
	return false;
}

static const struct guest_text_region *find_region(const struct guest_text *text, u64 addr)
{
	u32 low = 0, high = text->nr, mid;

	/* the last one that starts before addr: there is nothing to call in front of its start */
	while (low < high) {
		mid = low + (high - low) / 2;
		if (text->regions[mid].start < addr)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low || addr - text->regions[low - 1].start > text->regions[low - 1].size)
		return NULL;
	return &text->regions[low - 1];
}

enum guest_text_call guest_text__behind_call(const struct guest_text *text, u64 addr)
{
	const struct guest_text_region *region = find_region(text, addr);

	if (!region)
		return GUEST_TEXT_UNKNOWN;
	return x86_64__ends_in_call(region->bytes, addr - region->start) ? GUEST_TEXT_CALL :
									   GUEST_TEXT_NO_CALL;
}
