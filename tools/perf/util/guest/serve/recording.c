// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include "guest/serve/job.h"
#include "guest/serve/recording.h"
#include "guest/untrusted/child.h"
#include "guest/untrusted/dir.h"

#define TICK_MS		2000
/* in which it looks at the guests again, and writes its end */
#define END_MS		60000
/* what looking for the guests' symbols may take */
#define BEGIN_MS	(15 * 60 * 1000)

struct arguments {
	char freq[16], pid[16], max[32];
	const char *argv[24];
};

static void set_arguments(struct arguments *args, const struct serve_store *store,
			  const struct serve_request *asked)
{
	const char * const begin[] = {
		"perf", "kvm-callchain", "record", "-o", "perf.data", "--control", "fd:3,4",
		"-e", serve_event__name(asked->event), "-F", args->freq, "--max-size", args->max,
		asked->pid ? "-p" : "-a", asked->pid ? args->pid : NULL,
	};
	size_t i, n = 0;

	snprintf(args->freq, sizeof(args->freq), "%u", asked->freq);
	snprintf(args->pid, sizeof(args->pid), "%u", asked->pid);
	snprintf(args->max, sizeof(args->max), "%" PRIu64 "K", store->quota >> 11);
	for (i = 0; i < ARRAY_SIZE(begin) && begin[i]; i++)
		args->argv[n++] = begin[i];
	if (asked->host)
		args->argv[n++] = "--host";
	args->argv[n] = NULL;
}

static void close_if(int *fd)
{
	if (*fd > 0)
		close(*fd);
	*fd = 0;
}

static int run(struct serve_recording *rec, const struct serve_store *store)
{
	int log = guest_dir__open(rec->dir, "log", O_WRONLY | O_CREAT | O_APPEND, 0600);
	int control[2] = { 0 }, ack[2] = { 0 };
	struct arguments args;
	struct serve_exec exec;

	if (log < 0)
		return log;
	rec->pid = -EMFILE;
	if (!pipe2(control, O_CLOEXEC) && !pipe2(ack, O_CLOEXEC)) {
		set_arguments(&args, store, &rec->asked);
		exec = (struct serve_exec) {
			.argv = args.argv, .dir = rec->dir, .out = log, .err = log,
			.pass = { control[0], ack[1] },
		};
		rec->pid = serve_exec__start(&exec);
	}
	close(log);
	close_if(&control[0]);
	close_if(&ack[1]);
	rec->control = control[1];
	rec->ack = ack[0];
	if (rec->pid < 0)
		return rec->pid;
	fcntl(rec->control, F_SETFL, O_NONBLOCK);
	fcntl(rec->ack, F_SETFL, O_NONBLOCK);
	return 0;
}

/* perf answers when it is about to wait, and gets what is in its buffers then. */
static void wake(struct serve_recording *rec, s64 now)
{
	rec->tick = now + TICK_MS;
	if (write(rec->control, "ping\n", 5) != 5)
		rec->tick = now + 10 * TICK_MS;
}

static void release(struct serve_recording *rec)
{
	close_if(&rec->dir);
	close_if(&rec->control);
	close_if(&rec->ack);
	serve_live__close(&rec->live);
	rec->pid = 0;
}

int serve_recording__start(struct serve_recording *rec, const struct serve_store *store,
			   const struct serve_request *asked)
{
	s64 now = guest_child__now_ms();
	int err;

	if (rec->pid)
		return -EBUSY;
	serve_store__tidy(store, 0);
	*rec = (struct serve_recording) { .asked = *asked, .until = now + BEGIN_MS };
	rec->dir = serve_store__new(store, &rec->asked);
	if (rec->dir < 0)
		return rec->dir;
	err = run(rec, store);
	if (err) {
		release(rec);
		serve_store__remove(store, rec->asked.id);
		return err;
	}
	wake(rec, now);
	return 0;
}

void serve_recording__stop(struct serve_recording *rec)
{
	if (!rec->pid || rec->ending)
		return;
	kill(rec->pid, SIGINT);
	rec->ending = true;
	rec->until = guest_child__now_ms() + END_MS;
}

/* Return: has perf answered since the last time? */
static bool has_answered(struct serve_recording *rec)
{
	char answer[64];
	bool some = false;

	while (read(rec->ack, answer, sizeof(answer)) > 0)
		some = true;
	return some;
}

static void look(struct serve_recording *rec, const struct serve_store *store, s64 now)
{
	bool answered = has_answered(rec);

	if (answered && !rec->begun) {
		rec->begun = true;
		rec->until = now + rec->asked.seconds * 1000LL;
	}
	if (!answered || rec->ending)
		return;
	if (!rec->live.fd)
		serve_live__open(&rec->live, rec->dir, "perf.data");
	if (rec->live.fd > 0 && !serve_live__update(&rec->live))
		rec->updates++;
	if (serve_store__tidy(store, rec->asked.id) > store->quota)
		serve_recording__stop(rec);
}

int serve_recording__tick(struct serve_recording *rec, const struct serve_store *store)
{
	s64 now = guest_child__now_ms();

	if (!rec->pid)
		return -1;
	if (now >= rec->tick) {
		look(rec, store, now);
		wake(rec, now);
	}
	if (now >= rec->until) {
		if (rec->ending)
			kill(rec->pid, SIGKILL);
		serve_recording__stop(rec);
		rec->until = max(rec->until, now + 1000);
	}
	return max_t(s64, 1, min(rec->until, rec->tick) - now);
}

void serve_recording__ended(struct serve_recording *rec, const struct serve_store *store)
{
	int data = guest_dir__open(rec->dir, "perf.data", O_RDONLY, 0);

	serve_store__log(rec->dir, rec->said, sizeof(rec->said));
	if (data >= 0)
		close(data);
	else
		serve_store__remove(store, rec->asked.id);
	release(rec);
	serve_store__tidy(store, 0);
}
