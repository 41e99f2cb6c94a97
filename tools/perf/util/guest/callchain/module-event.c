// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <byteswap.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include <linux/perf_guest_callchain.h>
#ifdef HAVE_LIBTRACEEVENT
#include <traceevent/event-parse.h>
#endif
#include "evlist.h"
#include "evsel.h"
#include "guest/callchain/module-event.h"
#include "sample.h"

/* What the module can say of a chain, which has no sections */
#define FLAGS		(PERF_GUEST_CALLCHAIN_MODE | PERF_GUEST_CALLCHAIN_NESTED |	\
			 PERF_GUEST_CALLCHAIN_PROTECTED | PERF_GUEST_CALLCHAIN_SHORT)

bool host_module_shown;

#ifdef HAVE_LIBTRACEEVENT
bool evsel__is_host_module(const struct evsel *evsel)
{
	const struct tep_event *format;

	if (evsel->core.attr.type != PERF_TYPE_TRACEPOINT || !evsel->tp_format)
		return false;
	format = evsel->tp_format;
	return !strcmp(format->system, HOST_MODULE) && !strcmp(format->name, HOST_MODULE_EVENT);
}

/* The format is in the recording, and may be as false as what it is the format of. */
static bool read_number(const struct evsel *evsel, struct perf_sample *sample, const char *name,
			size_t size, u64 *value)
{
	struct tep_format_field *field = tep_find_field(evsel->tp_format, name);

	if (!field || field->size != (int)size || field->offset < 0 ||
	    sample->raw_size < size || (u32)field->offset > sample->raw_size - size)
		return false;
	*value = format_field__intval(field, sample, evsel->needs_swap);
	return true;
}

static bool read_u32(const struct evsel *evsel, struct perf_sample *sample, const char *name,
		     u32 *value)
{
	u64 number;

	if (!read_number(evsel, sample, name, sizeof(*value), &number))
		return false;
	*value = number;
	return true;
}

static bool read_u64(const struct evsel *evsel, struct perf_sample *sample, const char *name,
		     u64 *value)
{
	return read_number(evsel, sample, name, sizeof(*value), value);
}

/* An array is elsewhere: the field has its offset, and its size in the upper half. */
static bool read_words(const struct evsel *evsel, struct perf_sample *sample, const char *name,
		       u64 *words, u64 nr)
{
	u32 where, offset, size;
	u64 i;

	if (!read_u32(evsel, sample, name, &where))
		return false;
	offset = where & 0xffff;
	size = where >> 16;
	if (nr > HOST_MODULE_WORDS || size != nr * sizeof(u64) ||
	    size > sample->raw_size || offset > sample->raw_size - size)
		return false;
	memcpy(words, sample->raw_data + offset, size);
	for (i = 0; evsel->needs_swap && i < nr; i++)
		words[i] = bswap_64(words[i]);
	return true;
}

bool host_module_chain__parse(struct evsel *evsel, struct perf_sample *sample,
			 struct host_module_chain *chain)
{
	struct guest_chain *guest = &chain->guest;
	u32 nr;

	*guest = (struct guest_chain) { .misc = sample->cpumode, .ips = chain->words };
	if (!sample->raw_data || !read_u64(evsel, sample, "ip", &chain->ip) ||
	    !read_u64(evsel, sample, "root", &guest->root) ||
	    !read_u32(evsel, sample, "vcpu", &chain->vcpu) ||
	    !read_u32(evsel, sample, "flags", &guest->flags) ||
	    !read_u32(evsel, sample, "samples", &chain->samples) ||
	    !read_u32(evsel, sample, "nr", &nr) ||
	    !read_words(evsel, sample, "ips", chain->words, nr))
		return false;
	guest->nr = nr;
	return chain->samples && !(guest->flags & ~FLAGS);
}
#else
bool evsel__is_host_module(const struct evsel *evsel __maybe_unused)
{
	return false;
}

bool host_module_chain__parse(struct evsel *evsel __maybe_unused,
			 struct perf_sample *sample __maybe_unused,
			 struct host_module_chain *chain __maybe_unused)
{
	return false;
}
#endif /* HAVE_LIBTRACEEVENT */

bool evlist__has_host_module(struct evlist *evlist)
{
	struct evsel *evsel;

	evlist__for_each_entry(evlist, evsel) {
		if (evsel__is_host_module(evsel))
			return true;
	}
	return false;
}

int evlist__nr_hidden(struct evlist *evlist)
{
	struct evsel *evsel;
	int nr = 0;

	if (host_module_shown)
		return 0;
	evlist__for_each_entry(evlist, evsel)
		nr += evsel__is_host_module(evsel);
	return nr;
}
