// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <subcmd/parse-options.h>
#include "guest/vm/names.h"

int guest_names__parse(const struct option *opt, const char *arg, int unset)
{
	struct guest_names *names = opt->value;
	const char **more;

	if (unset) {
		names->nr = 0;
		return 0;
	}
	more = reallocarray(names->name, names->nr + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	more[names->nr++] = arg;
	names->name = more;
	return 0;
}
