// SPDX-License-Identifier: GPL-2.0
#include <limits.h>
#include <linux/kernel.h>
#include <linux/types.h>
#include <string.h>
#include <linux/perf_event.h>
#include <linux/string.h>
#include "guest/untrusted/printable.h"

/* Characters that are not seen, or change how others are: inclusive ranges */
static const struct {
	u32 first, last;
} invisible[] = {
	{ 0x0000,  0x0008 },
	{ 0x000a,  0x001f },	/* kallsyms has tabs before module names */
	{ 0x007f,  0x009f },	/* C1 controls: 0x9b is CSI */
	{ 0x00ad,  0x00ad },
	{ 0x061c,  0x061c },
	{ 0x180e,  0x180e },
	{ 0x200b,  0x200f },
	{ 0x2028,  0x202e },
	{ 0x2060,  0x206f },
	{ 0xd800,  0xf8ff },	/* surrogates, private use */
	{ 0xfeff,  0xfeff },
	{ 0xfff0,  0xfffb },
	{ 0xe0000, 0x10ffff },	/* tags, private use */
};

/* Length of the UTF-8 sequence at @s and its character; 0 if it is none. */
static size_t utf8__decode(const unsigned char *s, u32 *character)
{
	static const u32 smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len, i;

	if (s[0] < 0x80) {
		*character = s[0];
		return 1;
	}
	if (s[0] < 0xc0 || s[0] > 0xf7)
		return 0;
	len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	*character = s[0] & (0x7f >> len);

	/* the terminating 0 is no continuation byte */
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*character = *character << 6 | (s[i] & 0x3f);
	}
	return *character >= smallest[len] && *character <= 0x10ffff ? len : 0;
}

static bool is_visible(u32 character)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(invisible); i++) {
		if (character <= invisible[i].last)
			return character < invisible[i].first;
	}
	return true;
}

/* Length of the visible character at @s; 0 if there is none. */
static size_t visible__len(const char *s)
{
	u32 character;
	size_t len;

	if (*s >= ' ' && *s <= '~')
		return 1;
	len = utf8__decode((const unsigned char *)s, &character);
	return len && is_visible(character) ? len : 0;
}

void text__make_printable(char *text)
{
	while (*text) {
		size_t len = visible__len(text);

		if (!len) {
			*text = '?';
			len = 1;
		}
		text += len;
	}
}

char *text__copy_printable(char *to, const char *from, size_t size)
{
	strlcpy(to, from, size);
	text__make_printable(to);
	return to;
}

char *text__printable(const char *text)
{
	static char copy[PATH_MAX];

	return text__copy_printable(copy, text, sizeof(copy));
}

bool text__is_printable(const char *text)
{
	while (*text) {
		size_t len = visible__len(text);

		if (!len)
			return false;
		text += len;
	}
	return true;
}

char *text__name(const struct perf_event_header *header, char *name)
{
	u8 cpumode = header->misc & PERF_RECORD_MISC_CPUMODE_MASK;

	if (cpumode != PERF_RECORD_MISC_GUEST_KERNEL && cpumode != PERF_RECORD_MISC_GUEST_USER)
		return name;
	return text__printable(name);
}

ssize_t text__read_line(char *line, size_t size, FILE *file)
{
	size_t len = 0;
	int ch;

	while ((ch = getc(file)) != EOF && ch != '\n') {
		if (len + 1 >= size)
			return -2;
		/* a 0 would hide what follows it */
		line[len++] = ch ?: '?';
	}
	if (ch == EOF && !len)
		return -1;
	line[len] = '\0';
	return len;
}
