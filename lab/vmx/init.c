// SPDX-License-Identifier: GPL-2.0
/*
 * init of the lab's smallest L1: loads the modules listed in /modules/list, runs the
 * commands listed in /plan, one a line, and says so on the console.
 *
 * A line of /plan is a name and a command; words are parted by single spaces.
 * What the kernel has to say meanwhile is kept off the console, which it would
 * garble, and printed at the end.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define MAX_WORDS	32

/* syslog(2) */
#define LOG_READ_ALL	3
#define LOG_CLEAR	5
#define LOG_CONSOLE	8
#define LOG_BYTES	(1 << 17)

static void mount_all(void)
{
	static const char *const fs[][2] = {
		{ "/dev", "devtmpfs" }, { "/proc", "proc" }, { "/sys", "sysfs" },
		{ "/sys/kernel/tracing", "tracefs" }, { "/sys/kernel/debug", "debugfs" },
	};

	for (size_t i = 0; i < sizeof(fs) / sizeof(fs[0]); i++) {
		mkdir(fs[i][0], 0755);
		mount(fs[i][1], fs[i][0], fs[i][1], 0, NULL);
	}
}

static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR);

	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

/* A line is a path and, after a space, the module's parameters. */
static void load_module(char *line)
{
	char *params = strchr(line, ' ');
	int fd;

	if (params)
		*params++ = '\0';
	fd = open(line, O_RDONLY);
	if (fd < 0 || syscall(SYS_finit_module, fd, params ? params : "", 0))
		printf("init: cannot load %s: %m\n", line);
	close(fd);
}

static int run(char *line)
{
	char *argv[MAX_WORDS + 1] = { NULL };
	int n = 0, status;
	pid_t pid;

	for (char *w = strtok(line, " "); w && n < MAX_WORDS; w = strtok(NULL, " "))
		argv[n++] = w;
	pid = fork();
	if (pid == 0) {
		execv(argv[0], argv);
		printf("init: %s: %m\n", argv[0]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

typedef void (line_fn)(char *line);

static void read_lines(const char *path, line_fn *fn)
{
	FILE *f = fopen(path, "r");
	char line[1024];

	if (!f) {
		printf("init: %s: %m\n", path);
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line)
			fn(line);
	}
	fclose(f);
}

static void run_named(char *line)
{
	char *command = strchr(line, ' ');

	if (!command)
		return;
	*command++ = '\0';
	printf("=== begin %s\n", line);
	fflush(stdout);
	printf("=== end %s %d\n", line, run(command));
	fflush(stdout);
}

static void hold_kernel_log(void)
{
	klogctl(LOG_CLEAR, NULL, 0);
	klogctl(LOG_CONSOLE, NULL, 1);	/* only what ends the system */
}

static void print_kernel_log(void)
{
	static char log[LOG_BYTES];
	int len = klogctl(LOG_READ_ALL, log, sizeof(log));

	printf("=== begin kernel-log\n");
	if (len > 0)
		fwrite(log, 1, len, stdout);
	printf("=== end kernel-log %d\n", len < 0);
}

int main(void)
{
	mount_all();
	open_console();
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("=== init\n");
	hold_kernel_log();
	read_lines("/modules/list", load_module);
	read_lines("/plan", run_named);
	print_kernel_log();
	printf("=== done\n");
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
