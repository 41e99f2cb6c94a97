/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The recording that is being made: perf kvm-callchain record, and when it is to end.
 */
#ifndef __PERF_GUEST_SERVE_RECORDING_H
#define __PERF_GUEST_SERVE_RECORDING_H

#include <stdbool.h>
#include <sys/types.h>
#include "guest/serve/live.h"
#include "guest/serve/store.h"

/**
 * struct serve_recording - a recording
 * @asked:  what was asked for, with its id
 * @pid:    of perf; 0 when none is recorded
 * @dir:    descriptor of its directory
 * @control, @ack: perf record's --control
 * @begun:  it records; before it looks for the guests' symbols
 * @ending: it was told to end
 * @until:  when it is told to, in guest_child__now_ms(); once told, when it is killed
 * @tick:   when what is there is made readable next
 * @live:   the file
 * @updates: how often what is there was made readable
 * @said:   what perf said in the end, of the last recording
 */
struct serve_recording {
	struct serve_request asked;
	pid_t pid;
	int dir, control, ack;
	bool begun, ending;
	s64 until, tick;
	struct serve_live live;
	u32 updates;
	char said[1024];
};

/** serve_recording__start - Return: 0 or a negative error; -EBUSY while there is one */
int serve_recording__start(struct serve_recording *rec, const struct serve_store *store,
			   const struct serve_request *asked);

/** serve_recording__stop - have it end, which takes a moment */
void serve_recording__stop(struct serve_recording *rec);

/** serve_recording__tick - what is to be done by now; Return: ms until the next time */
int serve_recording__tick(struct serve_recording *rec, const struct serve_store *store);

/** serve_recording__ended - perf has ended */
void serve_recording__ended(struct serve_recording *rec, const struct serve_store *store);

#endif /* __PERF_GUEST_SERVE_RECORDING_H */
