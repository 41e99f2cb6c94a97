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

static int find_table(struct guest_view *view, u64 gpa, struct guest_view_table **table)
{
	unsigned int i;
	int err;

	for (i = 0; i < GUEST_VIEW_TABLES; i++) {
		*table = &view->tables[i];
		if ((*table)->valid && (*table)->gpa == gpa)
			return 0;
	}
	*table = &view->tables[view->next++ % GUEST_VIEW_TABLES];
	(*table)->gpa = gpa;
	err = view->read(view->arg, gpa, (*table)->data, sizeof((*table)->data));
	(*table)->valid = !err;
	return err;
}

int guest_view__entry(struct guest_view *view, u64 gpa, void *entry, size_t size)
{
	struct guest_view_table *table;
	int err = find_table(view, gpa - gpa % GUEST_VIEW_PAGE, &table);

	if (!err)
		memcpy(entry, table->data + gpa % GUEST_VIEW_PAGE, size);
	return err;
}

/* Make @size that of the first bytes from @gva on that are together in physical memory as well. */
static int find_piece(struct guest_view *view, u64 gva, size_t *size, u64 *gpa)
{
	size_t piece = GUEST_VIEW_PAGE - gva % GUEST_VIEW_PAGE;
	int err = guest_view__translate(view, gva, gpa);
	u64 next;

	if (err)
		return err;
	while (piece < *size && !guest_view__translate(view, gva + piece, &next) &&
	       next == *gpa + piece)
		piece += GUEST_VIEW_PAGE;
	*size = min(piece, *size);
	return 0;
}

int guest_view__read(struct guest_view *view, u64 gva, void *buf, size_t size)
{
	size_t piece;
	u64 gpa;
	int err;

	while (size) {
		piece = min_t(size_t, size, GUEST_BROKER_MAX);
		err = find_piece(view, gva, &piece, &gpa) ?:
		      view->read(view->arg, gpa, buf, piece);
		if (err)
			return err;
		gva += piece;
		buf += piece;
		size -= piece;
	}
	return 0;
}
