// SPDX-License-Identifier: GPL-2.0
/*
 * Init of a guest that is sampled: system calls, page faults, forks, pipes, files,
 * sockets, timers. Says on the console where its kernel is, then "load".
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void print_kallsyms(void)
{
	char line[512];
	FILE *f = fopen("/proc/kallsyms", "r");

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, " _stext\n"))
			printf("kallsyms %s", line);
	if (f)
		fclose(f);
}

static void pipes(void)
{
	int a[2], b[2];
	char buf[4096] = "";

	if (pipe(a) || pipe(b))
		return;
	if (!fork())
		while (read(a[0], buf, 512) > 0 && write(b[1], buf, 512) > 0)
			;
	while (write(a[1], buf, 512) > 0 && read(b[0], buf, 512) > 0)
		;
}

static void files(void)
{
	char buf[16384] = "";
	int fd, i;

	for (;;) {
		fd = open("/tmp/file", O_RDWR | O_CREAT | O_TRUNC, 0600);
		for (i = 0; i < 16; i++)
			if (write(fd, buf, sizeof(buf)) < 0)
				return;
		lseek(fd, 0, SEEK_SET);
		while (read(fd, buf, sizeof(buf)) > 0)
			;
		close(fd);
		rename("/tmp/file", "/tmp/other");
		unlink("/tmp/other");
	}
}

static void processes(void)
{
	const size_t size = 1 << 20;
	char *p;

	for (;;) {
		if (!fork()) {
			p = mmap(NULL, size, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			memset(p, 1, size);
			_exit(0);
		}
		wait(NULL);
	}
}

static void sockets(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_port = htons(7777),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[1400] = "";

	/* the loopback device is down: packets go as far as they can */
	bind(fd, (void *)&addr, sizeof(addr));
	for (;;) {
		sendto(fd, buf, sizeof(buf), 0, (void *)&addr, sizeof(addr));
		if (poll(&p, 1, 0) > 0)
			recv(fd, buf, sizeof(buf), 0);
	}
}

static void timers(void)
{
	const struct timespec ts = { .tv_nsec = 100000 };

	for (;;)
		nanosleep(&ts, NULL);
}

int main(void)
{
	static void (* const loads[])(void) = { pipes, files, processes, sockets, timers };
	unsigned int i;

	mkdir("/proc", 0755);
	mkdir("/tmp", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	print_kallsyms();
	for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		if (!fork())
			loads[i]();
	printf("load\n");
	for (;;)
		pause();
}
