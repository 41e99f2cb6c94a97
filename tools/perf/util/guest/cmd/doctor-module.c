// SPDX-License-Identifier: GPL-2.0
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include "guest/callchain/module-event.h"
#include "guest/cmd/doctor-check.h"
#include "guest/cmd/doctor-module.h"

#define BOOT_PATCHED	"boot a kernel built with CONFIG_PERF_GUEST_CALLCHAIN=y"

/* Does a line of the file, of those that begin with @start, have @word in it? */
static bool has_word(const char *root, const char *name, const char *start, const char *word)
{
	char path[PATH_MAX], *line = NULL;
	size_t size = 0;
	bool has = false;
	FILE *fp;

	snprintf(path, sizeof(path), "%s%s", root, name);
	fp = fopen(path, "r");
	while (fp && !has && getline(&line, &size, fp) > 0)
		has = !strncmp(line, start, strlen(start)) && strstr(line, word);
	free(line);
	if (fp)
		fclose(fp);
	return has;
}

void guest_doctor_module__look(struct guest_doctor_module *module, const char *root)
{
	char path[PATH_MAX];

	module->supported = has_word(root, "/proc/cpuinfo", "flags", " svm ") ||
			    has_word(root, "/proc/cpuinfo", "flags", " svm\n");
	module->ftrace = has_word(root, "/proc/sys/kernel/ftrace_enabled", "1", "1");
	module->signed_only =
		has_word(root, "/sys/module/module/parameters/sig_enforce", "Y", "Y") ||
		has_word(root, "/sys/kernel/security/lockdown", "", "[integrity]") ||
		has_word(root, "/sys/kernel/security/lockdown", "", "[confidentiality]");

	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", module->release);
	module->built = has_word(root, path, "", "/" HOST_MODULE ".ko");
	snprintf(path, sizeof(path), "%s/lib/modules/%s/build/Makefile", root, module->release);
	module->headers = !access(path, F_OK);
}

static void print_unbuilt(const struct guest_doctor_module *module, struct guest_check *check)
{
	char remedy[128];

	if (module->built)
		return;
	if (!module->headers) {
		snprintf(remedy, sizeof(remedy), "apt install linux-headers-%s", module->release);
		guest_check(check, false, "  headers of this kernel, to build it with",
			    "not installed", remedy);
	}
	guest_check(check, false, "  module " HOST_MODULE " for this kernel",
		    "not built, or not installed",
		    "apt install kvm-callchain-dkms; or, where its sources are: make module, and insmod what it has built");
}

/* Each of these is in the way by itself. */
static void print_unloaded(const struct guest_doctor_module *module, struct guest_check *check)
{
	const char *remedy = BOOT_PATCHED;

	if (module->supported)
		remedy = module->built ? "modprobe " HOST_MODULE "; or " BOOT_PATCHED :
					 "load it, once it is built; or " BOOT_PATCHED;
	guest_check(check, false, "guest callchains in the host kernel",
		    "this kernel does not have them, and the module " HOST_MODULE " is not loaded",
		    remedy);
	if (!module->supported) {
		guest_check(check, false, "  CPU that the module knows",
			    "it is for AMD's SVM, which is not there", BOOT_PATCHED);
		return;
	}
	print_unbuilt(module, check);
	if (!module->ftrace)
		guest_check(check, false, "  ftrace", "off", "sysctl kernel.ftrace_enabled=1");
	if (module->signed_only)
		guest_check(check, false, "  modules without a known signature",
			    "refused by this kernel (Secure Boot, lockdown or module.sig_enforce)",
			    "with DKMS: mokutil --import /var/lib/dkms/mok.pub, reboot, and enrol the key when asked");
}

void guest_doctor_module__print(const struct guest_doctor_module *module,
				struct guest_check *check)
{
	switch (module->state) {
	case HOST_MODULE_USABLE:
		guest_check(check, true, "guest callchains by the module " HOST_MODULE
			    ", as far as frame pointers lead", NULL, NULL);
		break;
	case HOST_MODULE_NOT_ALLOWED:
		guest_check(check, false, "guest callchains by the module " HOST_MODULE,
			    "its tracepoint is not yours to record",
			    "run as root, and not under lockdown=confidentiality");
		break;
	case HOST_MODULE_NOT_LOADED:
	default:
		print_unloaded(module, check);
	}
}
