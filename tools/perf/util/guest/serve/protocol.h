/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the web process may ask the recorder for. One datagram asks, one answers, over a
 * SOCK_SEQPACKET pair: numbers only, none of which names a file or a program.
 */
#ifndef __PERF_GUEST_SERVE_PROTOCOL_H
#define __PERF_GUEST_SERVE_PROTOCOL_H

#include <stdbool.h>
#include <linux/types.h>

#define SERVE_FREQ_MAX		4000	/* samples a second and CPU */
#define SERVE_SECONDS_MAX	3600
#define SERVE_PID_MAX		(1 << 22)	/* the kernel's PID_MAX_LIMIT */

enum serve_verb {
	SERVE_LIST,	/* the guests that run here, as JSON */
	SERVE_STATUS,	/* what is recorded and what has been, as JSON */
	SERVE_START,	/* a recording of @pid, with @event, @freq, @seconds and @host */
	SERVE_STOP,
	SERVE_GRAPH,	/* the recording @id as a page; @old, unless 0, is compared with it */
	SERVE_TABLE,	/* the recording @id as folded stacks */
	SERVE_REMOVE,	/* the recording @id */
	SERVE_VERBS
};

/**
 * struct serve_request - a question
 * @serial:  comes back with the answer
 * @verb:    enum serve_verb
 * @pid:     of a guest's VMM, 0 for all guests
 * @event:   index into what serve_event__name() knows
 * @freq:    samples a second
 * @seconds: after which the recording ends
 * @host:    1 to record the host as well, else 0
 * @id:	     of a recording: when it was started, in seconds since 1970
 * @old:     the same
 */
struct serve_request {
	u32 serial, verb, pid, event, freq, seconds, host, unused;
	u64 id, old;
};

/**
 * struct serve_answer - an answer, with the descriptor of a file that cannot be written any more if
 * @error is 0
 * @error: errno
 * @text:  what to say of an error: printable ASCII
 */
struct serve_answer {
	u32  serial, error;
	char text[248];
};

/** serve_request__check - is all of it within its bounds? */
bool serve_request__check(const struct serve_request *request);

/** serve_event__name - the name perf has for an event; NULL behind the last one */
const char *serve_event__name(u32 event);

#endif /* __PERF_GUEST_SERVE_PROTOCOL_H */
