/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Callchains of KVM guests: PERF_RECORD_GUEST_CALLCHAIN. The format is documented in
 * linux/perf_guest_callchain.h.
 */
#ifndef __PERF_GUEST_CALLCHAIN_H
#define __PERF_GUEST_CALLCHAIN_H

#include <stdbool.h>
#include <stdio.h>
#include <linux/types.h>
#include <linux/perf_event.h>
#include <linux/perf_guest_callchain.h>

/** struct perf_record_guest_callchain - flags and sections: see linux/perf_guest_callchain.h */
struct perf_record_guest_callchain {
	struct perf_event_header header;
	__u64			 cookie;
	__u32			 vcpu_id;
	__u32			 flags;
	__u64			 root;
	__u64			 nr;
	__u64			 ips[];
};

struct machine;
struct perf_sample;
struct perf_tool;
union perf_event;

/**
 * perf_event__guest_callchain_valid - is a record consistent in itself?
 * @event:	the record, in host byte order
 * @id_hdr_size: bytes of struct sample_id at its end
 *
 * A valid record can be read, printed and merged without further checks of its
 * counts and sizes.
 */
bool perf_event__guest_callchain_valid(const union perf_event *event, u16 id_hdr_size);

/**
 * perf_event__guest_callchain_swap - to host byte order
 * @event:	   a record with its header swapped already; may be malformed
 * @sample_id_all: whether struct sample_id is at its end
 */
void perf_event__guest_callchain_swap(union perf_event *event, bool sample_id_all);

/** perf_event__fprintf_guest_callchain - print a valid record, flags by name */
size_t perf_event__fprintf_guest_callchain(union perf_event *event, FILE *fp);

/** perf_event__process_guest_callchain - tool callback: print it under -D */
int perf_event__process_guest_callchain(const struct perf_tool *tool,
					union perf_event *event,
					struct perf_sample *sample,
					struct machine *machine);

/**
 * struct guest_callchains - merges guest callchains into the samples of a stream
 *
 * A sample that waits for its record holds back all events behind it, so that
 * nothing is delivered out of order. What is held back is bounded.
 */
struct guest_callchains;

#endif /* __PERF_GUEST_CALLCHAIN_H */
