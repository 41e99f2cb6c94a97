/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What perf's own files call. Each of them includes this and no room's header, but for
 * builtin-inject.c, which has other guests of its own.
 */
#ifndef __PERF_GUEST_HOOKS_H
#define __PERF_GUEST_HOOKS_H

#include "guest/callchain/attr.h"
#include "guest/callchain/deliver.h"
#include "guest/callchain/file.h"
#include "guest/callchain/fit.h"
#include "guest/callchain/frame.h"
#include "guest/callchain/module-event.h"
#include "guest/callchain/record.h"
#include "guest/cmd/progress.h"
#include "guest/cmd/record.h"
#include "guest/snapshot/attach.h"
#include "guest/snapshot/lookup.h"
#include "guest/symbols/host-kernel.h"
#include "guest/symbols/kallsyms.h"
#include "guest/symbols/module-file.h"
#include "guest/symbols/module.h"
#include "guest/symbols/sort.h"
#include "guest/symbols/user-elf.h"
#include "guest/symbols/user-maps.h"
#include "guest/symbols/vmlinux.h"
#include "guest/untrusted/origin.h"
#include "guest/untrusted/printable.h"
#include "guest/untrusted/tool.h"
#include "guest/untrusted/wall.h"
#include "guest/unwind/select.h"
#include "guest/vm/kallsyms.h"
#include "guest/vm/mount.h"

#endif /* __PERF_GUEST_HOOKS_H */
