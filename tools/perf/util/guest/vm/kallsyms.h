/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __PERF_GUEST_VM_KALLSYMS_H
#define __PERF_GUEST_VM_KALLSYMS_H

/**
 * guest_kallsyms__wrong - what keeps a file from being a guest's kallsyms
 * @path: a file; one that is not regular is not opened for reading
 *
 * Return: NULL if nothing does, else words to follow the file's name.
 */
const char *guest_kallsyms__wrong(const char *path);

/**
 * guest_kallsyms__check - the same, said as an error
 *
 * Return: 0 or -1.
 */
int guest_kallsyms__check(const char *path);

#endif /* __PERF_GUEST_VM_KALLSYMS_H */
