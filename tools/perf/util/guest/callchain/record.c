// SPDX-License-Identifier: GPL-2.0
/*
 * PERF_RECORD_GUEST_CALLCHAIN: checking, byte order, printing.
 */
#include <inttypes.h>
#include <linux/kernel.h>
#include <linux/perf_guest_callchain.h>
#include "debug.h"
#include "event.h"
#include "guest/callchain/record.h"
#include "memswap.h"
#include "tool.h"
#include "util.h"

static const struct {
	u32 flag;
	const char *name;
} flag_names[] = {
	{ PERF_GUEST_CALLCHAIN_NESTED,		"nested" },
	{ PERF_GUEST_CALLCHAIN_PROTECTED,	"protected" },
	{ PERF_GUEST_CALLCHAIN_SECTIONS,	"sections" },
	{ PERF_GUEST_CALLCHAIN_PREEMPTED,	"preempted" },
	{ PERF_GUEST_CALLCHAIN_MAX_STACK,	"max-stack" },
	{ PERF_GUEST_CALLCHAIN_UNMAPPED,	"unmapped" },
	{ PERF_GUEST_CALLCHAIN_BAD_PTE,		"bad-pte" },
	{ PERF_GUEST_CALLCHAIN_UNREADABLE,	"unreadable" },
	{ PERF_GUEST_CALLCHAIN_NONCANONICAL,	"noncanonical" },
	{ PERF_GUEST_CALLCHAIN_MISALIGNED,	"misaligned" },
	{ PERF_GUEST_CALLCHAIN_BACKWARD,	"backward" },
	{ PERF_GUEST_CALLCHAIN_BAD_RETURN,	"bad-return" },
	{ PERF_GUEST_CALLCHAIN_BUDGET,		"budget" },
	{ PERF_GUEST_CALLCHAIN_NO_WALK,		"no-walk" },
	{ PERF_GUEST_CALLCHAIN_DEVICE,		"device" },
	{ PERF_GUEST_CALLCHAIN_STALE,		"stale" },
};

static const char * const mode_names[] = {
	[PERF_GUEST_CALLCHAIN_MODE_UNKNOWN]	= "unknown-mode",
	[PERF_GUEST_CALLCHAIN_MODE_16]		= "16-bit",
	[PERF_GUEST_CALLCHAIN_MODE_32]		= "32-bit",
	[PERF_GUEST_CALLCHAIN_MODE_64]		= "64-bit",
};

/* Bytes of the sections, their size word included; -1 if they exceed @room. */
static s64 sections__size(const __u64 *words, size_t room)
{
	const struct perf_guest_section *section;
	u64 size, done;

	if (room < sizeof(u64))
		return -1;
	size = *words;
	if (size > room - sizeof(u64) || size % sizeof(u64))
		return -1;

	for (done = 0; done < size; done += section->size) {
		section = (const void *)(words + 1) + done;
		if (section->size < sizeof(*section) || section->size % sizeof(u64) ||
		    section->size > size - done)
			return -1;
	}
	return sizeof(u64) + size;
}

bool perf_event__guest_callchain_valid(const union perf_event *event, u16 id_hdr_size)
{
	const struct perf_record_guest_callchain *gc = (const void *)event;
	size_t room = event->header.size;
	s64 size;

	if (room < sizeof(*gc) + id_hdr_size || room % sizeof(u64))
		return false;
	room -= sizeof(*gc) + id_hdr_size;

	if (gc->nr > room / sizeof(u64))
		return false;
	room -= gc->nr * sizeof(u64);

	if (!(gc->flags & PERF_GUEST_CALLCHAIN_SECTIONS))
		return true;
	size = sections__size(&gc->ips[gc->nr], room);
	return size >= 0;
}

/* Two u32 that were swapped as if they were one u64 */
static void unswap_pair(u32 *pair)
{
	u32 tmp = pair[0];

	pair[0] = pair[1];
	pair[1] = tmp;
}

void perf_event__guest_callchain_swap(union perf_event *event,
				      bool sample_id_all __maybe_unused)
{
	struct perf_record_guest_callchain *gc = (void *)event;
	size_t room = event->header.size, done, size;
	struct perf_guest_section *section;
	u64 *sections;

	if (room < sizeof(*gc) || room % sizeof(u64))
		return;
	mem_bswap_64(&gc->cookie, room - sizeof(gc->header));
	unswap_pair(&gc->vcpu_id);

	room -= sizeof(*gc);
	if (!(gc->flags & PERF_GUEST_CALLCHAIN_SECTIONS) || gc->nr >= room / sizeof(u64))
		return;
	room -= (gc->nr + 1) * sizeof(u64);
	sections = (u64 *)&gc->ips[gc->nr];
	size = min_t(u64, *sections, room);

	for (done = 0; size - done >= sizeof(*section); done += section->size) {
		section = (void *)(sections + 1) + done;
		unswap_pair(&section->type);
		if (section->size < sizeof(*section) || section->size % sizeof(u64) ||
		    section->size > size - done)
			return;
	}
}

static size_t flags__fprintf(u32 flags, FILE *fp)
{
	size_t ret, i;

	ret = fprintf(fp, "%s", mode_names[flags & PERF_GUEST_CALLCHAIN_MODE]);
	flags &= ~PERF_GUEST_CALLCHAIN_MODE;

	for (i = 0; i < ARRAY_SIZE(flag_names); i++) {
		if (flags & flag_names[i].flag)
			ret += fprintf(fp, "|%s", flag_names[i].name);
		flags &= ~flag_names[i].flag;
	}
	if (flags)
		ret += fprintf(fp, "|%#x", flags);
	return ret;
}

static const char *context_name(u64 word)
{
	switch (word) {
	case PERF_CONTEXT_GUEST_KERNEL:
		return " (guest kernel)";
	case PERF_CONTEXT_GUEST_USER:
		return " (guest user)";
	default:
		return "";
	}
}

static const char *section_name(u32 type)
{
	switch (type) {
	case PERF_GUEST_SECTION_REGS:
		return "registers";
	case PERF_GUEST_SECTION_STACK_WORDS:
		return "stack words";
	case PERF_GUEST_SECTION_USER_REGS:
		return "user registers";
	case PERF_GUEST_SECTION_USER_STACK:
		return "user stack";
	default:
		return "unknown";
	}
}

/* Of a valid record. */
static size_t sections__fprintf(const __u64 *words, FILE *fp)
{
	const void *at = words + 1, *end = at + *words;
	const struct perf_guest_section *section;
	size_t ret = 0;

	for (; at < end; at += section->size) {
		section = at;
		ret += fprintf(fp, "..... section %u (%s): %u bytes\n", section->type,
			       section_name(section->type), section->size);
	}
	return ret;
}

size_t perf_event__fprintf_guest_callchain(union perf_event *event, FILE *fp)
{
	const struct perf_record_guest_callchain *gc = (const void *)event;
	size_t ret;
	u64 i;

	ret = fprintf(fp, " cookie: %#" PRI_lx64 " vcpu: %u flags: ", gc->cookie, gc->vcpu_id);
	ret += flags__fprintf(gc->flags, fp);
	ret += fprintf(fp, " root: %#" PRI_lx64 " nr: %" PRI_lu64 "\n", gc->root, gc->nr);

	for (i = 0; i < gc->nr; i++)
		ret += fprintf(fp, "..... %2" PRIu64 ": %016" PRI_lx64 "%s\n", i, gc->ips[i],
			       context_name(gc->ips[i]));
	if (gc->flags & PERF_GUEST_CALLCHAIN_SECTIONS)
		ret += sections__fprintf(&gc->ips[gc->nr], fp);
	return ret;
}

int perf_event__process_guest_callchain(const struct perf_tool *tool __maybe_unused,
					union perf_event *event,
					struct perf_sample *sample __maybe_unused,
					struct machine *machine __maybe_unused)
{
	if (dump_trace)
		perf_event__fprintf_guest_callchain(event, stdout);
	return 0;
}
