/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For files that use libelf in perf's own process, behind all other headers: it reads
 * files of the host's only, whichever way a file has come there.
 */
#ifndef __PERF_HOST_ELF_H
#define __PERF_HOST_ELF_H

#include "guest/untrusted/origin.h"

#ifdef HAVE_LIBELF_SUPPORT
#define elf_begin(fd, cmd, ref)	host_elf__begin(fd, cmd, ref)
#endif

#endif /* __PERF_HOST_ELF_H */
