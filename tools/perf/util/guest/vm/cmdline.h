/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a VMM's command line says of its guest.
 */
#ifndef __PERF_GUEST_CMDLINE_H
#define __PERF_GUEST_CMDLINE_H

#include <stddef.h>

struct guest;

/**
 * guest__parse_cmdline - name, memory and protection from a VMM's command line
 * @args: arguments, each ended by a NUL
 * @size: bytes of @args
 */
void guest__parse_cmdline(struct guest *guest, const char *args, size_t size);

#endif /* __PERF_GUEST_CMDLINE_H */
