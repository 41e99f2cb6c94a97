// SPDX-License-Identifier: GPL-2.0
/* The suites about guests, for perf test. */
#include <stddef.h>
#include "tests/tests.h"

DECLARE_SUITE(guest_callchain_file);
DECLARE_SUITE(guest_callchain_record);
DECLARE_SUITE(guest_callchain_merge);
DECLARE_SUITE(guest_callchain_module);
DECLARE_SUITE(guest_callchain_resolve);
DECLARE_SUITE(guest_orc);
DECLARE_SUITE(guest_orc_layout);
DECLARE_SUITE(guest_vmlinuz);
DECLARE_SUITE(printable);
DECLARE_SUITE(guest_list);
DECLARE_SUITE(guest_memory);
DECLARE_SUITE(guest_memory_modules);
DECLARE_SUITE(guest_memory_orc);
DECLARE_SUITE(guest_mount);
DECLARE_SUITE(guest_snapshot);
DECLARE_SUITE(guest_text);
DECLARE_SUITE(guest_unwind);
DECLARE_SUITE(guest_dwarf);
DECLARE_SUITE(guest_processes);
DECLARE_SUITE(guest_user_maps);
DECLARE_SUITE(guest_again);
DECLARE_SUITE(guest_cache);
DECLARE_SUITE(guest_wall);
DECLARE_SUITE(guest_doctor);

struct test_suite *guest_tests[] = {
	&suite__guest_callchain_file,
	&suite__guest_callchain_record,
	&suite__guest_callchain_merge,
	&suite__guest_callchain_module,
	&suite__guest_callchain_resolve,
	&suite__guest_orc,
	&suite__guest_orc_layout,
	&suite__guest_vmlinuz,
	&suite__printable,
	&suite__guest_list,
	&suite__guest_memory,
	&suite__guest_memory_modules,
	&suite__guest_memory_orc,
	&suite__guest_mount,
	&suite__guest_snapshot,
	&suite__guest_text,
	&suite__guest_unwind,
	&suite__guest_dwarf,
	&suite__guest_processes,
	&suite__guest_user_maps,
	&suite__guest_again,
	&suite__guest_cache,
	&suite__guest_wall,
	&suite__guest_doctor,
	NULL,
};
