/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KVM_CALLCHAIN_VCPU_H
#define _KVM_CALLCHAIN_VCPU_H

#include <linux/kvm_host.h>

#include "guest_unwind.h"

/**
 * struct vcpu_state - a guest's registers at an exit, as the unwinder wants them
 * @regs:   of its CPU
 * @paging: its address space
 */
struct vcpu_state {
	struct guest_regs regs;
	struct guest_paging paging;
};

bool vcpu_is_nested(const struct kvm_vcpu *vcpu);
void vcpu_get_state(const struct kvm_vcpu *vcpu, struct vcpu_state *state);

#endif /* _KVM_CALLCHAIN_VCPU_H */
