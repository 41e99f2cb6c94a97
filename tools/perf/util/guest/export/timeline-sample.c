// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include "event.h"
#include "evlist.h"
#include "evsel.h"
#include "guest/callchain/chain.h"
#include "guest/callchain/frame.h"
#include "guest/export/stacks.h"
#include "guest/export/timeline-sample.h"
#include "guest/export/timeline.h"
#include "guest/snapshot/lookup.h"
#include "guest/vm/vm.h"
#include "machine.h"
#include "sample.h"
#include "session.h"
#include "thread.h"

/* Samples of a guest are of a thread in its machine, which has the guest's name. */
int sample__vcpu(struct perf_session *session, const struct perf_sample *sample)
{
	int vcpu = perf_sample__guest_vcpu(sample);
	struct thread *thread;
	const char *comm;

	if (vcpu >= 0)
		return vcpu;
	thread = machine__find_thread(&session->machines.host, sample->pid, sample->tid);
	comm = thread ? thread__comm_str(thread) : NULL;
	if (!comm || !guest_vcpu__parse_comm(comm, &vcpu))
		vcpu = -1;
	thread__put(thread);
	return vcpu;
}

static enum timeline_category categorize(const struct perf_sample *sample)
{
	if (guest_cpumode(sample->cpumode))
		return sample->cpumode == PERF_RECORD_MISC_GUEST_USER ? TIMELINE_GUEST_USER :
									TIMELINE_GUEST_KERNEL;
	if (sample->callchain && guest_callchain__has_guest(sample->callchain))
		return TIMELINE_EXIT;
	return sample->pid || sample->tid ? TIMELINE_HOST : TIMELINE_IDLE;
}

int timeline__add_sample(struct timeline *timeline, struct perf_session *session,
			 struct evsel *evsel, const struct perf_sample *sample)
{
	struct stack_source source = { .pid = sample->pid, .tid = sample->tid, .vcpu = -1 };
	enum timeline_category category = categorize(sample);

	if (!timeline)
		return 0;
	if (category <= TIMELINE_EXIT) {
		source.guest = guest_pid__name(sample->pid);
		source.vcpu = sample__vcpu(session, sample);
	}
	return timeline__note(timeline, &source, evsel__name(evsel), category, sample->time, 1);
}

int timeline__add_lost(struct timeline *timeline, struct perf_session *session,
		       const union perf_event *event, const struct perf_sample *sample)
{
	const struct stack_source source = { .pid = sample->pid, .tid = sample->tid, .vcpu = -1 };
	struct evsel *evsel = evlist__id2evsel(session->evlist, event->lost.id);

	if (!timeline || !evsel)
		return 0;
	return timeline__note(timeline, &source, evsel__name(evsel), TIMELINE_LOST, sample->time,
			      event->lost.lost);
}
