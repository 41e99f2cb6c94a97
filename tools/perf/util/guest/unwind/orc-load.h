/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Make the ORC tables of a guest's kernel out of its files. They are unpacked and read by
 * another process; what comes of it is checked again, and does not take more memory than
 * any kernel needs.
 */
#ifndef __PERF_GUEST_ORC_LOAD_H
#define __PERF_GUEST_ORC_LOAD_H

#include <linux/types.h>

struct guest_orc;

/**
 * struct guest_orc_source - what the tables are made of
 * @dir:     the guest's directory in a snapshot; NULL for none
 * @vmlinux: a file of the host's with its kernel, as named by who runs perf, to be tried
 *	     first; NULL for none
 * @release: of its kernel
 * @text:    where it has _stext
 */
struct guest_orc_source {
	const char *dir, *vmlinux, *release;
	u64	   text;
};

/**
 * struct guest_orc_loaded - what became of it
 * @modules: loaded with the kernel's tables
 * @failed:  modules that have none here: their code ends a chain
 * @why:     in words, why there are no tables
 */
struct guest_orc_loaded {
	u32  modules, failed;
	char why[64];
};

/**
 * guest_orc__load - make the tables
 * @loaded: filled in
 *
 * Takes two or three minutes at most, whatever is in the files.
 *
 * Return: to be freed by guest_orc__delete(); NULL if there are none.
 */
struct guest_orc *guest_orc__load(const struct guest_orc_source *source,
				  struct guest_orc_loaded *loaded);

#endif /* __PERF_GUEST_ORC_LOAD_H */
