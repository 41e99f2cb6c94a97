// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/labdevice: pages that are mapped as a device's registers are, without a struct
 * page to be had. What a VMM of the lab writes there, nobody else may read.
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>

#define ORDER	2

static struct page *pages;

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long size = vma->vm_end - vma->vm_start;

	if (vma->vm_pgoff || size > PAGE_SIZE << ORDER)
		return -EINVAL;
	return remap_pfn_range(vma, vma->vm_start, page_to_pfn(pages), size, vma->vm_page_prot);
}

static const struct file_operations device_fops = {
	.owner	= THIS_MODULE,
	.mmap	= device_mmap,
};

static struct miscdevice device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "labdevice",
	.fops	= &device_fops,
};

/* To KVM a page that is reserved is none of memory. */
static int get_pages(void)
{
	unsigned int i;

	pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, ORDER);
	if (!pages)
		return -ENOMEM;
	split_page(pages, ORDER);
	for (i = 0; i < 1U << ORDER; i++)
		SetPageReserved(pages + i);
	return 0;
}

static void put_pages(void)
{
	unsigned int i;

	for (i = 0; i < 1U << ORDER; i++) {
		ClearPageReserved(pages + i);
		__free_page(pages + i);
	}
}

static int __init device_init(void)
{
	int error = get_pages();

	if (error)
		return error;
	error = misc_register(&device);
	if (error)
		put_pages();
	return error;
}

static void __exit device_exit(void)
{
	misc_deregister(&device);
	put_pages();
}

module_init(device_init);
module_exit(device_exit);
MODULE_DESCRIPTION("Pages that look like a device's registers");
MODULE_LICENSE("GPL");
