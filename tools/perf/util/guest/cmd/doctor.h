/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Would a recording of guests give callchains? If not, why, and what to do.
 */
#ifndef __PERF_GUEST_DOCTOR_H
#define __PERF_GUEST_DOCTOR_H

#include <stdbool.h>
#include <stdio.h>
#include "guest/cmd/doctor-module.h"

struct guests;

/**
 * struct guest_doctor - the host, as far as recording is concerned
 * @callchains:	its kernel has guest callchains
 * @allowed:	the administrator has not switched them off
 * @kvm:	/dev/kvm is there
 * @privileged:	events on CPUs may be opened
 * @cycles:	guests can be sampled by a cycle counter
 * @openat2:	files can be opened without leaving a directory
 * @module:	looked at where the kernel has no guest callchains
 */
struct guest_doctor {
	bool	callchains;
	bool	allowed;
	bool	kvm;
	bool	privileged;
	bool	cycles;
	bool	openat2;
	struct guest_doctor_module module;
};

/** guest_doctor__look - look at this host */
void guest_doctor__look(struct guest_doctor *doctor);

/**
 * guest_doctor__print - say what is wrong with each, and the command that fixes it
 * @guests: with mounts and facts filled in
 *
 * Return: true if a recording would give callchains with symbols.
 */
bool guest_doctor__print(const struct guest_doctor *doctor, const struct guests *guests, FILE *fp);

#endif /* __PERF_GUEST_DOCTOR_H */
