// SPDX-License-Identifier: GPL-2.0
/*
 * Read no more of a program than it may say.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <subcmd/run-command.h>
#include <sys/wait.h>
#include "guest/untrusted/child.h"
#include "guest/untrusted/tool.h"

/* The kernel's longest functions have some ten thousand instructions. */
#define BYTES_MAX	(32U << 20)
#define LINES_MAX	(256U << 10)
#define LINE_MAX_BYTES	(1U << 20)	/* perf makes up to eight of each, for tabs */
#define END_MS		2000

s64 guest_tool_ms = 120000;

/* The one that is read; there is no second one at a time. */
static struct {
	const struct child_process *tool;
	const char *why;
	u32 bytes, lines, line;
	s64 until;			/* in guest_child__now_ms() */
} output;

/* It and all it has started: none of these has left its process group. */
static ssize_t stop(const char *why)
{
	output.why = why;
	if (kill(-output.tool->pid, SIGKILL))
		kill(output.tool->pid, SIGKILL);
	return 0;
}

/* Having no more to say, is it to end, too? */
static ssize_t wait_for_end(void)
{
	s64 until = guest_child__now_ms() + END_MS;
	siginfo_t info;

	do {
		info.si_pid = 0;
		if (waitid(P_PID, output.tool->pid, &info, WEXITED | WNOHANG | WNOWAIT) ||
		    info.si_pid)
			return 0;
		usleep(1000);
	} while (guest_child__now_ms() < until);
	return stop(": it does not end");
}

static bool is_too_much(const char *buf, size_t size)
{
	const char *end = buf + size;

	output.bytes += size;
	for (; buf < end; buf++) {
		output.line = *buf == '\n' ? 0 : output.line + 1;
		output.lines += *buf == '\n';
		if (output.line > LINE_MAX_BYTES)
			return true;
	}
	return output.bytes > BYTES_MAX || output.lines > LINES_MAX;
}

static ssize_t read_output(void *cookie __maybe_unused, char *buf, size_t size)
{
	struct pollfd pfd = { .fd = output.tool->out, .events = POLLIN };
	ssize_t n;
	s64 left;

	do {
		left = output.until - guest_child__now_ms();
		if (output.why || left <= 0)
			return output.why ? 0 : stop(": it takes too long");
	} while (poll(&pfd, 1, left) <= 0);
	n = read(pfd.fd, buf, size);
	if (n <= 0)
		return wait_for_end();
	return is_too_much(buf, n) ? stop(": it prints too much") : n;
}

FILE *guest_tool__output(struct child_process *tool)
{
	static const cookie_io_functions_t functions = { .read = read_output };

	memset(&output, 0, sizeof(output));
	output.tool = tool;
	output.until = guest_child__now_ms() + guest_tool_ms;
	return tool->preexec_cb ? fopencookie(&output, "r", functions) :
				  fdopen(tool->out, "r");
}

const char *guest_tool__why(void)
{
	return output.why ?: "";
}
