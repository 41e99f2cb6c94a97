/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sections of a record: what of registers and stacks came along to unwind from.
 */
#ifndef __PERF_GUEST_SECTIONS_H
#define __PERF_GUEST_SECTIONS_H

#include <stddef.h>
#include <linux/perf_guest_callchain.h>

/**
 * guest_sections__find - the first section of a type
 * @sections: of a valid record, one after the other
 * @size:     their bytes
 * @nr:	      gets the words of its data
 *
 * Return: its data; NULL if there is none.
 */
const u64 *guest_sections__find(const u64 *sections, size_t size, u32 type, size_t *nr);

#endif /* __PERF_GUEST_SECTIONS_H */
