/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kvm_callchain

#if !defined(_KVM_CALLCHAIN_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _KVM_CALLCHAIN_TRACE_H

#include <linux/tracepoint.h>

#include "chain.h"

/*
 * The call stack of a guest that perf has sampled, right after the sample, of the thread
 * and on the CPU of the vCPU. ips are laid out as in PERF_RECORD_GUEST_CALLCHAIN, flags
 * are its (uapi/linux/perf_guest_callchain.h).
 */
TRACE_EVENT(guest_callchain,
	TP_PROTO(const struct guest_chain *chain),
	TP_ARGS(chain),

	TP_STRUCT__entry(
		__field(u64, ip)
		__field(u64, root)
		__field(u32, vcpu)
		__field(u32, vmm)
		__field(u32, flags)
		__field(u32, samples)
		__field(u32, nr)
		__dynamic_array(u64, ips, chain->nr)
	),

	TP_fast_assign(
		__entry->ip = chain->ip;
		__entry->root = chain->root;
		__entry->vcpu = chain->vcpu;
		__entry->vmm = chain->vmm;
		__entry->flags = chain->flags;
		__entry->samples = chain->samples;
		__entry->nr = chain->nr;
		memcpy(__get_dynamic_array(ips), chain->ips, chain->nr * sizeof(u64));
	),

	TP_printk("vmm=%u vcpu=%u ip=0x%llx root=0x%llx flags=0x%x samples=%u ips=%s",
		  __entry->vmm, __entry->vcpu, __entry->ip, __entry->root, __entry->flags,
		  __entry->samples,
		  /* 8 and not sizeof(): that is what perf and trace-cmd understand */
		  __print_array(__get_dynamic_array(ips), __entry->nr, 8))
);

#endif /* _KVM_CALLCHAIN_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
