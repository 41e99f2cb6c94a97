/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The Firefox Profiler's processed profile format, version 60:
 * https://github.com/firefox-devtools/profiler/blob/main/src/types/profile.ts and
 * docs-developer/CHANGELOG-formats.md there. Newer versions of the Profiler convert it.
 */
#ifndef __PERF_GUEST_EXPORT_FIREFOX_H
#define __PERF_GUEST_EXPORT_FIREFOX_H

#include <stdio.h>

struct recording;

/**
 * export_firefox - write it
 * @recording: in slots of time
 *
 * A guest is a process, a vCPU a thread of it, and so is each thread of the host; of several
 * events each has a thread of its own. A category, which has a colour, is a stack_kind. A
 * sample is one stack in one slot of time, its weight how many there are.
 *
 * Return: 0 or -ENOMEM; what cannot be written is in @fp's error.
 */
int export_firefox(const struct recording *recording, FILE *fp);

#endif /* __PERF_GUEST_EXPORT_FIREFOX_H */
