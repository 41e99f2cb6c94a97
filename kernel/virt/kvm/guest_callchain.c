// SPDX-License-Identifier: GPL-2.0
/*
 * Guest callchains for perf: between the sample and the walk.
 *
 * A sample that interrupts a guest, or its vCPU thread inside KVM_RUN, leaves a
 * cookie with the vCPU. The chain is walked at the first point after it where
 * guest memory may be read: right after an exit, with the interrupt that sampled
 * just handled; before the next entry, for samples of the exit's handling; or
 * when the vCPU leaves the CPU. The guest has not run in between, so its stack
 * is that of the sample.
 *
 * The walk is done with preemption and page faults off. Preemption off keeps
 * perf's per-CPU buffers and the loaded vCPU state in place. A stack in use is
 * in memory all but always; should it have been swapped out the chain is short
 * and says so (PERF_GUEST_CALLCHAIN_UNREADABLE), and the vCPU is not stalled.
 */
#include <linux/debugfs.h>
#include <linux/kvm_host.h>
#include <linux/moduleparam.h>
#include <linux/perf_event.h>
#include <linux/uaccess.h>

/* The administrator's switch: off, guests' stacks are not read, whoever asks. */
static bool guest_callchain = true;
module_param(guest_callchain, bool, 0644);
MODULE_PARM_DESC(guest_callchain, "Let perf have callchains of guests");

/*
 * What a walk may read of the guest (perf_guest_chain::reads), whatever the guest has made of
 * its tables and stacks: it is done with preemption off, maybe interrupts. An ordinary one
 * with all sections needs 250, or, for the guest of a guest, 350. Where the thread loses its
 * CPU the runqueue is locked, and other CPUs may wait for it: frames on a few pages.
 */
#define MAX_READS		1024
#define MAX_READS_PREEMPTED	192

/*
 * An NMI's sample in the midst of this may want more, and get what this one wants: its
 * record is then cut at that, and flagged if it is frames that are missing.
 */
static void add_wants(struct perf_guest_wants *all, const struct perf_guest_wants *more)
{
	if (READ_ONCE(all->max_frames) < more->max_frames)
		WRITE_ONCE(all->max_frames, more->max_frames);
	if (READ_ONCE(all->max_user) < more->max_user)
		WRITE_ONCE(all->max_user, more->max_user);
	if (READ_ONCE(all->user_stack) < more->user_stack)
		WRITE_ONCE(all->user_stack, more->user_stack);
	if (more->stack_words)
		WRITE_ONCE(all->stack_words, true);
}

/*
 * May a sample of the host ask? The epoch is never 0 here, as there is an event.
 */
static bool is_open(const struct kvm_vcpu *vcpu)
{
	return READ_ONCE(vcpu->wants_to_run) &&
	       READ_ONCE(vcpu->guest_callchain.open) == READ_ONCE(perf_guest_callchain_epoch);
}

/**
 * kvm_guest_callchain_is_allowed() - may perf read a guest's stacks and memory?
 * @kvm: whose
 *
 * Return: what the administrator's switches say, KVM's and that of the virtual machine.
 */
bool kvm_guest_callchain_is_allowed(const struct kvm *kvm)
{
	return READ_ONCE(guest_callchain) && !READ_ONCE(kvm->guest_callchain.off);
}

/* perf_guest_callchain_ops::defer; any context, preemption off. */
static u64 kvm_defer_guest_callchain(u64 cookie, bool in_guest,
				     const struct perf_guest_wants *wants)
{
	struct kvm_vcpu *vcpu = kvm_get_running_vcpu();
	struct kvm_guest_callchain *gc;
	s64 before = 0;

	if (!vcpu || !kvm_guest_callchain_is_allowed(vcpu->kvm))
		return 0;

	gc = &vcpu->guest_callchain;
	if (READ_ONCE(gc->serving))
		return 0;
	if (!in_guest && !is_open(vcpu))
		return 0;

	add_wants(&gc->wants, wants);

	local64_inc(&gc->requests);

	/* One cookie for all that ask before it is served; an NMI may be first. */
	return local64_try_cmpxchg(&gc->cookie, &before, cookie) ? cookie : before;
}

static void walk_vcpu(struct perf_guest_chain *chain, void *data)
{
	struct kvm_vcpu *vcpu = data;
	int idx;

	chain->vcpu_id = vcpu->vcpu_id;
	/* left from when the key was on before: by now its mm or MMU notifier may be gone */
	if (!READ_ONCE(vcpu->wants_to_run)) {
		chain->flags |= PERF_GUEST_CALLCHAIN_STALE;
		return;
	}
	chain->reads = chain->flags & PERF_GUEST_CALLCHAIN_PREEMPTED ? MAX_READS_PREEMPTED :
								      MAX_READS;

	idx = srcu_read_lock(&vcpu->kvm->srcu);
	pagefault_disable();
	kvm_arch_guest_callchain(vcpu, chain);
	pagefault_enable();
	srcu_read_unlock(&vcpu->kvm->srcu, idx);

	vcpu->stat.generic.guest_callchain_walks++;
	vcpu->stat.generic.guest_callchain_frames += chain->frames;
	if (chain->flags & PERF_GUEST_CALLCHAIN_SHORT) {
		vcpu->stat.generic.guest_callchain_short++;
		if (chain->flags & PERF_GUEST_CALLCHAIN_UNREADABLE)
			vcpu->stat.generic.guest_callchain_unreadable++;
		if (chain->flags & PERF_GUEST_CALLCHAIN_STALE)
			vcpu->stat.generic.guest_callchain_stale++;
	}
}

/**
 * kvm_serve_guest_callchain() - walk the guest's stack for those who asked
 * @vcpu: loaded on this CPU, with a request pending
 * @preempted: its thread is losing the CPU: do no more than has to be
 *
 * Use kvm_flush_guest_callchain(), kvm_close_guest_callchain() or
 * kvm_preempt_guest_callchain().
 *
 * Context: the vCPU's task, preemption off; interrupts may be off, and the
 * runqueue locked.
 */
void kvm_serve_guest_callchain(struct kvm_vcpu *vcpu, bool preempted)
{
	struct kvm_guest_callchain *gc = &vcpu->guest_callchain;
	u32 flags = preempted ? PERF_GUEST_CALLCHAIN_PREEMPTED : 0;
	unsigned int dropped;

	/*
	 * The order in which an NMI on this CPU sees this: it either adds its
	 * event to the cookie before the walk starts, or gets none.
	 */
	WRITE_ONCE(gc->serving, true);
	barrier();

	dropped = perf_guest_callchain_output(local64_read(&gc->cookie), &gc->wants, flags,
					      walk_vcpu, vcpu);

	vcpu->stat.generic.guest_callchain_dropped += dropped;
	vcpu->stat.generic.guest_callchain_requests = local64_read(&gc->requests);

	gc->wants = (struct perf_guest_wants) { .max_frames = 0 };
	local64_set(&gc->cookie, 0);
	barrier();
	WRITE_ONCE(gc->serving, false);
}
EXPORT_SYMBOL_GPL(kvm_serve_guest_callchain);

/* perf_guest_callchain_ops::flush; interrupts off, runqueue locked. */
static void kvm_flush_running_vcpu(void)
{
	struct kvm_vcpu *vcpu = kvm_get_running_vcpu();

	if (vcpu)
		kvm_preempt_guest_callchain(vcpu);
}

static const struct perf_guest_callchain_ops kvm_guest_callchain_ops = {
	.defer	= kvm_defer_guest_callchain,
	.flush	= kvm_flush_running_vcpu,
};

void kvm_register_guest_callchain(void)
{
	perf_register_guest_callchain(&kvm_guest_callchain_ops);
}

void kvm_unregister_guest_callchain(void)
{
	perf_unregister_guest_callchain();
}

/**
 * kvm_create_guest_callchain_debugfs() - the administrator's switch of one virtual machine,
 * and where its memory is
 * @kvm: that has a directory in debugfs
 */
void kvm_create_guest_callchain_debugfs(struct kvm *kvm)
{
	debugfs_create_bool("guest_callchain_off", 0644, kvm->debugfs_dentry,
			    &kvm->guest_callchain.off);
	kvm_create_guest_callchain_slots(kvm);
}
