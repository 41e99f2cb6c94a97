// SPDX-License-Identifier: GPL-2.0
/*
 * labnmi: a PMU whose samples are NMIs, for machines that have none.
 *
 * A real PMU's counter overflows and the CPU gets an NMI, in a guest as anywhere. Here a
 * timer on one CPU sends it to the next one, if that has an event of this PMU. From there
 * on all is as with a PMU: the handler makes the sample with the registers of the NMI.
 */
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/perf_event.h>
#include <asm/apic.h>
#include <asm/nmi.h>

static unsigned int rate = 500;
module_param(rate, uint, 0444);
MODULE_PARM_DESC(rate, "NMIs a second on each CPU that has an event");

typedef int (overflow_fn)(struct perf_event *event, struct perf_sample_data *data,
			  struct pt_regs *regs);

/* perf_event_overflow(), which is not there for modules */
static overflow_fn *overflow;

static DEFINE_PER_CPU(struct perf_event *, active);
static DEFINE_PER_CPU(bool, sent);
static DEFINE_PER_CPU(struct hrtimer, timer);

static int on_nmi(unsigned int type, struct pt_regs *regs)
{
	struct perf_event *event = this_cpu_read(active);
	struct perf_sample_data data;

	if (!this_cpu_xchg(sent, false))
		return NMI_DONE;
	if (!event)
		return NMI_HANDLED;

	local64_inc(&event->count);
	perf_sample_data_init(&data, 0, event->hw.last_period);
	if (overflow(event, &data, regs))
		this_cpu_write(active, NULL);
	return NMI_HANDLED;
}

static enum hrtimer_restart on_timer(struct hrtimer *t)
{
	unsigned int cpu = cpumask_next(smp_processor_id(), cpu_online_mask);

	if (cpu >= nr_cpu_ids)
		cpu = cpumask_first(cpu_online_mask);
	if (READ_ONCE(per_cpu(active, cpu))) {
		per_cpu(sent, cpu) = true;
		apic->send_IPI(cpu, NMI_VECTOR);
	}
	hrtimer_forward_now(t, ns_to_ktime(NSEC_PER_SEC / rate));
	return HRTIMER_RESTART;
}

static void start_timer(void *unused)
{
	struct hrtimer *t = this_cpu_ptr(&timer);

	hrtimer_init(t, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	t->function = on_timer;
	hrtimer_start(t, ns_to_ktime(NSEC_PER_SEC / rate), HRTIMER_MODE_REL_PINNED_HARD);
}

static int event_init(struct perf_event *event)
{
	if (event->attr.type != event->pmu->type)
		return -ENOENT;
	return is_sampling_event(event) ? 0 : -EINVAL;
}

static void event_start(struct perf_event *event, int flags)
{
	event->hw.last_period = event->hw.sample_period;
	this_cpu_write(active, event);
}

static void event_stop(struct perf_event *event, int flags)
{
	if (this_cpu_read(active) == event)
		this_cpu_write(active, NULL);
}

/* One at a time, as with a counter that there is one of. */
static int event_add(struct perf_event *event, int flags)
{
	if (this_cpu_read(active))
		return -EAGAIN;
	if (flags & PERF_EF_START)
		event_start(event, 0);
	return 0;
}

static void event_del(struct perf_event *event, int flags)
{
	event_stop(event, 0);
}

static void event_read(struct perf_event *event)
{
}

static struct pmu labnmi_pmu = {
	.module		= THIS_MODULE,
	.task_ctx_nr	= perf_sw_context,
	.event_init	= event_init,
	.add		= event_add,
	.del		= event_del,
	.start		= event_start,
	.stop		= event_stop,
	.read		= event_read,
};

static int __init find_overflow(void)
{
	struct kprobe probe = { .symbol_name = "perf_event_overflow" };
	int err = register_kprobe(&probe);

	if (err)
		return err;
	overflow = (overflow_fn *)probe.addr;
	unregister_kprobe(&probe);
	return 0;
}

static int __init labnmi_init(void)
{
	int err = -EINVAL;

	if (rate && rate <= 10000)
		err = find_overflow();
	if (err)
		return err;
	err = register_nmi_handler(NMI_LOCAL, on_nmi, 0, "labnmi");
	if (err)
		return err;
	err = perf_pmu_register(&labnmi_pmu, "labnmi", -1);
	if (err) {
		unregister_nmi_handler(NMI_LOCAL, "labnmi");
		return err;
	}
	on_each_cpu(start_timer, NULL, true);
	return 0;
}

static void __exit labnmi_exit(void)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		hrtimer_cancel(per_cpu_ptr(&timer, cpu));
	perf_pmu_unregister(&labnmi_pmu);
	unregister_nmi_handler(NMI_LOCAL, "labnmi");
}

module_init(labnmi_init);
module_exit(labnmi_exit);
MODULE_DESCRIPTION("A PMU whose samples are NMIs");
MODULE_LICENSE("GPL");
