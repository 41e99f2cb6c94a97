// SPDX-License-Identifier: GPL-2.0
/*
 * Where a guest's memory is in its VMM, for perf, which takes the names of the guest's
 * kernel out of it: guest_callchain_slots, in the virtual machine's directory in debugfs.
 *
 * The first line is of the VMM, in decimal:
 *
 *	PROCESS-ID ERROR
 *
 * as the reader sees it (0 if it does not), and why there are no other lines: 0, EPERM if the
 * administrator does not allow it, EOPNOTSUPP for a guest that is encrypted. The directory's
 * name has the number of the thread that has made the machine instead, which may not be the
 * VMM's first one, and another's by now. If the VMM has ended, or has become another
 * program, while something still holds its machine, there is nothing to read: ESRCH.
 *
 * Then a line for each memory slot, in no order, in hexadecimal:
 *
 *	GUEST-PHYSICAL-ADDRESS SIZE HOST-VIRTUAL-ADDRESS FLAGS
 *
 * The first three are in bytes; FLAGS are KVM_MEM_* (KVM_SET_USER_MEMORY_REGION).
 */
#include <linux/debugfs.h>
#include <linux/kvm_host.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>

/* Flags above are KVM's own (include/linux/kvm_host.h). */
#define USER_FLAGS	0xffff

/*
 * The VMM as current sees it. Its number may be another process's by now: it is the one whose
 * addresses KVM maps, in any of its threads, as the first one may have ended. KVM holds the mm,
 * if not what is mapped there, so that no other has its address.
 */
static pid_t find_owner(const struct kvm *kvm)
{
	struct task_struct *process, *thread;
	pid_t owner = -ESRCH;

	rcu_read_lock();
	process = pid_task(find_pid_ns(kvm->guest_callchain.owner, &init_pid_ns), PIDTYPE_TGID);
	if (process) {
		for_each_thread(process, thread) {
			if (READ_ONCE(thread->mm) == kvm->mm)
				owner = task_tgid_vnr(thread);
		}
	}
	rcu_read_unlock();
	return owner;
}

static int find_error(struct kvm *kvm)
{
	if (!kvm_guest_callchain_is_allowed(kvm))
		return -EPERM;
	return kvm_arch_guest_memory_is_readable(kvm) ? 0 : -EOPNOTSUPP;
}

static int guest_callchain_slots_show(struct seq_file *file, void *unused)
{
	struct kvm *kvm = file->private;
	struct kvm_memory_slot *slot;
	pid_t owner = find_owner(kvm);
	int bkt, idx, err;

	if (owner < 0)
		return owner;
	err = find_error(kvm);
	seq_printf(file, "%d %d\n", owner, -err);
	if (err)
		return 0;

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
 *
 * Context: of the VMM.
 */
void kvm_create_guest_callchain_slots(struct kvm *kvm)
{
	kvm->guest_callchain.owner = task_tgid_nr(current);
	debugfs_create_file("guest_callchain_slots", 0400, kvm->debugfs_dentry, kvm,
			    &guest_callchain_slots_fops);
}
