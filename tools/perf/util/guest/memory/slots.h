/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a guest's physical memory is in its VMM, as KVM says in debugfs
 * (virt/kvm/guest_callchain_slots.c).
 */
#ifndef __PERF_GUEST_SLOTS_H
#define __PERF_GUEST_SLOTS_H

#include <sys/types.h>
#include <linux/types.h>

/**
 * struct guest_slot - a piece of it
 * @gpa:  guest-physical address
 * @size: bytes
 * @hva:  its address in the VMM
 *
 * All three are multiples of GUEST_SLOT_PAGE; neither end is beyond the address space's.
 */
struct guest_slot {
	u64 gpa, size, hva;
};

#define GUEST_SLOT_PAGE	4096

/** struct guest_slots - by @gpa, without overlaps */
struct guest_slots {
	struct guest_slot *slot;
	unsigned int	  nr;
};

/**
 * guest_slots__read - ask KVM
 * @slots: filled in; to be freed by guest_slots__exit(), with success only
 * @dir:   KVM's directory in debugfs, NULL for where it is
 * @pid:   the VMM's. Of several virtual machines in it the one with the most memory counts.
 *
 * Return: 0; -ENOENT if there is no such file, as with a kernel without the patches; -EPERM if
 * the administrator does not allow it, -EOPNOTSUPP for a guest whose memory is encrypted,
 * -ENODATA if it has none yet; -EINVAL for a file of another form, as of a kernel with older
 * patches; another negative error.
 */
int guest_slots__read(struct guest_slots *slots, const char *dir, pid_t pid);
void guest_slots__exit(struct guest_slots *slots);

/**
 * guest_slots__find - the slot of an address
 *
 * Return: NULL if @size bytes at @gpa are not all in one.
 */
const struct guest_slot *guest_slots__find(const struct guest_slots *slots, u64 gpa, u64 size);

#endif /* __PERF_GUEST_SLOTS_H */
