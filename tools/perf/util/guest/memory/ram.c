// SPDX-License-Identifier: GPL-2.0
/*
 * Read a guest's physical memory in its VMM: by process_vm_readv(2), which reads nothing but
 * memory. (/proc/PID/mem reads a device's registers where its driver allows that.)
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <sys/uio.h>
#include "guest/memory/ram.h"
#include "guest/untrusted/child.h"
#include "guest/untrusted/syscalls.h"
#include "guest/untrusted/waiting.h"

/* Entries of /proc/PID/pagemap: Documentation/admin-guide/mm/pagemap.rst */
#define PAGE_PRESENT	(1ULL << 63)
#define PAGE_SWAPPED	(1ULL << 62)

/* Pages that are looked at together; IOV_MAX is more. */
#define BATCH		512

int guest_ram__open(struct guest_ram *ram, const char *dir, pid_t pid)
{
	char path[32];
	int err;

	*ram = (struct guest_ram) { .pid = pid, .pagemap = -1 };
	ram->pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (ram->pidfd < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	ram->pagemap = open(path, O_RDONLY | O_CLOEXEC);
	err = ram->pagemap < 0 ? -errno : guest_slots__read(&ram->slots, dir, pid);
	if (err)
		guest_ram__close(ram);
	return err;
}

void guest_ram__close(struct guest_ram *ram)
{
	if (ram->pagemap >= 0)
		close(ram->pagemap);
	close(ram->pidfd);
	guest_slots__exit(&ram->slots);
}

static bool has_ended(const struct guest_ram *ram)
{
	struct pollfd pfd = { .fd = ram->pidfd, .events = POLLIN };

	return poll(&pfd, 1, 0) != 0;
}

/* Return: how many pages from @hva on the VMM says something of in @entries */
static unsigned int look_up(const struct guest_ram *ram, u64 hva, u64 *entries, unsigned int nr)
{
	ssize_t n = pread(ram->pagemap, entries, nr * sizeof(*entries),
			  hva / GUEST_SLOT_PAGE * sizeof(*entries));

	return n < 0 ? 0 : n / sizeof(*entries);
}

static bool is_there(const struct guest_ram *ram, u64 hva, u64 size)
{
	u64 end = hva + size, entry;

	for (hva -= hva % GUEST_SLOT_PAGE; hva < end; hva += GUEST_SLOT_PAGE) {
		if (!look_up(ram, hva, &entry, 1) || !(entry & (PAGE_PRESENT | PAGE_SWAPPED)))
			return false;
	}
	return true;
}

int guest_ram__read(const struct guest_ram *ram, u64 gpa, void *buf, size_t size)
{
	const struct guest_slot *slot = guest_slots__find(&ram->slots, gpa, size);
	struct iovec to = { .iov_base = buf, .iov_len = size }, from = { .iov_len = size };
	u64 hva;

	if (!slot)
		return -EFAULT;
	hva = slot->hva + (gpa - slot->gpa);
	if (!is_there(ram, hva, size))
		return -EFAULT;
	from.iov_base = (void *)(unsigned long)hva;
	errno = 0;
	if (process_vm_readv(ram->pid, &to, 1, &from, 1, 0) != (ssize_t)size)
		return has_ended(ram) ? -ESRCH : errno == EPERM ? -EPERM : -EFAULT;
	/* else it may have been read of another process of that pid */
	return has_ended(ram) ? -ESRCH : 0;
}

/*
 * Pages that are looked for
 * @from, @to: the beginning of each, in the VMM and here
 * @nr:	       pages in these
 */
struct find {
	const struct guest_ram *ram;
	const char  *text;
	size_t	    size;
	u64	    *gpas;
	unsigned int max, found;
	struct guest_waiting waiting;
	struct iovec from[BATCH], to[BATCH];
	char	    begin[BATCH][GUEST_RAM_TEXT];
	unsigned int nr;
};

static int compare(struct find *find, const struct guest_slot *slot, unsigned int from,
		   unsigned int to)
{
	unsigned int i;

	for (i = from; i < to; i++) {
		if (memcmp(find->begin[i], find->text, find->size))
			continue;
		if (find->found == find->max)
			return -EOVERFLOW;
		find->gpas[find->found++] = (unsigned long)find->from[i].iov_base -
					    slot->hva + slot->gpa;
	}
	return 0;
}

static int find_in_batch(struct find *find, const struct guest_slot *slot)
{
	unsigned int done = 0, read;
	int err = 0;
	ssize_t n;

	while (!err && done < find->nr) {
		n = process_vm_readv(find->ram->pid, find->to + done, find->nr - done,
				     find->from + done, find->nr - done, 0);
		if (n < 0 && errno != EFAULT)
			return -errno;
		read = n < 0 ? 0 : n / find->size;
		err = compare(find, slot, done, done + read);
		/* it ends at a page that cannot be read */
		done += read + 1;
	}
	find->nr = 0;
	return err;
}

static int find_in_slot(struct find *find, const struct guest_slot *slot, s64 end)
{
	u64 entries[BATCH], done;
	unsigned int i, nr = 0;
	int err = 0;

	for (done = 0; !err && done < slot->size; done += (u64)nr * GUEST_SLOT_PAGE) {
		nr = min_t(u64, BATCH, (slot->size - done) / GUEST_SLOT_PAGE);
		if (guest_child__now_ms() >= end)
			return -ETIME;
		guest_waiting__show(&find->waiting);
		if (look_up(find->ram, slot->hva + done, entries, nr) != nr)
			return 0;
		for (i = 0; i < nr; i++) {
			if (!(entries[i] & PAGE_PRESENT))
				continue;
			find->from[find->nr].iov_base = (void *)(unsigned long)
				(slot->hva + done + (u64)i * GUEST_SLOT_PAGE);
			find->nr++;
		}
		err = find_in_batch(find, slot);
	}
	return err;
}

int guest_ram__find(const struct guest_ram *ram, const char *text, size_t size, u64 *gpas,
		    unsigned int max, unsigned int ms, unsigned int *nr,
		    const char *waiting)
{
	struct find find = {
		.ram = ram, .text = text, .size = size, .gpas = gpas, .max = max,
		.waiting = { .what = waiting, .begin = guest_child__now_ms() },
	};
	s64 end = find.waiting.begin + ms;
	unsigned int i;
	int err = 0;

	*nr = 0;
	if (!size || size > GUEST_RAM_TEXT)
		return -EINVAL;
	for (i = 0; i < BATCH; i++) {
		find.from[i].iov_len = size;
		find.to[i] = (struct iovec) { .iov_base = find.begin[i], .iov_len = size };
	}
	for (i = 0; !err && i < ram->slots.nr; i++)
		err = find_in_slot(&find, &ram->slots.slot[i], end);
	guest_waiting__end(&find.waiting);
	*nr = find.found;
	return has_ended(ram) ? -ESRCH : err;
}
