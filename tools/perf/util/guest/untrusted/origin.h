/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keep a guest's files away from the libraries that perf reads files with. A program,
 * module or kernel of a guest's is made by the guest, and perf is often root: what parses
 * or unpacks it does so in a process of its own (guest/untrusted/child.h).
 */
#ifndef __PERF_GUEST_UNTRUSTED_H
#define __PERF_GUEST_UNTRUSTED_H

#include <stdbool.h>
#include <linux/compiler.h>

/* Where a guest's module is unpacked to; no longer than KMOD_DECOMP_NAME */
#define GUEST_UNPACKED_NAME	"/tmp/perf-gmod-XXXXXX"

/**
 * guest_path__is - is that a file of a guest's?
 * @path: absolute and without links, or as a record has it
 *
 * Files below PERFDATA.guests/PID, whatever recording it belongs to; those in the guest
 * mount that is in use; and what was unpacked from either.
 */
bool guest_path__is(const char *path);

/** guest_fd__is - the same for an open file; true if it cannot be told */
bool guest_fd__is(int fd);

/** guest_path__in_mount - is it in symbol_conf.guestmount? @path: without links */
bool guest_path__in_mount(const char *path);

/**
 * guest_path__is_not_for_addr2line - are there to be no source lines from a file?
 *
 * True for guest_path__is(), where perf has libraries for that, which would read it here.
 */
static inline bool guest_path__is_not_for_addr2line(const char *path __maybe_unused)
{
#if defined(HAVE_LIBLLVM_SUPPORT) || defined(HAVE_LIBBFD_SUPPORT)
	return guest_path__is(path);
#else
	return false;
#endif
}

#ifdef HAVE_LIBELF_SUPPORT
#include <libelf.h>

/** host_elf__begin - elf_begin() for perf's own process: NULL for a guest's file */
Elf *host_elf__begin(int fd, Elf_Cmd cmd, Elf *ref);

#endif

#endif /* __PERF_GUEST_UNTRUSTED_H */
