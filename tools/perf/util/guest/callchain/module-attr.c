// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <unistd.h>
#include <api/fs/tracing_path.h>
#include <linux/perf_event.h>
#include "debug.h"
#include "event.h"
#include "evlist.h"
#include "evsel.h"
#include "guest/callchain/attr.h"
#include "guest/callchain/module-attr.h"
#include "guest/callchain/module-event.h"
#include "parse-events.h"
#include "util.h"

static bool is_readable(void)
{
	char *format = get_events_file(HOST_MODULE "/" HOST_MODULE_EVENT "/format");
	bool readable = format && !access(format, R_OK);

	put_events_file(format);
	return readable;
}

enum host_module_state host_module__state(void)
{
	if (access("/sys/module/" HOST_MODULE, F_OK))
		return HOST_MODULE_NOT_LOADED;
	/* what a tracepoint says is for those who may see it of all CPUs and the kernel */
	return perf_event_paranoid_check(-1) && is_readable() ? HOST_MODULE_USABLE :
							HOST_MODULE_NOT_ALLOWED;
}

int host_module__add(struct evlist *evlist)
{
	enum host_module_state state;

	if (guest_callchain__supported()) {
		pr_info("Guest callchains: by the kernel.\n");
		return 0;
	}
	state = host_module__state();
	if (state == HOST_MODULE_NOT_LOADED)
		return 0;
	if (state == HOST_MODULE_NOT_ALLOWED) {
		pr_warning("The module kvm_callchain is loaded, but its tracepoint is not yours to record: run as root.\n");
		return 0;
	}
	if (!evlist__interrupts_guests(evlist)) {
		pr_warning("The module kvm_callchain has callchains of what interrupts guests alone, which these events do not.\n");
		return 0;
	}
	pr_info("Guest callchains: by the module kvm_callchain, as far as frame pointers lead.\n");
	return evlist__has_host_module(evlist) ? 0 :
	       parse_event(evlist, HOST_MODULE ":" HOST_MODULE_EVENT);
}

/*
 * perf enables and disables events one after the other. A sample before the tracepoint is
 * enabled has no chain, nor has one after it is disabled: it is on from the time it is opened,
 * when no other event is, and is disabled last. The members of a group would be on with it.
 */
static void config_first_and_last(struct evsel *evsel)
{
	if (!evsel__is_group_leader(evsel) || evsel->core.nr_members > 1)
		return;
	evsel->immediate = true;
	evsel->core.attr.disabled = 0;
	evsel->core.attr.enable_on_exec = 0;
}

/* Each of them, whatever -c, -F and -g say of events, and whatever perf kvm has it exclude. */
static void config_tracepoint(struct evsel *evsel)
{
	struct perf_event_attr *attr = &evsel->core.attr;

	evsel__reset_sample_bit(evsel, CALLCHAIN);
	evsel__reset_sample_bit(evsel, REGS_USER);
	evsel__reset_sample_bit(evsel, STACK_USER);
	attr->sample_regs_user = 0;
	attr->sample_stack_user = 0;
	attr->freq = 0;
	attr->sample_period = 1;
	attr->exclude_host = 0;
	attr->exclude_guest = 0;
	config_first_and_last(evsel);
}

/*
 * Of an event of guests alone, --call-graph dwarf would have the VMM's stack in each sample.
 * The guests' are by frame pointers.
 */
static void drop_user_stack(struct evsel *evsel)
{
	struct perf_event_attr *attr = &evsel->core.attr;

	if (!attr->exclude_host || !(attr->sample_type & PERF_SAMPLE_STACK_USER))
		return;
	evsel__reset_sample_bit(evsel, REGS_USER);
	evsel__reset_sample_bit(evsel, STACK_USER);
	attr->sample_regs_user = 0;
	attr->sample_stack_user = 0;
	attr->exclude_callchain_user = 0;
}

bool host_module__config(struct evlist *evlist)
{
	struct evsel *evsel;

	if (!evlist__has_host_module(evlist))
		return false;
	evlist__for_each_entry(evlist, evsel) {
		if (evsel__is_host_module(evsel))
			config_tracepoint(evsel);
		else
			drop_user_stack(evsel);
		/* any event's id may be in PERF_RECORD_LOST */
		evsel__set_sample_bit(evsel, TID);
		evsel__set_sample_bit(evsel, TIME);
		evsel__set_sample_bit(evsel, CPU);
		evsel->core.attr.sample_id_all = 1;
	}
	return true;
}
