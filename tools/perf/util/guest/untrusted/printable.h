/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text from others: from symbol tables, module lists and file names, which may
 * be those of a guest that is out to get at the terminal.
 */
#ifndef __PERF_PRINTABLE_H
#define __PERF_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct perf_event_header;

/**
 * text__make_printable - replace by '?' what a terminal would not just show
 * @text: changed in place, its length stays
 *
 * Control characters in any form but tabs, invisible characters and those that
 * change the direction of text, and what is no UTF-8. All else stays as it is.
 */
void text__make_printable(char *text);

/**
 * text__copy_printable - copy a text, as text__make_printable() has it
 * @to: gets it; @size bytes, which cut it off
 *
 * Return: @to.
 */
char *text__copy_printable(char *to, const char *from, size_t size);

/**
 * text__printable - a short text, as text__make_printable() has it
 *
 * Return: a copy that is good until the next call, cut off where no file name is longer.
 */
char *text__printable(const char *text);

/** text__is_printable - would text__make_printable() leave it alone? */
bool text__is_printable(const char *text);

/**
 * text__name - a name that is in a record, printable if a guest's
 * @header: of the record: its cpumode tells whose name that is
 *
 * Return: @name or, if that is changed, a copy that is good until the next call.
 */
char *text__name(const struct perf_event_header *header, char *name);

/**
 * text__read_line - read one line, of bounded length
 * @line: gets it, without the newline
 * @size: of @line
 *
 * Return: its length, -1 at the end of the file or if it cannot be read, -2 if
 * the line is too long.
 */
ssize_t text__read_line(char *line, size_t size, FILE *file);

#endif /* __PERF_PRINTABLE_H */
