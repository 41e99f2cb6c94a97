// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include "guest/serve/job.h"
#include "guest/untrusted/child.h"
#include "guest/untrusted/syscalls.h"
#include "guest/untrusted/wall.h"
#include "guest/vm/vm.h"

/*
 * Each child has a user of its own, so that none can look at, or signal, another one's processes:
 * numbers that no distribution gives to anybody, and the process's own.
 */
#define FIRST_USER	0x7f000000

/* where no descriptor is that a child gets */
#define ABOVE		16

#define WALLED_MEMORY	(4ULL << 30)
#define WALLED_SECONDS	300
#define WALLED_PROCESSES 64
#define ANSWER_MAX	(128ULL << 20)

static char * const walled_environment[] = {
	(char *)"PATH=/usr/bin:/bin", (char *)"HOME=/nonexistent", (char *)"LC_ALL=C",
	(char *)"PERF_CONFIG=/dev/null", NULL
};

/*
 * For good, whatever it runs: a user who may do nothing, in a network without anything. The
 * kernel may have no namespaces.
 */
static bool drop_privileges(void)
{
	uid_t user = FIRST_USER + getpid();
	int i;

	if (unshare(CLONE_NEWNET | CLONE_NEWIPC) && errno != EINVAL)
		return false;
	for (i = 0; !prctl(PR_CAPBSET_DROP, i); i++)
		;
	guest_wall__limit(RLIMIT_CORE, 0);
	guest_wall__limit(RLIMIT_AS, WALLED_MEMORY);
	guest_wall__limit(RLIMIT_CPU, WALLED_SECONDS);
	guest_wall__limit(RLIMIT_FSIZE, ANSWER_MAX);
	guest_wall__limit(RLIMIT_NPROC, WALLED_PROCESSES);
	return !setgroups(0, NULL) && !setresgid(user, user, user) &&
	       !setresuid(user, user, user) && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Have @from be @to, where no descriptor that is still to be moved is. */
static bool place_fds(const struct serve_exec *exec)
{
	int from[] = { open("/dev/null", O_RDONLY | O_CLOEXEC), exec->out, exec->err,
		       exec->pass[0], exec->pass[1] };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(from); i++) {
		if (i >= 3 && !from[i])
			continue;
		from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, ABOVE);
		if (from[i] < 0)
			return false;
	}
	for (i = 0; i < ARRAY_SIZE(from); i++) {
		if ((i < 3 || from[i]) && dup2(from[i], i) < 0)
			return false;
	}
	return true;
}

static void unblock_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
}

static void __noreturn child(const struct serve_exec *exec, pid_t parent)
{
	int file = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	int perf = file < 0 ? -1 : fcntl(file, F_DUPFD_CLOEXEC, ABOVE);

	/* what a terminal sends is for the recorder; one that is a guest's must not write to it */
	setsid();
	/* what is open has O_CLOEXEC, but what others have opened */
	if (perf >= 0 && (!exec->dir || !fchdir(exec->dir)) && place_fds(exec) &&
	    !syscall(SYS_close_range, exec->pass[1] ? 5 : exec->pass[0] ? 4 : 3, ~0U, 1U << 2) &&
	    (!exec->walled || drop_privileges())) {
		/* forgotten when the user changes; what is recorded is to be complete */
		prctl(PR_SET_PDEATHSIG, exec->walled ? SIGKILL : SIGINT);
		unblock_signals();
		if (getppid() == parent)
			fexecve(perf, (char **)exec->argv,
				exec->walled ? walled_environment : environ);
	}
	dprintf(STDERR_FILENO, "perf cannot be started: %s\n", strerror(errno));
	_exit(EXIT_FAILURE);
}

pid_t serve_exec__start(const struct serve_exec *exec)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid)
		child(exec, parent);
	return pid < 0 ? -errno : pid;
}

int serve_job__start(struct serve_job *job, u32 serial, struct serve_exec *exec, int seconds)
{
	int err;

	job->out = memfd_create("answer", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	job->err = memfd_create("error", MFD_CLOEXEC);
	exec->out = job->out;
	exec->err = job->err;
	job->serial = serial;
	job->deadline = guest_child__now_ms() + seconds * 1000LL;
	job->pid = job->out < 0 || job->err < 0 ? -errno : serve_exec__start(exec);
	if (job->pid > 0)
		return 0;
	err = job->pid;
	if (job->out >= 0)
		close(job->out);
	if (job->err >= 0)
		close(job->err);
	job->pid = 0;
	return err;
}

int serve_memory__seal(int fd)
{
	char path[32];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	if (!again)
		again = open(path, O_RDONLY | O_CLOEXEC);
	if (again < 0)
		again = -errno;
	close(fd);
	return again;
}

int serve_job__answer(struct serve_job *job, int status, char *text, size_t size)
{
	char said[1024], *line;
	ssize_t len = pread(job->err, said, sizeof(said) - 1, 0);
	int out = job->out;

	close(job->err);
	job->pid = 0;
	if (!status)
		return serve_memory__seal(out);
	close(out);
	said[max_t(ssize_t, len, 0)] = '\0';
	line = strrchr(said, '\n');
	if (line)
		*line = '\0';
	line = strrchr(said, '\n');
	guest_name__copy(text, *said ? (line ? line + 1 : said) : "perf was killed", size);
	return -EIO;
}
