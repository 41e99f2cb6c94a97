/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names in the files that are exported. A guest, or who made the recording, has chosen
 * them: in no format do they become anything but text.
 */
#ifndef __PERF_GUEST_EXPORT_TEXT_H
#define __PERF_GUEST_EXPORT_TEXT_H

#include <stdio.h>
#include <linux/types.h>

/**
 * export_text__json - write a string of JSON, with its quotes
 * @text: UTF-8
 *
 * It may stand in a script element of HTML, too: '<', '>' and '&' are written by number.
 */
void export_text__json(FILE *fp, const char *text);

/**
 * EXPORT_JSON_ARRAY - write "NAME": [ENTRY, ...]
 * @i:	   a name for the index of an entry, of which there are @nr
 * @write: what writes that entry
 */
#define EXPORT_JSON_ARRAY(fp, name, nr, i, write) ({	\
	u32 i;						\
							\
	fputs("\"" name "\": [", fp);			\
	for (i = 0; i < (nr); i++) {			\
		if (i)					\
			putc(',', fp);			\
		write;					\
	}						\
	putc(']', fp);					\
})

/** export_text__folded - write a name of a folded stack, where ';' parts the frames */
void export_text__folded(FILE *fp, const char *text);

#endif /* __PERF_GUEST_EXPORT_TEXT_H */
