/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a guest's own files say about its kernel.
 */
#ifndef __PERF_GUEST_FACTS_H
#define __PERF_GUEST_FACTS_H

#include <string.h>
#include <linux/types.h>
#include "guest/vm/vm.h"

/**
 * GUEST_KALLSYMS_LIMIT - bytes; a distribution's kernel has 10 to 20 million. perf reads
 * nothing of a file that has as many (KALLSYMS_SIZE_MAX).
 */
#define GUEST_KALLSYMS_LIMIT	((128ULL << 20) - 1)

/**
 * struct guest_symbol - a line of /proc/kallsyms that is well-formed
 * @start:  address
 * @type:   letter as nm(1) has it
 * @name:   printable, without spaces
 * @module: "" for the kernel itself
 */
struct guest_symbol {
	u64	start;
	char	type;
	char	*name;
	char	*module;
};

/**
 * guest_symbol__parse - take a line of /proc/kallsyms apart
 * @line: is written to, and pointed into by @sym
 *
 * Return: false for a line that a kernel would not write.
 */
bool guest_symbol__parse(struct guest_symbol *sym, char *line);

/**
 * struct guest_module - a line of /proc/modules that is well-formed
 * @name:	 as guest_module_name__valid() has it
 * @start, @size: of its memory; large sizes are not a module's
 */
struct guest_module {
	char	name[GUEST_NAME_MAX];
	u64	start, size;
};

/** guest_module__parse - take a line of /proc/modules apart; false if there is no address */
bool guest_module__parse(struct guest_module *module, const char *line);

/** guest_module__fprintf - write such a line */
void guest_module__fprintf(const struct guest_module *module, FILE *file);

/** GUEST_MODULES_MAX - modules a guest may have; the rest is left out */
#define GUEST_MODULES_MAX	4096

/**
 * guest_modules__read - read /proc/modules
 * @root:    of the guest's files, or its directory in a snapshot
 * @modules: gets them, GUEST_MODULES_MAX at most
 * @nr:	     set to how many
 *
 * Return: 0, or a negative error, -E2BIG for too many: there are more than @nr of them.
 */
int guest_modules__read(int root, struct guest_module *modules, int *nr);

#define GUEST_ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/** guest_module_name__valid - is it a name that the kernel gives to modules? */
static inline bool guest_module_name__valid(const char *name)
{
	size_t len = strspn(name, GUEST_ALNUM "_-");

	return len && len < GUEST_NAME_MAX && !name[len];
}

/** guest_file__release - kernel release from a guest's /proc/version, -EINVAL if malformed */
int guest_file__release(int root, char *release, size_t size);

/**
 * guest_kernel__find - the file of a guest's kernel, where distributions have it
 * @path: set to it
 *
 * Return: false if there is none.
 */
bool guest_kernel__find(int root, const char *release, char *path, size_t size);

/**
 * guest_facts__read - look at a guest's files
 * @root: of a guest mount only in a child (guest/untrusted/child.h)
 *
 * What is not there stays unknown.
 */
void guest_facts__read(struct guest_facts *facts, int root);

/** guest_facts__valid - may guest_facts__read() have filled them in so? */
bool guest_facts__valid(const struct guest_facts *facts);

/**
 * guest_init__open - the first program that a guest's kernel runs
 * @path: set to where it is
 *
 * Return: a file descriptor or a negative error.
 */
int guest_init__open(int root, const char **path);

/** guest_init__is_there - is there a first program in a guest's files? In a child. */
bool guest_init__is_there(int root);

#endif /* __PERF_GUEST_FACTS_H */
