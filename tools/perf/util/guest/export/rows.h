/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows for a data base, as ClickHouse takes them: JSONEachRow. fleet/schema.sql is the table.
 */
#ifndef __PERF_GUEST_EXPORT_ROWS_H
#define __PERF_GUEST_EXPORT_ROWS_H

#include <stdio.h>

struct recording;

/**
 * export_rows - write a line for each stack, thread, event and slot of time
 *
 * Return: 0 or -ENOMEM; what cannot be written is in @fp's error.
 */
int export_rows(const struct recording *recording, FILE *fp);

#endif /* __PERF_GUEST_EXPORT_ROWS_H */
