// SPDX-License-Identifier: GPL-2.0
/*
 * Where a guest's memory is in its VMM, for perf, which takes the names of the guest's
 * kernel out of it: guest_callchain_slots, in the virtual machine's directory in debugfs.
 *
 * A line for each memory slot, in no order, in hexadecimal:
 *
 *	GUEST-PHYSICAL-ADDRESS SIZE HOST-VIRTUAL-ADDRESS FLAGS
 *
 * The first three are in bytes; FLAGS are KVM_MEM_* (KVM_SET_USER_MEMORY_REGION).
 */
#include <linux/debugfs.h>
#include <linux/kvm_host.h>
#include <linux/seq_file.h>

/* Flags above are KVM's own (include/linux/kvm_host.h). */
#define USER_FLAGS	0xffff

static int guest_callchain_slots_show(struct seq_file *file, void *unused)
{
	struct kvm *kvm = file->private;
	struct kvm_memory_slot *slot;
	int bkt, idx;

	if (!kvm_guest_callchain_is_allowed(kvm))
		return -EPERM;
	if (!kvm_arch_guest_memory_is_readable(kvm))
		return -EOPNOTSUPP;

	idx = srcu_read_lock(&kvm->srcu);
	kvm_for_each_memslot(slot, bkt, kvm_memslots(kvm)) {
		/* one that is being removed */
		if (slot->flags & KVM_MEMSLOT_INVALID)
			continue;
		seq_printf(file, "%llx %llx %lx %x\n", gfn_to_gpa(slot->base_gfn),
			   gfn_to_gpa(slot->npages), slot->userspace_addr,
			   slot->flags & USER_FLAGS);
	}
	srcu_read_unlock(&kvm->srcu, idx);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(guest_callchain_slots);

/**
 * kvm_create_guest_callchain_slots() - tell root where a guest's memory is
 * @kvm: that has a directory in debugfs; it goes before @kvm does, and waits for readers
 */
void kvm_create_guest_callchain_slots(struct kvm *kvm)
{
	debugfs_create_file("guest_callchain_slots", 0400, kvm->debugfs_dentry, kvm,
			    &guest_callchain_slots_fops);
}
