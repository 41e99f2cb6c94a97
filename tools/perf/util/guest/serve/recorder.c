// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "debug.h"
#include "guest/serve/job.h"
#include "guest/serve/protocol.h"
#include "guest/serve/recorder.h"
#include "guest/serve/recording.h"
#include "guest/serve/status.h"
#include "guest/serve/store.h"
#include "guest/untrusted/child.h"

#define JOBS		4
#define LIST_SECONDS	60
#define DRAW_SECONDS	300

struct recorder {
	const struct serve_store *store;
	struct serve_recording	 recording;
	struct serve_job	 jobs[JOBS];
	int			 socket, signals;
	pid_t			 web;
	bool			 end, web_ended;
};

/* @fd: what the web process is to have, closed here; or a negative error */
static void answer(struct recorder *rec, u32 serial, int fd, const char *text)
{
	struct serve_answer reply = { .serial = serial, .error = fd < 0 ? -fd : 0 };
	char control[CMSG_SPACE(sizeof(fd))] = "";
	struct iovec iov = { .iov_base = &reply, .iov_len = sizeof(reply) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (fd < 0)
		strlcpy(reply.text, text ?: strerror(-fd), sizeof(reply.text));
	if (fd > 0) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		cmsg = CMSG_FIRSTHDR(&msg);
		*cmsg = (struct cmsghdr) {
			.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(sizeof(fd)),
		};
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	}
	/* one that does not take its answers has no more of them */
	if (sendmsg(rec->socket, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		rec->web_ended = true;
	if (fd > 0)
		close(fd);
}

static struct serve_job *free_job(struct recorder *rec)
{
	int i;

	for (i = 0; i < JOBS; i++) {
		if (!rec->jobs[i].pid)
			return &rec->jobs[i];
	}
	return NULL;
}

/* Its answer comes when it has ended. */
static void start_job(struct recorder *rec, u32 serial, struct serve_exec *exec, int seconds)
{
	struct serve_job *job = free_job(rec);
	int err = job ? serve_job__start(job, serial, exec, seconds) : -EBUSY;

	if (err)
		answer(rec, serial, err, job ? NULL : "too much is being drawn: try again");
}

static void list(struct recorder *rec, u32 serial)
{
	static const char * const argv[] = { "perf", "kvm-callchain", "list", "--json", NULL };
	struct serve_exec exec = { .argv = argv };

	start_job(rec, serial, &exec, LIST_SECONDS);
}

/* The child is in the recording's directory: to others no path leads that it could take. */
static void draw(struct recorder *rec, const struct serve_request *request)
{
	bool table = request->verb == SERVE_TABLE;
	const char *argv[16] = { "perf", "kvm-callchain" };
	struct serve_request asked, old = { .host = 0 };
	struct serve_exec exec = { .argv = argv, .walled = true };
	int n = 2, other = 0;

	exec.dir = serve_store__get(rec->store, request->id, &asked);
	if (exec.dir >= 0 && request->old && !table)
		other = serve_store__get(rec->store, request->old, &old);
	if (exec.dir < 0 || other < 0) {
		answer(rec, request->serial, -ENOENT, "there is no such recording any more");
		goto out;
	}
	argv[n++] = table ? "export" : "flamegraph";
	argv[n++] = "-i";
	argv[n++] = "perf.data";
	argv[n++] = "-o";
	argv[n++] = "-";
	if (table) {
		argv[n++] = "--format";
		argv[n++] = "folded";
	}
	if (asked.host || old.host)
		argv[n++] = "--host";
	if (other) {
		exec.pass[0] = other;
		argv[n++] = "--diff";
		argv[n++] = "/proc/self/fd/3/perf.data";
	}
	serve_store__share(exec.dir);
	start_job(rec, request->serial, &exec, DRAW_SECONDS);
out:
	if (exec.dir > 0)
		close(exec.dir);
	if (other > 0)
		close(other);
}

static void start(struct recorder *rec, const struct serve_request *request)
{
	int err = serve_recording__start(&rec->recording, rec->store, request);

	answer(rec, request->serial, err, err == -EBUSY ? "there is a recording already" :
	       err == -EEXIST ? "one was started in this second: try again" : NULL);
}

static void remove_one(struct recorder *rec, const struct serve_request *request)
{
	if (rec->recording.pid && rec->recording.asked.id == request->id) {
		answer(rec, request->serial, -EBUSY, "it is being recorded: stop it first");
		return;
	}
	serve_store__remove(rec->store, request->id);
	answer(rec, request->serial, 0, NULL);
}

static void serve(struct recorder *rec, const struct serve_request *request)
{
	if (!serve_request__check(request)) {
		answer(rec, request->serial, -EINVAL, "a value is out of its bounds");
		return;
	}
	switch (request->verb) {
	case SERVE_LIST:
		return list(rec, request->serial);
	case SERVE_STATUS:
		return answer(rec, request->serial,
			      serve_status__write(&rec->recording, rec->store), NULL);
	case SERVE_START:
		return start(rec, request);
	case SERVE_STOP:
		serve_recording__stop(&rec->recording);
		return answer(rec, request->serial, 0, NULL);
	case SERVE_REMOVE:
		return remove_one(rec, request);
	default:
		return draw(rec, request);
	}
}

static void take_request(struct recorder *rec)
{
	struct serve_request request;
	ssize_t len = recv(rec->socket, &request, sizeof(request), MSG_DONTWAIT | MSG_TRUNC);

	if (len == sizeof(request))
		serve(rec, &request);
	else if (len >= 0 || errno != EAGAIN)
		rec->web_ended = true;
}

static void job_ended(struct recorder *rec, struct serve_job *job, int status)
{
	u32 serial = job->serial;
	char text[200];
	int fd = serve_job__answer(job, status, text, sizeof(text));

	answer(rec, serial, fd, text);
}

static void reap(struct recorder *rec)
{
	int i, status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == rec->web) {
			rec->web_ended = true;
			rec->web = 0;
		}
		if (pid == rec->recording.pid)
			serve_recording__ended(&rec->recording, rec->store);
		for (i = 0; i < JOBS; i++) {
			if (pid == rec->jobs[i].pid)
				job_ended(rec, &rec->jobs[i], status);
		}
	}
}

static void take_signals(struct recorder *rec)
{
	struct signalfd_siginfo info;

	while (read(rec->signals, &info, sizeof(info)) == sizeof(info))
		rec->end |= info.ssi_signo != SIGCHLD;
	reap(rec);
}

/* Return: ms until one is to be killed */
static int kill_late_jobs(struct recorder *rec)
{
	s64 now = guest_child__now_ms();
	int i, wait = -1;

	for (i = 0; i < JOBS; i++) {
		if (!rec->jobs[i].pid)
			continue;
		if (now >= rec->jobs[i].deadline)
			kill(rec->jobs[i].pid, SIGKILL);
		wait = 1000;
	}
	return wait;
}

static void wait_for_work(struct recorder *rec)
{
	struct pollfd fds[] = {
		{ .fd = rec->signals, .events = POLLIN },
		{ .fd = rec->web_ended ? -1 : rec->socket, .events = POLLIN },
	};
	int wait = serve_recording__tick(&rec->recording, rec->store);
	int jobs = kill_late_jobs(rec);

	if (jobs > 0 && (wait < 0 || wait > jobs))
		wait = jobs;
	poll(fds, ARRAY_SIZE(fds), wait);
	take_signals(rec);
	if (fds[1].revents)
		take_request(rec);
}

/* What is recorded is kept; what is drawn is for nobody any more. */
static void end(struct recorder *rec)
{
	int i;

	close(rec->socket);
	rec->web_ended = true;
	serve_recording__stop(&rec->recording);
	for (i = 0; i < JOBS; i++) {
		if (rec->jobs[i].pid)
			kill(rec->jobs[i].pid, SIGKILL);
	}
	if (rec->web)
		kill(rec->web, SIGKILL);
	while (rec->recording.pid)
		wait_for_work(rec);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

int serve_recorder__run(const struct serve_store *store, int socket, pid_t web)
{
	struct recorder rec = { .store = store, .socket = socket, .web = web };
	sigset_t signals;

	/* a shell has what it runs in the background ignore it */
	signal(SIGINT, SIG_DFL);
	/* a recording may end while it is asked */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	rec.signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (rec.signals < 0)
		return -errno;
	while (!rec.end && !rec.web_ended)
		wait_for_work(&rec);
	if (!rec.end)
		pr_err("The process that serves pages has ended by itself\n");
	end(&rec);
	close(rec.signals);
	return rec.end ? 0 : -EIO;
}
