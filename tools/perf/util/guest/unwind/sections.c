// SPDX-License-Identifier: GPL-2.0
#include <linux/perf_guest_callchain.h>
#include "guest/unwind/sections.h"

const u64 *guest_sections__find(const u64 *sections, size_t size, u32 type, size_t *nr)
{
	const struct perf_guest_section *section = (const void *)sections;
	const void *end = (const void *)sections + size;

	for (; (const void *)section < end; section = (const void *)section + section->size) {
		if (section->type == type) {
			*nr = section->size / sizeof(u64) - 1;
			return (const u64 *)section->data;
		}
	}
	return NULL;
}
