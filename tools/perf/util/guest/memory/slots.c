// SPDX-License-Identifier: GPL-2.0
/*
 * A guest's memory slots out of debugfs.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <api/fs/fs.h>
#include <linux/kernel.h>
#include <linux/zalloc.h>
#include "guest/memory/slots.h"

/* KVM has some 32 thousand for who wants them; what a VMM has are a few dozen. */
#define SLOTS_MAX	4096

static bool slot_is_valid(const struct guest_slot *slot)
{
	return slot->size && !((slot->gpa | slot->size | slot->hva) % GUEST_SLOT_PAGE) &&
	       slot->gpa + slot->size > slot->gpa && slot->hva + slot->size > slot->hva;
}

static int add_slot(struct guest_slots *slots, const struct guest_slot *slot)
{
	struct guest_slot *more;

	if (slots->nr == SLOTS_MAX)
		return -E2BIG;
	more = reallocarray(slots->slot, slots->nr + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	more[slots->nr++] = *slot;
	slots->slot = more;
	return 0;
}

/* The first line. Return: 0 if there are slots of @pid's behind it; -ESRCH for another's. */
static int read_owner(FILE *file, pid_t pid)
{
	int owner, err;
	char line[64];

	if (!fgets(line, sizeof(line), file))
		return ferror(file) ? -errno : -EINVAL;
	if (sscanf(line, "%d %d\n", &owner, &err) != 2 || err < 0 || err > 4095)
		return -EINVAL;
	return owner == pid ? -err : -ESRCH;
}

static int read_slots(struct guest_slots *slots, FILE *file)
{
	struct guest_slot slot;
	char line[128];
	int err = 0;

	while (!err && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%" SCNx64 " %" SCNx64 " %" SCNx64, &slot.gpa, &slot.size,
			   &slot.hva) != 3 || !slot_is_valid(&slot))
			err = -EINVAL;
		else
			err = add_slot(slots, &slot);
	}
	return err ?: ferror(file) ? -errno : 0;
}

static int cmp_slots(const void *va, const void *vb)
{
	const struct guest_slot *a = va, *b = vb;

	return a->gpa < b->gpa ? -1 : a->gpa > b->gpa;
}

static int check_slots(struct guest_slots *slots)
{
	unsigned int i;

	if (!slots->nr)
		return -ENODATA;
	qsort(slots->slot, slots->nr, sizeof(*slots->slot), cmp_slots);
	for (i = 1; i < slots->nr; i++) {
		if (slots->slot[i].gpa - slots->slot[i - 1].gpa < slots->slot[i - 1].size)
			return -EINVAL;
	}
	return 0;
}

static int read_machine(struct guest_slots *slots, int dir, const char *name, pid_t pid)
{
	char path[NAME_MAX + 32];
	FILE *file;
	int fd, err;

	snprintf(path, sizeof(path), "%s/guest_callchain_slots", name);
	fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	err = read_owner(file, pid) ?: read_slots(slots, file) ?: check_slots(slots);
	fclose(file);
	if (err)
		guest_slots__exit(slots);
	return err;
}

static u64 total(const struct guest_slots *slots)
{
	u64 bytes = 0;
	unsigned int i;

	for (i = 0; i < slots->nr; i++)
		bytes += slots->slot[i].size;
	return bytes;
}

/*
 * Its directories are called TID-FD, by the thread that has made the machine, which may have
 * ended, and that of another process have its number: whose they are is in the file.
 */
static int read_machines(struct guest_slots *slots, DIR *list, pid_t pid)
{
	struct guest_slots more, less;
	struct dirent *entry;
	int err = -ENOENT, ret;

	while ((entry = readdir(list))) {
		if (!isdigit(*entry->d_name))
			continue;
		more = (struct guest_slots) { .nr = 0 };
		ret = read_machine(&more, dirfd(list), entry->d_name, pid);
		/* another VMM's, or gone meanwhile */
		if (ret == -ESRCH || ret == -ENOENT)
			continue;
		less = more;
		if (!ret && total(&more) > total(slots)) {
			less = *slots;
			*slots = more;
		}
		guest_slots__exit(&less);
		err = slots->nr ? 0 : ret;
	}
	return err;
}

int guest_slots__read(struct guest_slots *slots, const char *dir, pid_t pid)
{
	const char *debugfs = dir ? NULL : debugfs__mountpoint();
	char path[PATH_MAX];
	DIR *list;
	int err;

	*slots = (struct guest_slots) { .nr = 0 };
	if (!dir && !debugfs)
		return -ENOENT;
	snprintf(path, sizeof(path), "%s%s", dir ?: debugfs, dir ? "" : "/kvm");
	list = opendir(path);
	if (!list)
		return -errno;
	err = read_machines(slots, list, pid);
	closedir(list);
	return err;
}

void guest_slots__exit(struct guest_slots *slots)
{
	zfree(&slots->slot);
	slots->nr = 0;
}

const struct guest_slot *guest_slots__find(const struct guest_slots *slots, u64 gpa, u64 size)
{
	unsigned int from = 0, to = slots->nr, middle;
	const struct guest_slot *slot;

	while (from < to) {
		middle = from + (to - from) / 2;
		slot = &slots->slot[middle];
		if (gpa < slot->gpa)
			to = middle;
		else if (gpa - slot->gpa >= slot->size)
			from = middle + 1;
		else
			return size <= slot->size - (gpa - slot->gpa) ? slot : NULL;
	}
	return NULL;
}
