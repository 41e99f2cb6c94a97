// SPDX-License-Identifier: GPL-2.0
/*
 * Checks of host and guests, each with its remedy.
 */
#include <errno.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <sys/utsname.h>
#include "event.h"
#include "guest/callchain/attr.h"
#include "guest/cmd/doctor.h"
#include "guest/cmd/doctor-check.h"
#include "guest/untrusted/child.h"
#include "guest/untrusted/file.h"
#include "guest/vm/vm.h"
#include "guest/cmd/record.h"
#include "guest/memory/slots.h"

static int openat2_child(void *arg __maybe_unused, void *result __maybe_unused, int root)
{
	int fd = guest_file__opendir(root, "proc");

	return fd < 0 ? fd : 0;
}

/* Where there is no such parameter KVM is not loaded, or knows nothing of callchains. */
static bool parameter_allows(void)
{
	FILE *fp = fopen("/sys/module/kvm/parameters/guest_callchain", "r");
	int c = 0;

	if (fp) {
		c = fgetc(fp);
		fclose(fp);
	}
	return c != 'N';
}

static void look_at_module(struct guest_doctor_module *module)
{
	struct utsname name;

	*module = (struct guest_doctor_module) { .state = host_module__state() };
	if (!uname(&name))
		strlcpy(module->release, name.release, sizeof(module->release));
	guest_doctor_module__look(module, "");
}

void guest_doctor__look(struct guest_doctor *doctor)
{
	const struct guest_child child = { .fn = openat2_child, .dir = "/", .idle_ms = 1000 };

	doctor->callchains = guest_callchain__supported();
	if (!doctor->callchains)
		look_at_module(&doctor->module);
	doctor->allowed = parameter_allows();
	doctor->kvm = !access("/dev/kvm", F_OK);
	doctor->privileged = perf_event_paranoid_check(0);
	doctor->cycles = guest_record__has_cycles();
	doctor->openat2 = !guest_child__run(&child, NULL, 0);
}

static void hint(struct guest_check *check, const char *what, const char *remedy)
{
	fprintf(check->fp, "note     %s\n         fix: %s\n", what, remedy);
}

static void check_host(struct guest_check *c, const struct guest_doctor *doctor)
{
	guest_check(c, doctor->kvm, "KVM", "there is no /dev/kvm",
		    "modprobe kvm_amd or kvm_intel; enable virtualisation in the firmware");
	if (doctor->callchains) {
		guest_check(c, true, "guest callchains in the host kernel", NULL, NULL);
		guest_check(c, doctor->allowed, "guest callchains in KVM",
			    "they are switched off",
			    "echo Y > /sys/module/kvm/parameters/guest_callchain");
	} else {
		guest_doctor_module__print(&doctor->module, c);
	}
	guest_check(c, doctor->privileged, "privileges", "events on CPUs are not yours to open",
		    "run as root, or: sysctl kernel.perf_event_paranoid=0");
	guest_check(c, doctor->openat2, "safe reading of guest mounts",
		    "the kernel has no openat2(2), or it is filtered", "boot Linux 5.6 or newer");
	if (!doctor->cycles)
		hint(c, "no cycle counter that can sample guests: cpu-clock is used",
		     "on a virtual host, give it a virtual PMU (QEMU: -cpu host,pmu=on)");
}

/* Whether a kernel is found there only a recording tells: to look takes seconds. */
static bool memory_is_readable(const struct guest *guest)
{
	struct guest_slots slots;

	if (guest_slots__read(&slots, NULL, guest->pid))
		return false;
	guest_slots__exit(&slots);
	return true;
}

static void check_mount(struct guest_check *c, const struct guest *guest)
{
	char remedy[256];

	snprintf(remedy, sizeof(remedy), "perf kvm-callchain mount %d root@GUEST", guest->pid);
	if (!*guest->mount && memory_is_readable(guest)) {
		hint(c, "  no guest mount: names of its kernel alone, out of its memory (6.0 on)",
		     remedy);
		return;
	}
	guest_check(c, *guest->mount, "  guest mount", "none, so frames will have no names",
		    remedy);
	if (!*guest->mount)
		return;
	guest_check(c, guest->facts.kallsyms != GUEST_KALLSYMS_NONE, "  /proc/kallsyms",
		    "not there", "build the guest's kernel with CONFIG_KALLSYMS=y");
	if (guest->facts.kallsyms == GUEST_KALLSYMS_NONE)
		return;
	guest_check(c, guest->facts.kallsyms == GUEST_KALLSYMS_OK, "  addresses in it",
		    "all zero (kptr_restrict)",
		    "mount as the guest's root, or in the guest: sysctl kernel.kptr_restrict=0");
}

static void check_guest(struct guest_check *c, const struct guest *guest)
{
	fprintf(c->fp, "guest %s (pid %d, %s, %d vCPUs)\n", guest->name, guest->pid, guest->vmm,
		guest->nr_vcpus);
	guest_check(c, !*guest->protection, "  readable by the host", guest->protection, NULL);
	check_mount(c, guest);
	if (guest->facts.unwind == GUEST_UNWIND_ORC)
		guest_check(c, guest->facts.kernel_file,
			    "  ORC tables of its kernel, which has no frame pointers",
			    "no file of it in the guest's /boot",
			    "in the guest, install the package of the kernel that runs");
}

bool guest_doctor__print(const struct guest_doctor *doctor, const struct guests *guests, FILE *fp)
{
	struct guest_check c = { .fp = fp, .well = true };
	int i;

	check_host(&c, doctor);
	guest_check(&c, guests->nr, "guests", "none runs here, or none that you may see",
		    "start one, or run as root");
	for (i = 0; i < guests->nr; i++)
		check_guest(&c, &guests->guest[i]);
	return c.well;
}
