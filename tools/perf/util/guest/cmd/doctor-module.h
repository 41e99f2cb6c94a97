/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What keeps the module kvm_callchain from bringing guest callchains to a kernel that has none.
 */
#ifndef __PERF_GUEST_DOCTOR_MODULE_H
#define __PERF_GUEST_DOCTOR_MODULE_H

#include <stdbool.h>
#include "guest/callchain/module-attr.h"

struct guest_check;

/**
 * struct guest_doctor_module - the host, as far as the module is concerned
 * @state:     loaded, and the user's to record?
 * @supported: its CPUs are of a vendor that the module knows
 * @built:     there is one for the running kernel where modprobe finds it
 * @headers:   and what it is built with
 * @ftrace:    ftrace is on
 * @signed_only: the kernel loads no module without a signature that it knows
 * @release:   of the running kernel
 */
struct guest_doctor_module {
	enum host_module_state state;
	bool			supported;
	bool			built;
	bool			headers;
	bool			ftrace;
	bool			signed_only;
	char			release[65];
};

/**
 * guest_doctor_module__look - look at a host; all but the state
 * @module: with release filled in
 * @root:   its root directory, "" for this one's
 */
void guest_doctor_module__look(struct guest_doctor_module *module, const char *root);

/** guest_doctor_module__print - a line for what is wrong; one in all if nothing is */
void guest_doctor_module__print(const struct guest_doctor_module *module,
				struct guest_check *check);

#endif /* __PERF_GUEST_DOCTOR_MODULE_H */
