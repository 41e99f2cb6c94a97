/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of a guest's kernel out of the guest's memory: of a guest that gives nothing.
 */
#ifndef __PERF_GUEST_FIND_H
#define __PERF_GUEST_FIND_H

#include <linux/types.h>
#include "guest/memory/write.h"
#include "guest/vm/vm.h"

/**
 * struct guest_memory - what was found
 * @written: to files
 * @facts:   of the kernel, as guest_facts__read() has them
 */
struct guest_memory {
	struct guest_written written;
	struct guest_facts   facts;
};

/**
 * guest_memory__take - write what a guest's files would say of its kernel
 * @kvm:    as for guest_slots__read()
 * @out:    descriptor of the guest's directory in a snapshot: gets what guest_memory__write()
 *	    writes
 * @memory: filled in
 *
 * Return: 0, or a negative error that guest_memory__why() explains. Files may have been
 * written in part.
 */
int guest_memory__take(const struct guest *guest, const char *kvm, int out,
		       struct guest_memory *memory);

/** guest_memory__why - why nothing was found, for who has to read it */
const char *guest_memory__why(int err);

#endif /* __PERF_GUEST_FIND_H */
