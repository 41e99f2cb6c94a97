// SPDX-License-Identifier: GPL-2.0
/*
 * Callchains of KVM guests.
 *
 * A guest's stack cannot be read where a sample is taken: that is NMI context
 * as often as not, and guest memory may need a fault. The sample gets a cookie
 * instead, and the hypervisor, on its way through the exit that the sample's
 * interrupt caused, walks the stack once and hands the result to every event
 * that took the cookie, as PERF_RECORD_GUEST_CALLCHAIN.
 *
 * Lifetime: nothing here holds an event between the sample and the record. The
 * cookie is kept in the event, and the record goes to those events of the CPU
 * and of the current task that have it, found under RCU as for any side-band
 * record. An event that has gone by then needs no record.
 *
 * Ordering: sample and record are written on the same CPU, to the same buffer,
 * by the same task, and an event's cookie is only written by its own overflow,
 * which happens there too, as an event of another task gets none. No barriers are
 * needed beyond the compiler's.
 */
#include <linux/bpf.h>
#include <linux/percpu.h>
#include <linux/perf_event.h>
#include <linux/perf_guest_callchain.h>
#include <linux/sched/clock.h>
#include <linux/static_call.h>
#include <linux/workqueue.h>
#include <asm/local64.h>

#include "internal.h"

static u64 no_defer(u64 cookie, bool in_guest, const struct perf_guest_wants *wants)
{
	return 0;
}

static void no_flush(void)
{
}

DEFINE_STATIC_CALL(perf_guest_defer, no_defer);
DEFINE_STATIC_CALL(perf_guest_flush, no_flush);

/**
 * perf_register_guest_callchain() - offer guest callchains to perf
 * @ops: the hypervisor's functions
 *
 * For the one hypervisor that has registered perf_guest_info_callbacks.
 * Context: may sleep.
 */
void perf_register_guest_callchain(const struct perf_guest_callchain_ops *ops)
{
	static_call_update(perf_guest_defer, ops->defer);
	static_call_update(perf_guest_flush, ops->flush);
}
EXPORT_SYMBOL_GPL(perf_register_guest_callchain);

/**
 * perf_unregister_guest_callchain() - take the offer back
 *
 * No function of the hypervisor is running or will be called on return.
 * Context: may sleep.
 */
void perf_unregister_guest_callchain(void)
{
	static_call_update(perf_guest_defer, no_defer);
	static_call_update(perf_guest_flush, no_flush);
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(perf_unregister_guest_callchain);

/* What perf_guest_callchain_sched_out() does while there are events; runqueue locked. */
void __perf_guest_callchain_sched_out(void)
{
	static_call(perf_guest_flush)();
}

/*
 * A host sample asks for the guest's chain as well, if it finds itself in a
 * vCPU thread, unless the user wants to see nothing of the host, or nothing of guests.
 * A tracepoint is in the host by nature: there the guest's chain is what was asked for.
 */
static bool wants_guest(const struct perf_event *event, bool in_guest)
{
	const struct perf_event_attr *attr = &event->attr;

	if (attr->type == PERF_TYPE_TRACEPOINT)
		return true;
	return !attr->exclude_guest && (in_guest || !attr->exclude_host);
}

static bool wants_kernel(const struct perf_event *event)
{
	return !event->attr.exclude_kernel && !event->attr.exclude_callchain_kernel;
}

/* They are of the guest's kernel, and as privileged as its frames. */
static bool wants_stack_words(const struct perf_event *event)
{
	return event->attr.guest_stack_words && wants_kernel(event);
}

/* Bytes of the guest's user stack. */
static u16 wants_user_stack(const struct perf_event *event)
{
	if (!(event->attr.sample_type & PERF_SAMPLE_STACK_USER) ||
	    event->attr.exclude_callchain_user)
		return 0;
	return min_t(u32, event->attr.sample_stack_user, PERF_GUEST_USER_STACK_MAX);
}

unsigned int perf_guest_callchain_epoch;
EXPORT_SYMBOL_GPL(perf_guest_callchain_epoch);

DEFINE_STATIC_KEY_FALSE(perf_guest_callchain_key);
EXPORT_SYMBOL_GPL(perf_guest_callchain_key);

/* Protects what is there because of events, and that their number becomes one. */
static DEFINE_MUTEX(events_mutex);
static atomic_t nr_events;

/*
 * Where a record's sections are put together: PERF_GUEST_SECTIONS_MAX bytes for each
 * CPU, from the first event that wants any. Only one walk at a time uses a CPU's: it is
 * done by a task with preemption off, and not by interrupts.
 */
static u64 __percpu *sections;

static int alloc_sections(void)
{
	u64 __percpu *new;

	if (sections)
		return 0;
	new = __alloc_percpu(PERF_GUEST_SECTIONS_MAX, sizeof(u64));
	if (!new)
		return -ENOMEM;
	WRITE_ONCE(sections, new);
	return 0;
}

static void free_sections(void)
{
	u64 __percpu *old = sections;

	WRITE_ONCE(sections, NULL);
	synchronize_rcu();
	free_percpu(old);
}

/*
 * Not before all of the kernel runs the code that maintains a vCPU's state does a new
 * epoch begin: state from before it was maintained in part, or not at all.
 */
static void switch_on(void)
{
	static_branch_enable(&perf_guest_callchain_key);
	WRITE_ONCE(perf_guest_callchain_epoch, perf_guest_callchain_epoch + 1);
}

static void switch_off(struct work_struct *work)
{
	mutex_lock(&events_mutex);
	if (!atomic_read(&nr_events)) {
		static_branch_disable(&perf_guest_callchain_key);
		free_sections();
	}
	mutex_unlock(&events_mutex);
}

/* Programs that open and close events in turns need not patch the kernel each time. */
static DECLARE_DELAYED_WORK(switch_off_work, switch_off);

/**
 * perf_guest_callchain_get() - a new event may want guests' callchains
 * @event: not yet to be found by others
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM.
 */
int perf_guest_callchain_get(const struct perf_event *event)
{
	int err = 0;

	/* those that are inherited go before their parent does */
	if (!event->attr.guest_callchain || event->parent)
		return 0;

	mutex_lock(&events_mutex);
	if (wants_stack_words(event) || wants_user_stack(event))
		err = alloc_sections();
	if (err)
		goto out;
	if (!static_key_enabled(&perf_guest_callchain_key))
		switch_on();
	atomic_inc(&nr_events);
out:
	mutex_unlock(&events_mutex);
	return err;
}

/**
 * perf_guest_callchain_put() - an event goes
 * @event: perf_guest_callchain_get() has returned 0 for it; has no parent
 *
 * Context: any but NMI.
 */
void perf_guest_callchain_put(const struct perf_event *event)
{
	if (event->attr.guest_callchain && atomic_dec_and_test(&nr_events))
		mod_delayed_work(system_wq, &switch_off_work, HZ);
}

/* Unique on the host: the CPU above, a count below. */
#define COOKIE_CPU_SHIFT	48

static DEFINE_PER_CPU(local64_t, cookies);

static u64 new_cookie(void)
{
	u64 count = local64_inc_return(this_cpu_ptr(&cookies));

	return ((u64)smp_processor_id() << COOKIE_CPU_SHIFT) |
	       (count & GENMASK_ULL(COOKIE_CPU_SHIFT - 1, 0));
}

/* Of samples that no entry could be had for: it has room for nothing. */
static struct perf_callchain_entry no_entry;

static struct perf_callchain_entry *empty_entry(void)
{
	struct perf_callchain_entry *entry;
	int rctx;

	entry = get_callchain_entry(&rctx);
	if (entry) {
		entry->nr = 0;
		put_callchain_entry(rctx);
	}
	return entry;
}

/* Two words of the entry are needed; the sysctls may leave no room for them. */
static bool has_room(const struct perf_callchain_entry *entry)
{
	return entry != &no_entry &&
	       entry->nr + 2 <= sysctl_perf_event_max_stack +
				sysctl_perf_event_max_contexts_per_stack;
}

/* A task that this one wakes has no part in this one's guest, nor gets its record. */
static bool is_crosstask(const struct perf_event *event)
{
	return event->ctx->task && event->ctx->task != current;
}

/* Does a program decide whether there will be a sample at all? */
static bool has_overflow_program(const struct perf_event *event)
{
	const struct bpf_prog *prog = READ_ONCE(event->prog);

	return prog && prog->type == BPF_PROG_TYPE_PERF_EVENT;
}

/* If there is a guest, its chain will follow in a record: leave its cookie in @entry. */
static void defer_guest(struct perf_event *event, struct perf_callchain_entry *entry)
{
	const u16 max_stack = event->attr.sample_max_stack;
	const struct perf_guest_wants wants = {
		.max_frames = wants_kernel(event) ? max_stack : 0,
		.max_user = wants_kernel(event) || event->attr.exclude_callchain_user ?
			    0 : max_stack,
		.user_stack = wants_user_stack(event),
		.stack_words = wants_stack_words(event),
	};
	bool in_guest = perf_guest_state();
	u64 cookie;

	if (!has_room(entry) || is_crosstask(event) || !wants_guest(event, in_guest))
		return;

	cookie = static_call(perf_guest_defer)(new_cookie(), in_guest, &wants);
	if (!cookie)
		return;
	event->guest_cookie = cookie;
	entry->ip[entry->nr++] = PERF_CONTEXT_GUEST_DEFERRED;
	entry->ip[entry->nr++] = cookie;
}

/**
 * perf_guest_callchain() - callchain of a sample of an event that wants guests'
 * @event:	event with attr.guest_callchain
 * @regs:	host registers at the sample
 * @kernel:	host kernel frames are wanted
 * @user:	host user frames are wanted
 *
 * The host's frames, none if the guest was interrupted, followed by
 * PERF_CONTEXT_GUEST_DEFERRED and a cookie if a guest's chain will follow. Where a program
 * has yet to accept the sample, perf_guest_callchain_accepted() adds these.
 *
 * Context: any, NMI too; preemption off.
 * Return: a per-CPU entry, valid until the next sample in the same context
 * level, or one that stays empty if there is none to be had.
 */
struct perf_callchain_entry *
perf_guest_callchain(struct perf_event *event, struct pt_regs *regs, bool kernel, bool user)
{
	bool in_host = !perf_guest_state() || event->attr.type == PERF_TYPE_TRACEPOINT;
	struct perf_callchain_entry *entry;

	if (in_host && (kernel || user))
		entry = get_perf_callchain(regs, kernel, user, event->attr.sample_max_stack,
					   is_crosstask(event), true);
	else
		entry = empty_entry();
	if (!entry)
		return &no_entry;

	if (!has_overflow_program(event))
		defer_guest(event, entry);
	return entry;
}

/**
 * perf_guest_callchain_accepted() - an event's program has let a sample pass
 * @event: of the sample
 * @data:  the sample; it is about to be written
 *
 * The program saw no cookie, which is no address. One it dropped asks for nothing.
 *
 * Context: that of the sample, after perf_guest_callchain() for it.
 */
void perf_guest_callchain_accepted(struct perf_event *event, struct perf_sample_data *data)
{
	struct perf_callchain_entry *entry = data->callchain;
	u64 nr;

	if (!event->attr.guest_callchain || !(data->sample_flags & PERF_SAMPLE_CALLCHAIN))
		return;
	/* one that was taken while there was no program has it */
	nr = entry->nr;
	if (nr >= 2 && entry->ip[nr - 2] == PERF_CONTEXT_GUEST_DEFERRED)
		return;
	/* a sample's size is 16 bits wide */
	if (perf_sample_data_size(data, event) > U16_MAX - 2 * sizeof(u64))
		return;

	defer_guest(event, entry);
	data->dyn_size += (entry->nr - nr) * sizeof(u64);
}

/**
 * perf_guest_regs_user() - whose user registers and stack are in a sample?
 * @event:     of the sample
 * @regs_user: of the current task; taken back where the guest's will be in the record
 *
 * Those of a VMM's thread that runs the guest say nothing, and take longer to copy
 * than all the rest of the sample.
 *
 * Context: any, NMI too.
 */
void perf_guest_regs_user(const struct perf_event *event, struct perf_regs *regs_user)
{
	if (event->attr.guest_callchain && perf_guest_state() && wants_guest(event, true)) {
		regs_user->abi = PERF_SAMPLE_REGS_ABI_NONE;
		regs_user->regs = NULL;
	}
}

/* Records of a cookie that differ, remembered to write each once. */
#define MAX_WRITTEN	8

struct guest_output {
	u64 cookie;
	const struct perf_guest_chain *chain;
	unsigned int dropped;
	unsigned int nr_written;
	struct {
		const struct perf_event *event;
		const struct perf_buffer *rb;
	} written[MAX_WRITTEN];
};

/*
 * Cut [*ips, *nr) of the chain to what @event may see and wants: its excludes
 * hold for the guest's kernel and user part as they do for the host's. A guest
 * kernel frame is as privileged as a guest kernel sample.
 */
static u32 chain_for_event(const struct perf_event *event,
			   const struct perf_guest_chain *chain,
			   const u64 **ips, u64 *nr)
{
	const struct perf_event_attr *attr = &event->attr;
	const bool cut = chain->kernel_cut && wants_kernel(event);
	u32 flags = chain->flags, frames = 0, user = 0, i, end;

	/* what follows in @chain is not what follows there */
	if (unlikely(cut))
		flags |= PERF_GUEST_CALLCHAIN_MAX_STACK;

	if (likely(!cut && wants_kernel(event) && !attr->exclude_callchain_user &&
		   chain->frames <= attr->sample_max_stack)) {
		*ips = chain->ips;
		*nr = chain->nr;
		return flags;
	}

	while (user < chain->nr && chain->ips[user] != PERF_CONTEXT_GUEST_USER)
		user++;

	i = wants_kernel(event) ? 0 : user;
	end = attr->exclude_callchain_user || cut ? user : chain->nr;
	*ips = chain->ips + i;

	for (; i < end; i++) {
		if (chain->ips[i] >= PERF_CONTEXT_MAX)
			continue;
		if (frames == attr->sample_max_stack) {
			flags |= PERF_GUEST_CALLCHAIN_MAX_STACK;
			break;
		}
		frames++;
	}
	*nr = chain->ips + i - *ips;
	return flags;
}

/* Those of the sections that @event may see and wants; the kernel's come first. */
static const u64 *sections_for_event(const struct perf_event *event,
				     const struct perf_guest_chain *chain, u64 *size)
{
	u32 kernel = wants_stack_words(event) ? chain->kernel_size : 0;
	u32 user = wants_user_stack(event) ? chain->user_size : 0;

	*size = kernel + user;
	return chain->sections + (kernel ? 0 : chain->kernel_size / sizeof(u64));
}

static bool output_record(struct perf_event *event, struct guest_output *out)
{
	const struct perf_guest_chain *chain = out->chain;
	/* large, and filled in as far as they are used */
	struct perf_output_handle handle __uninitialized;
	struct perf_sample_data sample __uninitialized;
	const u64 *ips, *sections;
	u64 sections_size, size;
	struct {
		struct perf_event_header header;
		u64 cookie;
		u32 vcpu_id;
		u32 flags;
		u64 root;
		u64 nr;
	} rec = {
		.cookie = out->cookie,
		.vcpu_id = chain->vcpu_id,
		.root = chain->root,
	};

	rec.flags = chain_for_event(event, chain, &ips, &rec.nr);
	size = sizeof(rec) + rec.nr * sizeof(u64);
	sections = sections_for_event(event, chain, &sections_size);
	if (sections_size) {
		rec.flags |= PERF_GUEST_CALLCHAIN_SECTIONS;
		size += sizeof(sections_size) + sections_size;
	}
	perf_event_header__init(&rec.header, &sample,
				PERF_RECORD_GUEST_CALLCHAIN,
				chain->user ? PERF_RECORD_MISC_GUEST_USER :
					      PERF_RECORD_MISC_GUEST_KERNEL,
				size, event);

	if (perf_output_begin(&handle, &sample, event, rec.header.size))
		return false;
	perf_output_put(&handle, rec);
	__output_copy(&handle, ips, rec.nr * sizeof(u64));
	if (sections_size) {
		perf_output_put(&handle, sections_size);
		__output_copy(&handle, sections, sections_size);
	}
	perf_event__output_id_sample(event, &handle, &sample);
	perf_output_end(&handle);
	return true;
}

/* Would the record of one be the same, but for the event it names, as that of the other? */
static bool same_record(const struct perf_event *a, const struct perf_event *b)
{
	return a->attr.exclude_kernel == b->attr.exclude_kernel &&
	       a->attr.exclude_callchain_kernel == b->attr.exclude_callchain_kernel &&
	       a->attr.exclude_callchain_user == b->attr.exclude_callchain_user &&
	       a->attr.sample_max_stack == b->attr.sample_max_stack &&
	       a->attr.guest_stack_words == b->attr.guest_stack_words &&
	       wants_user_stack(a) == wants_user_stack(b);
}

static bool is_written(const struct perf_event *event, const struct perf_buffer *rb,
		       const struct guest_output *out)
{
	unsigned int i;

	for (i = 0; i < out->nr_written; i++) {
		if (rb == out->written[i].rb && same_record(event, out->written[i].event))
			return true;
	}
	return false;
}

static void output_to_event(struct perf_event *event, void *data)
{
	struct guest_output *out = data;
	const struct perf_buffer *rb;

	if (event->guest_cookie != out->cookie)
		return;
	event->guest_cookie = 0;

	/* where perf_output_begin() writes */
	rb = READ_ONCE((event->parent ?: event)->rb);
	if (is_written(event, rb, out))
		return;
	if (!output_record(event, out)) {
		out->dropped++;
		return;
	}
	if (out->nr_written < MAX_WRITTEN) {
		out->written[out->nr_written].event = event;
		out->written[out->nr_written].rb = rb;
		out->nr_written++;
	}
}

/* The record's size is 16 bits wide; max_stack is a sysctl without a limit. */
#define MAX_WORDS	((U16_MAX - 512 - PERF_GUEST_SECTIONS_MAX) / sizeof(u64))

/**
 * perf_guest_callchain_output() - write the records a cookie stands for
 * @cookie:	as returned by perf_guest_callchain_ops::defer
 * @wants:	the most that anybody asked for with it
 * @flags:	PERF_GUEST_CALLCHAIN_PREEMPTED, or 0
 * @walk:	fills in a chain
 * @data:	for @walk
 *
 * Calls @walk once and writes a record for every event that has the cookie; events with
 * the same buffer and the same wants share one. The time that takes counts as that of a
 * sample: perf_cpu_time_max_percent limits both.
 *
 * Context: the task and CPU the cookie was given out on, preemption off,
 * not NMI, not hardirq.
 * Return: how many records had to be dropped; each is in PERF_RECORD_LOST too.
 */
unsigned int
perf_guest_callchain_output(u64 cookie, const struct perf_guest_wants *wants, u32 flags,
			    void (*walk)(struct perf_guest_chain *chain, void *data),
			    void *data)
{
	bool has_sections = !(flags & PERF_GUEST_CALLCHAIN_PREEMPTED);
	struct perf_guest_chain chain = {
		.flags = flags,
		.max_frames = wants->max_frames,
		.max_user = wants->max_user,
		.user_stack = has_sections ? wants->user_stack : 0,
		.stack_words = has_sections && wants->stack_words,
	};
	struct guest_output out = { .cookie = cookie, .chain = &chain };
	struct perf_callchain_entry *entry;
	u64 start = local_clock();
	u64 __percpu *room;
	int rctx;

	/* protects the callchain buffers, the sections, and the events */
	rcu_read_lock();
	room = READ_ONCE(sections);
	if (room && (chain.stack_words || chain.user_stack))
		chain.sections = this_cpu_ptr(room);
	entry = get_callchain_entry(&rctx);
	if (entry) {
		chain.ips = entry->ip;
		chain.max = min_t(u32, MAX_WORDS, sysctl_perf_event_max_stack +
				  sysctl_perf_event_max_contexts_per_stack);
		walk(&chain, data);
		perf_iterate_current(output_to_event, &out);
		put_callchain_entry(rctx);
	} else {
		out.dropped++;
	}
	rcu_read_unlock();

	perf_sample_event_took(local_clock() - start);
	return out.dropped;
}
EXPORT_SYMBOL_GPL(perf_guest_callchain_output);
