/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest's page tables, walked by the code with which the host's kernel walks them.
 */
#ifndef __PERF_GUEST_PAGING_H
#define __PERF_GUEST_PAGING_H

#include <linux/types.h>

struct guest_view;

/**
 * guest_view__translate - linear to guest-physical address
 * @gpa: set with success
 *
 * Return: 0; -EFAULT for what is not mapped; the error of a table that cannot be read.
 */
int guest_view__translate(struct guest_view *view, u64 gva, u64 *gpa);

#endif /* __PERF_GUEST_PAGING_H */
