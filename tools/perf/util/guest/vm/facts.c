// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel release, symbols and unwinder of a guest, from its files. Runs in a
 * process of its own, see guest/untrusted/file.h.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "guest/vm/facts.h"
#include "guest/untrusted/file.h"
#include "guest/untrusted/printable.h"

#define CONFIG_LIMIT	(4 << 20)
#define MODULES_LIMIT	(4 << 20)

/* More lines than that without an address: the rest will not have one either. */
#define HIDDEN_LINES	1000

static char *printable_end(char *str)
{
	while (*str > ' ' && *str <= '~')
		str++;
	return str;
}

/* "name 16384 2 other, - Live 0xffffffffc0000000 (OE)" */
bool guest_module__parse(struct guest_module *module, const char *line)
{
	const char *address = strstr(line, " 0x");

	return address && sscanf(line, "%63s %" SCNu64, module->name, &module->size) == 2 &&
	       sscanf(address, " 0x%" SCNx64, &module->start) == 1 && module->start &&
	       module->size <= UINT_MAX && module->start + module->size > module->start &&
	       guest_module_name__valid(module->name);
}

void guest_module__fprintf(const struct guest_module *module, FILE *file)
{
	fprintf(file, "%s %" PRIu64 " 0 - Live 0x%016" PRIx64 "\n", module->name, module->size,
		module->start);
}

struct modules {
	struct guest_module *module;
	int		    nr;
};

static int module_line(void *arg, char *line)
{
	struct modules *modules = arg;

	if (modules->nr == GUEST_MODULES_MAX)
		return -E2BIG;
	modules->nr += guest_module__parse(&modules->module[modules->nr], line);
	return 0;
}

int guest_modules__read(int root, struct guest_module *modules, int *nr)
{
	struct modules list = { .module = modules };
	int err = guest_file__lines(root, "proc/modules", MODULES_LIMIT, module_line, &list);

	*nr = list.nr;
	return err;
}

/* "ffffffff81000000 T _stext" and "ffffffffc0000000 t f\t[module]" */
bool guest_symbol__parse(struct guest_symbol *sym, char *line)
{
	char *end;

	size_t digits = strspn(line, "0123456789abcdef");

	if (!digits || digits > 16)
		return false;
	sym->start = strtoull(line, &end, 16);
	if (end != line + digits || *end++ != ' ' || !isalpha(*end))
		return false;
	sym->type = *end++;
	if (*end++ != ' ')
		return false;

	sym->name = end;
	sym->module = end = printable_end(end);
	if (end == sym->name)
		return false;
	if (!*end)
		return true;

	*end++ = '\0';
	if (*end++ != '[')
		return false;
	sym->module = end;
	end = strchr(end, ']');
	if (!end || end[1])
		return false;
	*end = '\0';
	return guest_module_name__valid(sym->module);
}

int guest_file__release(int root, char *release, size_t size)
{
	static const char prefix[] = "Linux version ";
	char buf[4096], *start = buf + strlen(prefix);
	ssize_t n;
	size_t len;

	n = guest_file__read(root, "proc/version", buf, sizeof(buf));
	if (n < 0)
		return n;
	if (!strstarts(buf, prefix))
		return -EINVAL;
	/* it becomes part of paths: no slash, and not "." or ".." */
	len = strspn(start, GUEST_ALNUM "._+~-");
	if (!isalnum(*start) || start[len] != ' ' || len >= size)
		return -EINVAL;
	start[len] = '\0';
	strlcpy(release, start, size);
	return 0;
}

bool guest_kernel__find(int root, const char *release, char *path, size_t size)
{
	/* what perf kvm-callchain takes along is at the first */
	static const char * const places[] = {
		"boot/vmlinuz-%s", "lib/modules/%s/vmlinuz", "boot/vmlinux-%s",
	};
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, size, places[i], release);
		fd = guest_file__open(root, path);
		if (fd >= 0) {
			close(fd);
			return true;
		}
	}
	return false;
}

static int config_line(void *arg, char *line)
{
	struct guest_facts *facts = arg;

	if (!strcmp(line, "CONFIG_UNWINDER_ORC=y"))
		facts->unwind = GUEST_UNWIND_ORC;
	else if (!strcmp(line, "CONFIG_UNWINDER_FRAME_POINTER=y") ||
		 !strcmp(line, "CONFIG_ARM64=y"))
		facts->unwind = GUEST_UNWIND_FP;
	return facts->unwind != GUEST_UNWIND_UNKNOWN;
}

struct kallsyms_scan {
	struct guest_facts	*facts;
	unsigned int		hidden;
};

/*
 * Functions that only the one unwinder of x86 has (arch/x86/kernel/unwind_*.c),
 * and one that arm64 has.
 */
static enum guest_unwind unwinder_of(const char *function)
{
	if (!strcmp(function, "unwind_module_init") || !strcmp(function, "__orc_find") ||
	    !strcmp(function, "orc_find"))
		return GUEST_UNWIND_ORC;
	if (!strcmp(function, "is_last_task_frame") || !strcmp(function, "update_stack_state") ||
	    !strcmp(function, "kunwind_stack_walk") || !strcmp(function, "el0t_64_sync"))
		return GUEST_UNWIND_FP;
	return GUEST_UNWIND_UNKNOWN;
}

static int kallsyms_line(void *arg, char *line)
{
	struct kallsyms_scan *scan = arg;
	struct guest_facts *facts = scan->facts;
	struct guest_symbol sym;

	if (!guest_symbol__parse(&sym, line))
		return 0;
	if (sym.start)
		facts->kallsyms = GUEST_KALLSYMS_OK;
	else if (facts->kallsyms != GUEST_KALLSYMS_OK && ++scan->hidden > HIDDEN_LINES)
		facts->kallsyms = GUEST_KALLSYMS_HIDDEN;
	if (facts->unwind == GUEST_UNWIND_UNKNOWN && !*sym.module)
		facts->unwind = unwinder_of(sym.name);
	return facts->kallsyms != GUEST_KALLSYMS_NONE && facts->unwind != GUEST_UNWIND_UNKNOWN;
}

void guest_facts__read(struct guest_facts *facts, int root)
{
	struct kallsyms_scan scan = { .facts = facts };
	char path[GUEST_NAME_MAX + 32];

	memset(facts, 0, sizeof(*facts));
	if (!guest_file__release(root, facts->release, sizeof(facts->release))) {
		facts->kernel_file = guest_kernel__find(root, facts->release, path, sizeof(path));
		/* much smaller than kallsyms, which the mount may be slow to bring */
		snprintf(path, sizeof(path), "boot/config-%s", facts->release);
		if (guest_file__lines(root, path, CONFIG_LIMIT, config_line, facts) < 0) {
			snprintf(path, sizeof(path), "lib/modules/%s/config", facts->release);
			guest_file__lines(root, path, CONFIG_LIMIT, config_line, facts);
		}
	}
	guest_file__lines(root, "proc/kallsyms", GUEST_KALLSYMS_LIMIT, kallsyms_line, &scan);
	if (facts->kallsyms == GUEST_KALLSYMS_NONE && scan.hidden)
		facts->kallsyms = GUEST_KALLSYMS_HIDDEN;
}

bool guest_facts__valid(const struct guest_facts *facts)
{
	return strnlen(facts->release, sizeof(facts->release)) < sizeof(facts->release) &&
	       !strchr(facts->release, '/') && text__is_printable(facts->release) &&
	       facts->kallsyms <= GUEST_KALLSYMS_OK && facts->unwind <= GUEST_UNWIND_ORC &&
	       *(const u8 *)&facts->kernel_file <= 1;
}

/* Where the kernel looks for its first program: in an initramfs, then elsewhere. */
static const char * const inits[] = { "/init", "/sbin/init", "/etc/init", "/bin/init" };

int guest_init__open(int root, const char **path)
{
	int fd = -ENOENT;
	size_t i;

	for (i = 0; fd < 0 && i < ARRAY_SIZE(inits); i++) {
		*path = inits[i];
		fd = guest_file__open(root, *path);
	}
	return fd;
}

bool guest_init__is_there(int root)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(inits); i++) {
		if (guest_file__is_elf(root, inits[i]))
			return true;
	}
	return false;
}
