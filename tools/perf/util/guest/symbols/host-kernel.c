// SPDX-License-Identifier: GPL-2.0
/*
 * A recording of guests has build-ids of guests' files: of the host's kernel there is none, as
 * no sample is of it, though callchains are.
 */
#include <string.h>
#include <sys/utsname.h>
#include "debug.h"
#include "dso.h"
#include "env.h"
#include "guest/symbols/host-kernel.h"
#include "guest/untrusted/printable.h"
#include "machine.h"
#include "symbol_conf.h"

static bool differs(const char *recorded, const char *here)
{
	return recorded && strcmp(recorded, here);
}

static void say_once(const struct perf_env *env)
{
	char name[256], release[256];
	static bool said;

	if (said)
		return;
	said = true;
	text__copy_printable(name, env->hostname ?: "another host", sizeof(name));
	text__copy_printable(release, env->os_release ?: "another kernel", sizeof(release));
	pr_warning("Recorded on %s with %s, without the build-id of that kernel: no names for it, unless --kallsyms or --vmlinux has them\n",
		   name, release);
}

bool host_kernel__is_elsewhere(const struct dso *dso, const struct machine *machine)
{
	const struct perf_env *env = machine ? machine->env : NULL;
	struct utsname here;

	/* that is the user's word on where the recorded machine's files are */
	if (*symbol_conf.symfs)
		return false;
	if (!env || dso__has_build_id(dso) || uname(&here) ||
	    (!differs(env->hostname, here.nodename) && !differs(env->os_release, here.release)))
		return false;
	say_once(env);
	return true;
}
