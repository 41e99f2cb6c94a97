/* SPDX-License-Identifier: GPL-2.0 */
/*
 * perf, as a child of the recorder's: this program, by its own descriptor, with arguments that
 * are its own.
 */
#ifndef __PERF_GUEST_SERVE_JOB_H
#define __PERF_GUEST_SERVE_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <linux/types.h>

/**
 * struct serve_exec - how to start perf
 * @argv: ends with NULL
 * @dir:  descriptor of the directory it is to be in; 0 for any
 * @out:  its standard output
 * @err:  its standard error
 * @pass: its descriptors 3 and 4; 0 for none
 * @walled: without privileges and network: it reads what guests have made
 */
struct serve_exec {
	const char * const *argv;
	int	   dir, out, err;
	int	   pass[2];
	bool	   walled;
};

/** serve_exec__start - Return: the pid or a negative error */
pid_t serve_exec__start(const struct serve_exec *exec);

/**
 * struct serve_job - perf that writes an answer
 * @pid:      0 when there is none
 * @serial:   of what it answers
 * @out, @err: what it has written, in memory
 * @deadline: in guest_child__now_ms(), when it is killed
 */
struct serve_job {
	pid_t pid;
	u32   serial;
	int   out, err;
	s64   deadline;
};

/**
 * serve_job__start - have perf answer
 * @exec:    but for @out and @err
 * @seconds: it may take
 *
 * Return: 0 or a negative error.
 */
int serve_job__start(struct serve_job *job, u32 serial, struct serve_exec *exec, int seconds);

/**
 * serve_job__answer - what it has written, when it has ended
 * @status: as wait(2) has it
 * @text:   what to say of an error
 *
 * Return: a descriptor of what cannot be written any more, or a negative error. The rest of the
 * job is released, and the job there is none.
 */
int serve_job__answer(struct serve_job *job, int status, char *text, size_t size);

/** serve_memory__seal - Return: @fd, which can be read alone; a negative error, and it is closed */
int serve_memory__seal(int fd);

#endif /* __PERF_GUEST_SERVE_JOB_H */
