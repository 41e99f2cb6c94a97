// SPDX-License-Identifier: GPL-2.0
/*
 * Read a guest's memory by the addresses of its kernel.
 */
#include <errno.h>
#include <string.h>
#include <linux/kernel.h>
#include "guest/memory/broker.h"
#include "guest/memory/paging.h"
#include "guest/memory/view.h"

void guest_view__begin(struct guest_view *view, u64 root, bool five_levels)
{
	unsigned int i;

	view->root = root;
	view->five_levels = five_levels;
	for (i = 0; i < GUEST_VIEW_TABLES; i++)
		view->tables[i].valid = false;
}

static struct guest_view_table *find_table(struct guest_view *view, u64 gpa)
{
	struct guest_view_table *table;
	unsigned int i;

	for (i = 0; i < GUEST_VIEW_TABLES; i++) {
		table = &view->tables[i];
		if (table->valid && table->gpa == gpa)
			return table;
	}
	table = &view->tables[view->next++ % GUEST_VIEW_TABLES];
	table->gpa = gpa;
	table->valid = !view->read(view->arg, gpa, table->data, sizeof(table->data));
	return table->valid ? table : NULL;
}

int guest_view__entry(struct guest_view *view, u64 gpa, void *entry, size_t size)
{
	struct guest_view_table *table = find_table(view, gpa - gpa % GUEST_VIEW_PAGE);

	if (!table)
		return -EFAULT;
	memcpy(entry, table->data + gpa % GUEST_VIEW_PAGE, size);
	return 0;
}

/* Return: bytes from @gva on, @size at most, that are together in physical memory as well */
static size_t find_piece(struct guest_view *view, u64 gva, size_t size, u64 *gpa)
{
	size_t piece = GUEST_VIEW_PAGE - gva % GUEST_VIEW_PAGE;
	u64 next;

	if (guest_view__translate(view, gva, gpa))
		return 0;
	while (piece < size && !guest_view__translate(view, gva + piece, &next) &&
	       next == *gpa + piece)
		piece += GUEST_VIEW_PAGE;
	return min(piece, size);
}

int guest_view__read(struct guest_view *view, u64 gva, void *buf, size_t size)
{
	size_t piece;
	u64 gpa;
	int err;

	while (size) {
		piece = find_piece(view, gva, min_t(size_t, size, GUEST_BROKER_MAX), &gpa);
		if (!piece)
			return -EFAULT;
		err = view->read(view->arg, gpa, buf, piece);
		if (err)
			return err;
		gva += piece;
		buf += piece;
		size -= piece;
	}
	return 0;
}
