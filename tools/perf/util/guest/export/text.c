// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include "guest/export/text.h"

void export_text__json(FILE *fp, const char *text)
{
	putc('"', fp);
	for (; *text; text++) {
		unsigned char c = *text;

		if (c < ' ' || c == 0x7f || strchr("\"\\<>&", c))
			fprintf(fp, "\\u%04x", c);
		else
			putc(c, fp);
	}
	putc('"', fp);
}

void export_text__folded(FILE *fp, const char *text)
{
	for (; *text; text++)
		putc(*text == ';' ? ':' : *text == '\t' ? ' ' : *text, fp);
}
