// SPDX-License-Identifier: GPL-2.0
/*
 * Guest callchains for a kernel without our patches.
 *
 * When perf samples a guest it asks KVM for the guest's instruction pointer, once for each
 * event, in the NMI or interrupt of the sample. KVM has a function of its own for that,
 * kvm_arch_vcpu_get_ip(), whose argument is the vCPU: ftrace stops there (sample_taken()).
 * It only takes a note. The walk is in an irq_work: an interrupt that this CPU sends itself,
 * and takes as soon as interrupts are on. That is in vcpu_enter_guest(), which turns them on
 * right after an exit to get those of the host handled:
 *
 *	exit, interrupts off        local_irq_enable()          exit handled
 *	---------------------       ---------------------       ------------
 *	NMI of the sample: note     interrupt of the sample,
 *	                            or before: note
 *	                            irq_work: walk, output
 *
 * The guest has not run in between and KVM has not touched it, so its stack and registers
 * are those of the sample. In the NMI itself SRCU is not to be taken, nor a page to be
 * given back; and what an NMI may take is little.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/perf_event.h>
#include <linux/sched.h>

#include "compat.h"
#include "layout.h"
#include "memory.h"
#include "vcpu.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

#define ATTACH_TO	"kvm_arch_vcpu_get_ip"

/* What a walk may read, whatever the guest has made of its tables: guest_may_read(). */
#define MAX_READS	1024

/*
 * Walks of one exit. To perf all that happens until KVM handles the exit is in the guest: an
 * event in the irq_work's own interrupt, behind the walk, would ask for the next one, and that
 * for another, for ever. A timer that comes again before the exit is handled asks, too: on a
 * host that is emulated, or whose own time is taken away, several times.
 */
#define MAX_WALKS	16

/**
 * struct pending - a CPU's sample whose chain is to be walked, and the memory for that
 * @work:    walk_sampled(), on this CPU
 * @samples: that wait for it. They are all of one exit: @work runs before the next
 * @vcpu:    that was sampled. It may only be followed if runs_here()
 * @task:    its thread
 * @vcpu_id: its number
 * @exits:   kvm_vcpu_stat::exits at the sample
 * @walks:   of that exit so far
 * @output:  the chain is being put out, which perf makes a sample of, too
 * @ip:      where the guest was
 * @sp:      its stack pointer
 * @chain:   what is put out
 * @walk:    too large for the stack of an interrupt
 * @memory:  of the walk
 *
 * Written at the sample, NMI or interrupt, and read by @work. An NMI in between is of the
 * same exit and writes what is there already, but in @samples, which is counted last and
 * taken first: what comes after that is another walk.
 */
struct pending {
	struct irq_work work;
	local_t samples;
	struct kvm_vcpu *vcpu;
	struct task_struct *task;
	u32 vcpu_id;
	u64 exits;
	unsigned int walks;
	bool output;
	unsigned long ip, sp;
	struct guest_chain chain;
	struct guest_walk walk;
	struct guest_memory memory;
};

static struct pending __percpu *pending;

/*
 * Is the vCPU where it was at the sample? It is, unless the irq_work's interrupt was late.
 * kvm_vcpu_stat::exits is counted while interrupts are on.
 *
 * What runs here cannot go away: this interrupts its thread, in KVM_RUN.
 */
static bool is_at_sample(const struct pending *p, const struct kvm_vcpu *vcpu)
{
	return runs_here(vcpu, p->task) &&
	       READ_ONCE(vcpu->arch.handling_intr_from_guest) &&
	       vcpu->stat.exits - p->exits <= 1 &&
	       vcpu_ip(vcpu) == p->ip &&
	       vcpu->arch.regs[VCPU_REGS_RSP] == p->sp;
}

static void walk_stack(struct pending *p, struct kvm_vcpu *vcpu)
{
	struct guest_chain *chain = &p->chain;
	struct guest_walk *walk = &p->walk;
	struct vcpu_state state;

	vcpu_get_state(vcpu, &state);
	guest_walk_begin(walk);
	walk->ctx = &p->memory;
	walk->paging = &state.paging;
	walk->ips = chain->ips;
	walk->max = GUEST_CHAIN_WORDS;
	walk->max_frames = GUEST_CHAIN_FRAMES;
	walk->max_user = 0;
	walk->reads = MAX_READS;

	guest_memory_begin(&p->memory, vcpu);
	guest_unwind(walk, &state.regs);
	guest_walk_end(walk);
	guest_memory_end(&p->memory);

	chain->root = guest_address_space(&state.paging);
	chain->flags = walk->flags;
	chain->nr = walk->nr;
}

/* Of a guest's guest there is the address alone: its tables are behind other ones. */
static void nested_chain(const struct pending *p, struct kvm_vcpu *vcpu,
			 struct guest_chain *chain)
{
	struct vcpu_state state;

	vcpu_get_state(vcpu, &state);
	chain->flags = PERF_GUEST_CALLCHAIN_NESTED | PERF_GUEST_CALLCHAIN_NO_WALK;
	chain->ips[0] = state.regs.cpl == 3 ? PERF_CONTEXT_GUEST_USER : PERF_CONTEXT_GUEST_KERNEL;
	/* no guest writes marks */
	chain->ips[1] = min_t(u64, p->ip, (u64)PERF_CONTEXT_MAX - 1);
	chain->nr = 2;
}

static void make_chain(struct pending *p)
{
	/* once: an NMI's sample may write another one */
	struct kvm_vcpu *vcpu = READ_ONCE(p->vcpu);
	struct guest_chain *chain = &p->chain;
	int idx;

	chain->root = 0;
	chain->nr = 0;
	if (!is_at_sample(p, vcpu) || current->mm != vcpu->kvm->mm) {
		chain->flags = PERF_GUEST_CALLCHAIN_STALE;
		return;
	}
	/* SEV-ES and later: what KVM has is not the guest's state */
	if (vcpu->arch.guest_state_protected) {
		chain->flags = PERF_GUEST_CALLCHAIN_PROTECTED;
		return;
	}
	if (vcpu_is_nested(vcpu)) {
		nested_chain(p, vcpu, chain);
		return;
	}
	idx = srcu_read_lock(&vcpu->kvm->srcu);
	walk_stack(p, vcpu);
	srcu_read_unlock(&vcpu->kvm->srcu, idx);
}

/* Context: interrupt. */
static void walk_sampled(struct irq_work *work)
{
	struct pending *p = container_of(work, struct pending, work);

	/* orders what is read after it, too: an NMI sees all of this or none */
	p->chain.samples = local_xchg(&p->samples, 0);
	if (!p->chain.samples)
		return;

	p->chain.vmm = current->tgid;
	p->chain.vcpu = p->vcpu_id;
	p->chain.ip = p->ip;
	make_chain(p);
	p->walks++;
	WRITE_ONCE(p->output, true);
	barrier();
	trace_guest_callchain(&p->chain);
	barrier();
	WRITE_ONCE(p->output, false);
}

/*
 * perf is taking a sample of the guest. Context: NMI or interrupt, of the vCPU's thread,
 * between an exit and KVM's handling of that.
 */
static void notrace sample_taken(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)first_argument(fregs);
	struct pending *p;

	if (!trace_guest_callchain_enabled())
		return;

	p = this_cpu_ptr(pending);
	if (READ_ONCE(p->output) && !in_nmi())
		return;
	if (p->vcpu != vcpu || p->exits != vcpu->stat.exits)
		p->walks = 0;
	else if (p->walks >= MAX_WALKS)
		return;
	p->vcpu = vcpu;
	p->task = current;
	p->vcpu_id = vcpu->vcpu_id;
	p->exits = vcpu->stat.exits;
	p->ip = vcpu_ip(vcpu);
	p->sp = vcpu->arch.regs[VCPU_REGS_RSP];
	barrier();
	local_inc(&p->samples);
	irq_work_queue(&p->work);
}

/*
 * PERMANENT: ftrace does not let kernel.ftrace_enabled turn this off, nor be registered
 * while it is.
 */
static struct ftrace_ops sample_ops = {
	.func	= sample_taken,
	.flags	= FTRACE_OPS_FL_PERMANENT,
};

static int attach(void)
{
	int error = ftrace_set_filter(&sample_ops, ATTACH_TO, strlen(ATTACH_TO), 1);

	if (error) {
		pr_err("ftrace cannot stop at %s() (%d): this module does not know this kernel's KVM\n",
		       ATTACH_TO, error);
		return error;
	}
	error = register_ftrace_function(&sample_ops);
	if (error == -EBUSY)
		pr_err("ftrace is off: sysctl kernel.ftrace_enabled=1\n");
	else if (error)
		pr_err("ftrace refuses to stop at %s() (%d)\n", ATTACH_TO, error);
	if (error)
		ftrace_free_filter(&sample_ops);
	return error;
}

static int __init kvm_callchain_init(void)
{
	int cpu, error;

	if (!boot_cpu_has(X86_FEATURE_SVM)) {
		pr_err("this is for AMD's SVM alone; on Intel the patched kernel is needed\n");
		return -ENODEV;
	}
	error = check_layout();
	if (error)
		return error;

	pending = alloc_percpu(struct pending);
	if (!pending)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		per_cpu_ptr(pending, cpu)->work = IRQ_WORK_INIT_HARD(walk_sampled);

	error = attach();
	if (error)
		free_percpu(pending);
	return error;
}

/*
 * When ftrace has let go of it no CPU is in sample_taken() any more. What that has queued
 * is waited for.
 */
static void __exit kvm_callchain_exit(void)
{
	int cpu;

	unregister_ftrace_function(&sample_ops);
	ftrace_free_filter(&sample_ops);
	for_each_possible_cpu(cpu)
		irq_work_sync(&per_cpu_ptr(pending, cpu)->work);
	free_percpu(pending);
}

module_init(kvm_callchain_init);
module_exit(kvm_callchain_exit);
MODULE_DESCRIPTION("Call stacks of KVM guests for perf, as a tracepoint");
MODULE_LICENSE("GPL");
