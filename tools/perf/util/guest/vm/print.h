/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guests as a list for people, and for programs.
 */
#ifndef __PERF_GUEST_PRINT_H
#define __PERF_GUEST_PRINT_H

#include <stdio.h>
#include "guest/vm/facts.h"

struct guests;

const char *guest_kallsyms__name(enum guest_kallsyms kallsyms);
const char *guest_unwind__name(enum guest_unwind unwind);

/** guests__fprintf - the guests as a table */
void guests__fprintf(const struct guests *guests, FILE *fp);

/** guests__fprintf_json - the guests as a JSON array */
void guests__fprintf_json(const struct guests *guests, FILE *fp);

#endif /* __PERF_GUEST_PRINT_H */
