// SPDX-License-Identifier: GPL-2.0
/*
 * Pick options out of a command line that is handed on to another perf command.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/zalloc.h>
#include <subcmd/parse-options.h>
#include "debug.h"
#include "guest-args.h"

int guest_args__add(struct guest_args *args, const char *arg)
{
	const char **argv;

	if (args->argc + 2 > args->alloc) {
		argv = reallocarray(args->argv, args->alloc + 32, sizeof(*argv));
		if (!argv)
			return -ENOMEM;
		args->argv = argv;
		args->alloc += 32;
	}
	args->argv[args->argc++] = arg;
	args->argv[args->argc] = NULL;
	return 0;
}

void guest_args__exit(struct guest_args *args)
{
	zfree(&args->argv);
	args->argc = args->alloc = 0;
}

static const struct guest_option *find_ours(const struct guest_option *ours, char short_name,
					    const char *long_name, size_t len)
{
	for (; ours->short_name || ours->long_name; ours++) {
		if (long_name ? ours->long_name && strlen(ours->long_name) == len &&
				!strncmp(ours->long_name, long_name, len)
			      : ours->short_name == short_name)
			return ours;
	}
	return NULL;
}

/* Does their option take an argument that is a word of its own? */
static bool theirs_takes_arg(const struct option *theirs, char short_name,
			     const char *long_name, size_t len)
{
	const struct option *found = NULL;

	for (; theirs && theirs->type != OPTION_END; theirs++) {
		if (!long_name) {
			if (theirs->short_name == short_name)
				found = theirs;
		} else if (theirs->long_name && !strncmp(theirs->long_name, long_name, len)) {
			/* an abbreviation, unless it is the whole name */
			if (!found || strlen(theirs->long_name) == len)
				found = theirs;
		}
	}
	if (!found || found->flags & (PARSE_OPT_NOARG | PARSE_OPT_OPTARG))
		return false;
	switch (found->type) {
	case OPTION_STRING:
	case OPTION_INTEGER:
	case OPTION_UINTEGER:
	case OPTION_LONG:
	case OPTION_ULONG:
	case OPTION_U64:
	case OPTION_CALLBACK:
		return true;
	case OPTION_END:
	case OPTION_ARGUMENT:
	case OPTION_GROUP:
	case OPTION_BIT:
	case OPTION_BOOLEAN:
	case OPTION_INCR:
	case OPTION_SET_UINT:
	case OPTION_SET_PTR:
	default:
		return false;
	}
}

static int take(const struct guest_option *option, const char *value)
{
	if (option->arg && !value) {
		pr_err("option '%s' needs a value\n", option->long_name);
		return -EINVAL;
	}
	if (option->add)
		return option->add(option->data, value);
	if (option->value)
		*option->value = value ?: "";
	return 0;
}

/* Where an option's words are: @words of them, 1 or 2. */
struct word {
	const struct guest_option *ours;
	const char		  *value;
	int			  words;
};

static void parse_long(struct word *word, const char *arg, const char *next,
		       const struct guest_option *ours, const struct option *theirs)
{
	size_t len = strcspn(arg + 2, "=");
	bool takes_arg;

	word->ours = find_ours(ours, 0, arg + 2, len);
	takes_arg = word->ours ? word->ours->arg : theirs_takes_arg(theirs, 0, arg + 2, len);
	if (arg[2 + len] == '=') {
		word->value = arg + 2 + len + 1;
	} else if (takes_arg) {
		word->value = next;
		word->words = 2;
	}
}

/* "-abVALUE", "-ab VALUE"; an option that is ours to take stands alone */
static void parse_short(struct word *word, const char *arg, const char *next,
			const struct guest_option *ours, const struct option *theirs)
{
	bool takes_arg;

	/* without knowing theirs, the first letter is the only one that is an option for sure */
	for (arg++; *arg; arg = theirs ? arg + 1 : "") {
		word->ours = find_ours(ours, *arg, NULL, 0);
		takes_arg = word->ours ? word->ours->arg :
					 theirs_takes_arg(theirs, *arg, NULL, 0);
		if (!takes_arg) {
			if (word->ours && !word->ours->take && arg[1])
				take(word->ours, NULL);
			continue;
		}
		if (arg[1]) {
			word->value = arg + 1;
		} else {
			word->value = next;
			word->words = 2;
		}
		return;
	}
}

int guest_args__parse(struct guest_args *args, int argc, const char **argv,
		      const struct guest_option *ours, const struct option *theirs)
{
	struct word word;
	int i = 0, j, err = 0;

	for (; !err && i < argc && strcmp(argv[i], "--"); i += word.words) {
		const char *next = i + 1 < argc ? argv[i + 1] : NULL;
		bool option = argv[i][0] == '-' && argv[i][1];

		if (!option && theirs)
			break;
		word = (struct word) { .words = 1 };
		if (!option)
			;
		else if (argv[i][1] == '-')
			parse_long(&word, argv[i], next, ours, theirs);
		else
			parse_short(&word, argv[i], next, ours, theirs);
		word.words = min(word.words, argc - i);

		if (word.ours)
			err = take(word.ours, word.value);
		for (j = 0; !err && j < word.words && !(word.ours && word.ours->take); j++)
			err = guest_args__add(args, argv[i + j]);
	}
	for (; !err && i < argc; i++)
		err = guest_args__add(args, argv[i]);
	return err;
}
