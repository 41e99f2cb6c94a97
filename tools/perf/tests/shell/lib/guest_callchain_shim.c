// SPDX-License-Identifier: GPL-2.0
/*
 * For LD_PRELOAD: writes to the file $SHIM_LOG what perf itself, not a process that it has
 * started, has libelf read, and each call of what unpacks.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pid_t perf;

__attribute__((constructor)) static void remember(void)
{
	/* forks do not come here, and what they execute is called something else */
	if (!strcmp(program_invocation_short_name, "perf"))
		perf = getpid();
}

static void note(const char *what, int fd)
{
	char self[32], path[PATH_MAX] = "";
	int log;

	if (getpid() != perf)
		return;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (fd >= 0 && readlink(self, path, sizeof(path) - 1) < 0)
		strcpy(path, "?");
	log = open(getenv("SHIM_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	dprintf(log, "%s %s\n", what, path);
	close(log);
}

#define SHIM(type, name, parameters, arguments, fd)		\
type name parameters						\
{								\
	type (*real) parameters = dlsym(RTLD_NEXT, #name);	\
								\
	note(#name, fd);					\
	return real arguments;					\
}

SHIM(void *, elf_begin, (int fd, int cmd, void *ref), (fd, cmd, ref), fd)
SHIM(void *, elf_memory, (char *image, size_t size), (image, size), -1)
SHIM(int, lzma_code, (void *stream, int action), (stream, action), -1)
SHIM(int, inflate, (void *stream, int flush), (stream, flush), -1)
SHIM(size_t, ZSTD_decompress, (void *to, size_t n, const void *from, size_t m),
	(to, n, from, m), -1)
SHIM(size_t, ZSTD_decompressStream, (void *stream, void *out, void *in), (stream, out, in), -1)
SHIM(size_t, ZSTD_decompressDCtx, (void *ctx, void *to, size_t n, const void *from, size_t m),
	(ctx, to, n, from, m), -1)
