// SPDX-License-Identifier: GPL-2.0
/*
 * guestlate.ko: a module that is loaded when a recording runs already. Its thread works
 * for as long as it is there: late_thread, late_outer, late_leaf.
 */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>

static struct task_struct *late_task;
static u32 late_state = 1;

static noinline void late_leaf(void)
{
	u32 x = READ_ONCE(late_state), i;

	/* gcc leaves out the frame of a leaf function that has nothing on its stack */
	asm volatile("" :: "r" (__builtin_frame_address(0)));
	for (i = 0; i < 20000; i++)
		x = x * 5 + i;
	WRITE_ONCE(late_state, x | 1);
}

static noinline void late_outer(void)
{
	late_leaf();
	barrier();
}

static int late_thread(void *unused)
{
	while (!kthread_should_stop()) {
		late_outer();
		cond_resched();
	}
	return 0;
}

static int __init late_init(void)
{
	late_task = kthread_run(late_thread, NULL, "late");
	return PTR_ERR_OR_ZERO(late_task);
}

static void __exit late_exit(void)
{
	kthread_stop(late_task);
}

module_init(late_init);
module_exit(late_exit);

MODULE_DESCRIPTION("Work of a module that comes late, for the lab's guest");
MODULE_LICENSE("GPL");
