/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Command lines handed on to other perf commands.
 */
#ifndef __PERF_GUEST_ARGS_H
#define __PERF_GUEST_ARGS_H

#include <stdbool.h>

struct option;

/**
 * struct guest_args - an argv being made; its strings belong to others
 * @argc: without the NULL at its end
 */
struct guest_args {
	int		argc;
	int		alloc;
	const char	**argv;
};

/** guest_args__add - append an argument, -ENOMEM without memory */
int guest_args__add(struct guest_args *args, const char *arg);
void guest_args__exit(struct guest_args *args);

/**
 * struct guest_option - an option that perf kvm-callchain looks at in passing
 * @short_name, @long_name: one of them may be 0 or NULL
 * @arg:	it takes an argument
 * @take:	it is ours, not handed on; else a copy stays in the command line
 * @value:	set to the argument, or to "" for an option without; the last one counts
 * @add:	if not NULL, called for each occurrence instead; 0 or a negative error
 * @data:	passed to @add
 */
struct guest_option {
	char		short_name;
	const char	*long_name;
	bool		arg;
	bool		take;
	const char	**value;
	int		(*add)(void *data, const char *value);
	void		*data;
};

/**
 * guest_args__parse - go over a command line that is for another command
 * @args:	gets the arguments that are handed on
 * @argv:	arguments, @argc of them, without the command's name
 * @ours:	options to look at, ended by one without names
 * @theirs:	the command's options, to know which take an argument; NULL for a command
 *		that starts no other: all its arguments are gone through
 *
 * With @theirs, the first argument that is neither option nor an option's argument
 * ends the options: it starts a command. "--" does in any case. What follows is
 * handed on as it is.
 *
 * Return: 0, -EINVAL if an argument is missing (reported), -ENOMEM, what @add returned.
 */
int guest_args__parse(struct guest_args *args, int argc, const char **argv,
		      const struct guest_option *ours, const struct option *theirs);

#endif /* __PERF_GUEST_ARGS_H */
