// SPDX-License-Identifier: GPL-2.0
/*
 * Guests as a table and as JSON. Names have no control characters: they were
 * replaced when they were read.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "guest/vm/print.h"
#include "guest/vm/vm.h"

const char *guest_kallsyms__name(enum guest_kallsyms kallsyms)
{
	static const char * const names[] = {
		[GUEST_KALLSYMS_NONE]	= "none",
		[GUEST_KALLSYMS_HIDDEN]	= "hidden",
		[GUEST_KALLSYMS_OK]	= "ok",
	};

	return names[kallsyms];
}

const char *guest_unwind__name(enum guest_unwind unwind)
{
	static const char * const names[] = {
		[GUEST_UNWIND_UNKNOWN]	= "unknown",
		[GUEST_UNWIND_FP]	= "frame-pointers",
		[GUEST_UNWIND_ORC]	= "orc",
	};

	return names[unwind];
}

static const char *or_dash(const char *str)
{
	return *str ? str : "-";
}

static void fprintf_memory(const struct guest *guest, FILE *fp)
{
	if (guest->memory)
		fprintf(fp, " %6" PRIu64 "M", guest->memory >> 20);
	else
		fprintf(fp, " %7s", "-");
}

static void fprintf_threads(const struct guest *guest, FILE *fp)
{
	int i;

	for (i = 0; i < guest->nr_vcpus; i++)
		fprintf(fp, "%s%d", i ? "," : "", guest->vcpus[i].tid);
}

void guests__fprintf(const struct guests *guests, FILE *fp)
{
	const struct guest *guest;

	fprintf(fp, "%7s %-20s %-18s %5s %7s %-20s %-14s %-8s %-9s %-24s %s\n",
		"PID", "NAME", "VMM", "VCPUS", "MEMORY", "KERNEL", "UNWIND", "KALLSYMS",
		"PROTECTED", "MOUNT", "VCPU-THREADS");
	for (guest = guests->guest; guest < guests->guest + guests->nr; guest++) {
		fprintf(fp, "%7d %-20s %-18s %5d", guest->pid, guest->name, guest->vmm,
			guest->nr_vcpus);
		fprintf_memory(guest, fp);
		fprintf(fp, " %-20s %-14s %-8s %-9s %-24s ", or_dash(guest->facts.release),
			guest_unwind__name(guest->facts.unwind),
			guest_kallsyms__name(guest->facts.kallsyms),
			*guest->protection ? guest->protection : "no", or_dash(guest->mount));
		fprintf_threads(guest, fp);
		fputc('\n', fp);
	}
}

static void json_string(FILE *fp, const char *key, const char *value)
{
	fprintf(fp, "\"%s\": ", key);
	if (!*value) {
		fputs("null, ", fp);
		return;
	}
	fputc('"', fp);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			fputc('\\', fp);
		if (iscntrl((u8)*value))
			fprintf(fp, "\\u%04x", *value);
		else
			fputc(*value, fp);
	}
	fputs("\", ", fp);
}

static void json_guest(FILE *fp, const struct guest *guest)
{
	int i;

	fprintf(fp, "  { \"pid\": %d, ", guest->pid);
	json_string(fp, "name", guest->name);
	json_string(fp, "vmm", guest->vmm);
	json_string(fp, "protection", guest->protection);
	json_string(fp, "mount", guest->mount);
	json_string(fp, "release", guest->facts.release);
	json_string(fp, "kallsyms", guest_kallsyms__name(guest->facts.kallsyms));
	json_string(fp, "unwind", guest_unwind__name(guest->facts.unwind));
	fprintf(fp, "\"memory\": %" PRIu64 ", \"vcpus\": [", guest->memory);
	for (i = 0; i < guest->nr_vcpus; i++)
		fprintf(fp, "%s{ \"id\": %d, \"tid\": %d }", i ? ", " : "",
			guest->vcpus[i].id, guest->vcpus[i].tid);
	fputs("] }", fp);
}

void guests__fprintf_json(const struct guests *guests, FILE *fp)
{
	int i;

	fputs("[\n", fp);
	for (i = 0; i < guests->nr; i++) {
		json_guest(fp, &guests->guest[i]);
		fputs(i + 1 < guests->nr ? ",\n" : "\n", fp);
	}
	fputs("]\n", fp);
}
