// SPDX-License-Identifier: GPL-2.0
/*
 * guestwork.ko: work in a loadable module of the guest, at the end of a call
 * path known by construction:
 *
 *	read():		gw_read, gw_read_outer, gw_read_inner, gw_leaf_mix
 *	ioctl():	gw_ioctl, gw_ioctl_outer, gw_ioctl_middle, gw_ioctl_inner,
 *			gw_leaf_sum
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

static u32 gw_state = 1;

/* Keeps the call above it from becoming a jump, which leaves no frame. */
#define after_call() barrier()
/* gcc leaves out the frame of a leaf function that has nothing on its stack. */
#define own_frame() asm volatile("" :: "r" (__builtin_frame_address(0)))

static noinline void gw_leaf_mix(void)
{
	u32 x = READ_ONCE(gw_state), i;

	own_frame();
	for (i = 0; i < 15000; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
	}
	WRITE_ONCE(gw_state, x);
}

static noinline void gw_read_inner(void)
{
	gw_leaf_mix();
	after_call();
}

static noinline void gw_read_outer(void)
{
	gw_read_inner();
	after_call();
}

static ssize_t gw_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	gw_read_outer();
	return len;
}

static noinline void gw_leaf_sum(void)
{
	u32 x = READ_ONCE(gw_state), i;

	own_frame();
	for (i = 0; i < 20000; i++)
		x = x * 5 + i;
	WRITE_ONCE(gw_state, x | 1);
}

static noinline void gw_ioctl_inner(void)
{
	gw_leaf_sum();
	after_call();
}

static noinline void gw_ioctl_middle(void)
{
	gw_ioctl_inner();
	after_call();
}

static noinline void gw_ioctl_outer(void)
{
	gw_ioctl_middle();
	after_call();
}

static long gw_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	gw_ioctl_outer();
	return 0;
}

static const struct file_operations gw_fops = {
	.owner		= THIS_MODULE,
	.read		= gw_read,
	.unlocked_ioctl	= gw_ioctl,
	.compat_ioctl	= gw_ioctl,
};

static struct miscdevice gw_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "guestwork",
	.fops	= &gw_fops,
};
module_misc_device(gw_device);

MODULE_DESCRIPTION("Work on known call paths, for the lab's guest");
MODULE_LICENSE("GPL");
