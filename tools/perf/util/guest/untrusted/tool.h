/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What objdump prints about a guest's file. It is in the guest's hands, should that have
 * taken over the program behind its wall (guest/untrusted/wall.h).
 */
#ifndef __PERF_GUEST_TOOL_H
#define __PERF_GUEST_TOOL_H

#include <stdio.h>
#include <linux/types.h>

struct child_process;

/**
 * guest_tool__output - read what a program prints
 * @tool: has been started with its standard output in a pipe; it must outlive the stream
 *
 * If it runs behind guest_wall__for_tool(), no more is read than the longest function there
 * is would take, in bytes, lines and time. A program that goes on is killed, which
 * finish_command() returns as an error; nor does that one wait for long, then.
 *
 * Return: a stream, @tool->out stays the caller's; NULL if that fails.
 */
FILE *guest_tool__output(struct child_process *tool);

/** guest_tool__why - ": " and why the last one of these was killed; "" if it was not */
const char *guest_tool__why(void);

/** guest_tool_ms - how long it may take; set by tests */
extern s64 guest_tool_ms;

#endif /* __PERF_GUEST_TOOL_H */
