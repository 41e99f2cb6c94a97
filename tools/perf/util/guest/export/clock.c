// SPDX-License-Identifier: GPL-2.0
#include <time.h>
#include <sys/stat.h>
#include <linux/time64.h>
#include "data.h"
#include "guest/export/clock.h"
#include "session.h"

static u64 nsecs(const struct timespec *time)
{
	return time->tv_sec * NSEC_PER_SEC + time->tv_nsec;
}

bool recording_clock__of(const struct perf_session *session, u64 *wall)
{
	const struct perf_env *env = &session->header.env;

	*wall = env->clock.enabled ? env->clock.tod_ns - env->clock.clockid_ns : 0;
	return env->clock.enabled;
}

u64 recording_clock__wall(const struct perf_session *session, u64 last)
{
	struct timespec now;
	struct stat st;
	u64 wall;

	if (recording_clock__of(session, &wall))
		return wall;
	if (!session->data->is_pipe && !stat(session->data->file.path, &st))
		return nsecs(&st.st_mtim) - last;
	clock_gettime(CLOCK_REALTIME, &now);
	return nsecs(&now) - last;
}
