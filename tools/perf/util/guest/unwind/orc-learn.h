/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Learn from a kernel's code which registers the numbers in its ORC entries stand for.
 *
 * Where an instruction changes what the stack is unwound by, an entry begins behind it: the
 * number in the entry behind mov %rsp,%rbp is that of rbp. A kernel has thousands of these.
 */
#ifndef __PERF_GUEST_ORC_LEARN_H
#define __PERF_GUEST_ORC_LEARN_H

#include <stdbool.h>

struct guest_elf;
struct guest_orc_layout;

/**
 * guest_orc_learn__regs - find out what a kernel's registers are, and if its types are right
 * @elf:    the kernel's file
 * @layout: with its bits and types; gets its registers. Those of which its code says nothing are
 *	    GUEST_ORC_UNKNOWN
 *
 * Return: false if the code contradicts itself or the types, or leaves more open than a few
 * entries.
 */
bool guest_orc_learn__regs(const struct guest_elf *elf, struct guest_orc_layout *layout);

#endif /* __PERF_GUEST_ORC_LEARN_H */
