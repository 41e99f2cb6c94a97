// SPDX-License-Identifier: GPL-2.0
/*
 * Ask the kernel for callchains of KVM guests.
 */
#include <errno.h>
#include <unistd.h>
#include <linux/perf_event.h>
#include <linux/string.h>
#include <linux/perf_guest_callchain.h>
#include "cloexec.h"
#include "debug.h"
#include "evlist.h"
#include "evsel.h"
#include "guest/callchain/attr.h"
#include "guest/callchain/module-attr.h"
#include "guest/unwind/select.h"
#include "perf-sys.h"
#include "util.h"
#include "util/perf_regs.h"

bool guest_callchain_wanted;

/*
 * Only a kernel that does not know the bits returns EINVAL: all else in this
 * event is in every kernel. What the user may not open is refused later, with
 * the usual message.
 */
bool guest_callchain__supported(void)
{
	struct perf_event_attr attr = {
		.type		 = PERF_TYPE_SOFTWARE,
		.config		 = PERF_COUNT_SW_DUMMY,
		.size		 = sizeof(attr),
		.sample_type	 = PERF_SAMPLE_CALLCHAIN,
		.disabled	 = 1,
		.exclude_kernel	 = 1,
		.guest_callchain = 1,
		.guest_stack_words = 1,
	};
	static int supported = -1;
	int fd;

	if (supported < 0) {
		fd = sys_perf_event_open(&attr, 0, -1, -1, perf_event_open_cloexec_flag());
		supported = fd >= 0 || errno != EINVAL;
		if (fd >= 0)
			close(fd);
	}
	return supported;
}

/*
 * Events that sample guests, and kvm tracepoints: these fire in the host, for a
 * reason that lies in the guest.
 */
static bool evsel__samples_guests(struct evsel *evsel)
{
	const struct perf_event_attr *attr = &evsel->core.attr;

	if (evsel__is_dummy_event(evsel))
		return false;
	/* a call stack made of the host's branch records has no place for it */
	if (evsel__has_branch_callstack(evsel))
		return false;
	if (attr->type == PERF_TYPE_TRACEPOINT && strstarts(evsel__name(evsel), "kvm:"))
		return true;
	return !attr->exclude_guest;
}

bool evsel__wants_guest_callchain(struct evsel *evsel)
{
	return (evsel->core.attr.sample_type & PERF_SAMPLE_CALLCHAIN) &&
	       evsel__samples_guests(evsel);
}

/* Tracepoints are of the host, whatever the guest has to do with them. */
bool evlist__interrupts_guests(struct evlist *evlist)
{
	struct evsel *evsel;

	evlist__for_each_entry(evlist, evsel) {
		if (evsel->core.attr.type != PERF_TYPE_TRACEPOINT &&
		    !evsel__is_dummy_event(evsel) && !evsel->core.attr.exclude_guest)
			return true;
	}
	return false;
}

void evlist__prepare_guest_callchain(struct evlist *evlist)
{
	struct evsel *evsel;

	evlist__for_each_entry(evlist, evsel) {
		if (evsel__samples_guests(evsel)) {
			guest_unwind__wants_stack_words();
			return;
		}
	}
}

/*
 * --call-graph dwarf, which the kernel takes for guests too; or --guest-unwind=dwarf. It
 * leaves out the frames that frame pointers lead to, lest the host's be there twice; where
 * there are no samples of the host they are good for code that has no tables.
 */
static void evsel__config_user_stack(struct evsel *evsel, bool kernel_only)
{
	struct perf_event_attr *attr = &evsel->core.attr;

	/* the kernel has neither for these */
	if (evsel__is_function_event(evsel) || kernel_only)
		return;
	if (guest_unwind_by == GUEST_UNWIND_BY_DWARF) {
		evsel__set_sample_bit(evsel, REGS_USER);
		evsel__set_sample_bit(evsel, STACK_USER);
		attr->sample_regs_user = arch__user_reg_mask();
		attr->sample_stack_user = PERF_GUEST_USER_STACK_MAX;
		attr->exclude_callchain_user = 1;
	}
	if (!(attr->sample_type & PERF_SAMPLE_STACK_USER))
		return;
	if (attr->sample_stack_user > PERF_GUEST_USER_STACK_MAX)
		pr_info("Of guests' user stacks %d bytes are recorded.\n",
			PERF_GUEST_USER_STACK_MAX);
	if (attr->exclude_host)
		attr->exclude_callchain_user = 0;
}

/*
 * Is it precise, and not of the host alone by the user's word? 'p' leaves guests out by itself
 * as the parser has it, which is not what recording guests is for. 'P', which perf record adds
 * by itself, does not, and where nobody asked for guests it is to stay.
 */
static bool evsel__is_precise_for_guests(const struct evsel *evsel)
{
	const struct perf_event_attr *attr = &evsel->core.attr;

	if (!attr->precise_ip && !evsel->precise_max)
		return false;
	if (!perf_guest)
		return evsel->exclude_GH && !attr->exclude_guest;
	return !attr->exclude_guest || !evsel->exclude_GH;
}

static const char *evlist__name_host_only(struct evlist *evlist)
{
	const char *name = NULL;
	struct evsel *evsel;

	evlist__for_each_entry(evlist, evsel) {
		if (evsel__samples_guests(evsel))
			return NULL;
		if (!evsel__is_dummy_event(evsel))
			name = name ?: evsel__name(evsel);
	}
	return name;
}

static void evlist__ask_for_callchains(struct evlist *evlist, bool kernel_only)
{
	struct evsel *evsel;

	evlist__for_each_entry(evlist, evsel) {
		if (!evsel__wants_guest_callchain(evsel))
			continue;
		if (!guest_callchain__supported()) {
			if (!host_module__config(evlist))
				pr_warning("The kernel has no guest callchains: recording guests without them ('perf kvm-callchain doctor' says what helps).\n");
			return;
		}
		evsel->core.attr.guest_callchain = 1;
		evsel->core.attr.guest_stack_words = guest_unwind__wants_stack_words();
		evsel__config_user_stack(evsel, kernel_only);
	}
}

void evlist__config_guests(struct evlist *evlist, bool kernel_only)
{
	struct evsel *evsel;
	const char *name;

	evlist__for_each_entry(evlist, evsel) {
		if (!evsel__is_precise_for_guests(evsel))
			continue;
		pr_warning("%s: precise events cannot sample guests: recording it without 'p' (with 'pH' it samples the host)\n",
			   evsel__name(evsel));
		evsel->core.attr.precise_ip = 0;
		evsel->precise_max = 0;
		if (!perf_guest || evsel->exclude_GH)
			continue;
		evsel->core.attr.exclude_guest = 0;
		evsel->core.attr.exclude_host = !perf_host;
	}
	name = perf_guest ? evlist__name_host_only(evlist) : NULL;
	if (name)
		pr_warning("%s: samples the host only, so there will be no callchains of guests: without 'H' it samples guests\n",
			   name);
	if (guest_callchain_wanted)
		evlist__ask_for_callchains(evlist, kernel_only);
}
