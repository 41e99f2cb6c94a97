// SPDX-License-Identifier: GPL-2.0
/*
 * Read VMCOREINFO.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "guest/memory/vmcoreinfo.h"
#include "guest/vm/facts.h"

/* arch/x86/include/asm/page_64_types.h: where a kernel's image is linked to */
#define START_KERNEL_MAP	0xffffffff80000000ULL

#define LINE_SIZE		256

/* Numbers; those of symbols are hexadecimal, as unsigned long, the others decimal and signed. */
static const struct {
	const char *key;
	size_t	   offset;
} numbers[] = {
#define SYMBOL(name, member) \
	{ "SYMBOL(" name ")", offsetof(struct guest_vmcoreinfo, member) }
	SYMBOL("swapper_pg_dir", swapper_pg_dir),
	SYMBOL("_stext", ksyms.stext),
	SYMBOL("kallsyms_names", ksyms.names),
	SYMBOL("kallsyms_num_syms", ksyms.num_syms),
	SYMBOL("kallsyms_token_table", ksyms.token_table),
	SYMBOL("kallsyms_token_index", ksyms.token_index),
	SYMBOL("kallsyms_offsets", ksyms.offsets),
	SYMBOL("kallsyms_relative_base", ksyms.relative_base),
	SYMBOL("kallsyms_addresses", ksyms.addresses),
#undef SYMBOL
	{ "NUMBER(phys_base)", offsetof(struct guest_vmcoreinfo, phys_base) },
};

static bool is_release(const char *value)
{
	size_t len = strlen(value);

	/* as guest_file__release() takes it */
	return isalnum(*value) && len < GUEST_NAME_MAX &&
	       strspn(value, GUEST_ALNUM "._+~-") == len;
}

static void parse_build_id(struct guest_vmcoreinfo *info, const char *value)
{
	size_t i, size = strlen(value) / 2;
	char byte[3] = "";

	if (strlen(value) % 2 || size > GUEST_BUILD_ID_MAX ||
	    strspn(value, "0123456789abcdef") != 2 * size)
		return;
	for (i = 0; i < size; i++) {
		memcpy(byte, value + 2 * i, 2);
		info->build_id[i] = strtoul(byte, NULL, 16);
	}
	info->build_id_size = size;
}

static void parse_number(struct guest_vmcoreinfo *info, const char *key, const char *value)
{
	int base = strstarts(key, "SYMBOL") ? 16 : 10;
	char *end;
	u64 number;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (strcmp(key, numbers[i].key))
			continue;
		number = *value == '-' ? -strtoull(value + 1, &end, base) :
					 strtoull(value, &end, base);
		if (!*end && *value)
			*(u64 *)((char *)info + numbers[i].offset) = number;
	}
}

static void parse_line(struct guest_vmcoreinfo *info, char *line)
{
	char *value = strchr(line, '=');

	if (!value)
		return;
	*value++ = '\0';
	if (!strcmp(line, "OSRELEASE")) {
		if (is_release(value))
			strcpy(info->release, value);
	} else if (!strcmp(line, "BUILD-ID")) {
		parse_build_id(info, value);
	} else if (!strcmp(line, "NUMBER(pgtable_l5_enabled)")) {
		info->five_levels = !strcmp(value, "1");
	} else {
		parse_number(info, line, value);
	}
}

static bool is_in_image(u64 gva)
{
	return gva >= START_KERNEL_MAP;
}

bool guest_vmcoreinfo__parse(struct guest_vmcoreinfo *info, const char *text, size_t size)
{
	const char *end = text + strnlen(text, size), *newline;
	const struct guest_ksyms *ksyms = &info->ksyms;
	char line[LINE_SIZE];

	memset(info, 0, sizeof(*info));
	for (; text < end; text = newline + 1) {
		newline = memchr(text, '\n', end - text);
		if (!newline)
			break;
		if (newline - text >= (ssize_t)sizeof(line))
			continue;
		memcpy(line, text, newline - text);
		line[newline - text] = '\0';
		parse_line(info, line);
	}
	return *info->release && is_in_image(info->swapper_pg_dir) && is_in_image(ksyms->stext) &&
	       is_in_image(ksyms->names) && is_in_image(ksyms->num_syms) &&
	       is_in_image(ksyms->token_table) && is_in_image(ksyms->token_index) &&
	       (is_in_image(ksyms->offsets) || is_in_image(ksyms->addresses));
}

u64 guest_vmcoreinfo__gpa(const struct guest_vmcoreinfo *info, u64 gva)
{
	return gva - START_KERNEL_MAP + info->phys_base;
}
