/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names in the files that are exported. A guest, or who made the recording, has chosen
 * them: in no format do they become anything but text.
 */
#ifndef __PERF_GUEST_EXPORT_TEXT_H
#define __PERF_GUEST_EXPORT_TEXT_H

#include <stdio.h>

/**
 * export_text__json - write a string of JSON, with its quotes
 * @text: UTF-8
 *
 * It may stand in a script element of HTML, too: '<', '>' and '&' are written by number.
 */
void export_text__json(FILE *fp, const char *text);

/** export_text__folded - write a name of a folded stack, where ';' parts the frames */
void export_text__folded(FILE *fp, const char *text);

#endif /* __PERF_GUEST_EXPORT_TEXT_H */
