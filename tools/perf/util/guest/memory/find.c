// SPDX-License-Identifier: GPL-2.0
/*
 * Find a guest's kernel in the guest's memory, and write down what it says of itself.
 *
 * perf looks through the memory for pages that begin as VMCOREINFO does. All the rest is
 * done in a child behind the wall. A page of that kind can be anybody's, a program's in the
 * guest as well: it counts if the page tables that it names lead to where it says that the
 * kernel is, and the symbols there have the address that it gives for one.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/zalloc.h>
#include "debug.h"
#include "guest/memory/broker.h"
#include "guest/memory/find.h"
#include "guest/memory/ksyms.h"
#include "guest/memory/paging.h"
#include "guest/memory/ram.h"
#include "guest/memory/root.h"
#include "guest/memory/view.h"
#include "guest/memory/vmcoreinfo.h"
#include "guest/memory/write.h"
#include "guest/untrusted/child.h"
#include "guest/untrusted/dir.h"
#include "guest/vm/facts.h"

/*
 * The kernel has one such page, and a copy of it where it is prepared for a crash. Any program
 * in the guest may have others, which are in the way: to look at these must fit into
 * GUEST_BROKER_TOTAL.
 */
#define PAGES_MAX	4096

#define SEARCH_MS	20000
#define IDLE_MS		5000
#define TOTAL_MS	60000
/* Modules' tables come last: what is not there by then is left out, and all else is kept. */
#define TABLES_MS	40000

/* Far more than is written: what others write to the disk meanwhile counts as the child's. */
#define FILE_MAX	(1ULL << 30)

/* What may be half changed when it is read, will not be the next time; the last without modules */
#define TRIES		3

/* How long to wait for the guest to do something; less than half of the ticks of an idle one. */
#define ROOT_MS		2000

/* What the page tables of user code are away from the kernel's, with page table isolation */
#define PTI_USER	0x1000ULL

/*
 * @fd:	  of guest_broker__read()
 * @root: page tables in use; 0 if that is not known
 * @until: when to begin with no more of modules' tables
 */
struct search {
	int		 fd;
	u64		 root;
	unsigned int	 nr;
	u64		 pages[PAGES_MAX];
	s64		 until;
	struct guest_dir out;
};

static int is_there(void *arg __maybe_unused, u64 addr __maybe_unused, char type __maybe_unused,
		    const char *name __maybe_unused)
{
	return 1;
}

static void look_at(struct guest_view *view, const struct guest_vmcoreinfo *info)
{
	guest_view__begin(view, guest_vmcoreinfo__gpa(info, info->swapper_pg_dir),
			  info->five_levels);
}

/* Not what it should be, or not there: the next may be. Other errors end it all. */
static bool is_none(int err)
{
	return err == -EINVAL || err == -EFAULT;
}

/* Is the kernel where it says by these page tables? */
static int check_mapped(struct guest_view *view, const struct guest_vmcoreinfo *info, u64 root)
{
	u64 gpa;
	int err;

	guest_view__begin(view, root, info->five_levels);
	err = guest_view__translate(view, info->ksyms.names, &gpa);
	if (err)
		return err;
	return gpa == guest_vmcoreinfo__gpa(info, info->ksyms.names) ? 0 : -EINVAL;
}

static int check_live(const struct search *search, struct guest_view *view,
		      const struct guest_vmcoreinfo *info)
{
	int err = search->root ? check_mapped(view, info, search->root) : 0;

	if (is_none(err) && search->root & PTI_USER)
		err = check_mapped(view, info, search->root & ~PTI_USER);
	return err;
}

static int check_page(const struct search *search, struct guest_view *view, u64 page,
		      struct guest_vmcoreinfo *info)
{
	char text[GUEST_VIEW_PAGE];
	int err = view->read(view->arg, page, text, sizeof(text));

	if (err)
		return err;
	if (!guest_vmcoreinfo__parse(info, text, sizeof(text)))
		return -EINVAL;
	err = check_live(search, view, info) ?:
	      check_mapped(view, info, guest_vmcoreinfo__gpa(info, info->swapper_pg_dir));
	if (err)
		return err;
	err = guest_ksyms__read(view, &info->ksyms, is_there, NULL);
	return err == 1 ? 0 : err ?: -EINVAL;
}

/* Of a guest that was reset there may be the kernel that it had before. */
static int find_kernel(const struct search *search, struct guest_view *view,
		       struct guest_vmcoreinfo *found)
{
	struct guest_vmcoreinfo info;
	bool any = false;
	unsigned int i;
	int err;

	for (i = 0; i < search->nr; i++) {
		err = check_page(search, view, search->pages[i], &info);
		if (is_none(err))
			continue;
		if (err)
			return err;
		if (any && memcmp(&info, found, sizeof(info)))
			return -ENOTUNIQ;
		*found = info;
		any = true;
	}
	return any ? 0 : -ENOMSG;
}

static int take(struct search *search, struct guest_view *view, bool modules,
		struct guest_memory *memory)
{
	struct guest_vmcoreinfo info;
	int err = find_kernel(search, view, &info);

	if (err)
		return err;
	look_at(view, &info);
	return guest_memory__write(&search->out, view, &info, modules, search->until,
				   &memory->written);
}

static int read_for_view(void *arg, u64 gpa, void *buf, size_t size)
{
	return guest_broker__read(((const struct search *)arg)->fd, gpa, buf, size);
}

static int search_child(void *arg, void *result, int root __maybe_unused)
{
	struct guest_view *view = zalloc(sizeof(*view));
	struct guest_memory *memory = result;
	struct search *search = arg;
	int i, err = -ENOMSG, why = 0;

	if (!view)
		return -ENOMEM;
	view->read = read_for_view;
	view->arg = search;
	search->until = guest_child__now_ms() + TABLES_MS;
	memset(memory, 0, sizeof(*memory));
	for (i = 0; i < TRIES && (err == -ENOMSG || is_none(err)); i++) {
		why = err;
		err = take(search, view, i < TRIES - 1, memory);
	}
	if (!err) {
		/* the last try was without them, as those before have failed */
		if (i == TRIES)
			memory->written.why = why;
		guest_facts__read(&memory->facts, search->out.fd);
	} else if (is_none(err)) {
		err = -ENOMSG;
	}
	free(view);
	return err;
}

static bool memory_is_valid(const void *result)
{
	const struct guest_memory *memory = result;

	return memory->written.modules <= GUEST_MODULES_MAX &&
	       memory->written.tables <= memory->written.modules &&
	       *(const u8 *)&memory->written.orc <= 1 && guest_facts__valid(&memory->facts);
}

static int run_child(const struct guest *guest, const struct guest_ram *ram,
		     struct search *search, struct guest_memory *memory)
{
	char waiting[GUEST_NAME_MAX + 64];
	struct guest_broker broker;
	struct guest_child child = {
		.fn = search_child, .arg = search, .check = memory_is_valid,
		.out = search->out.fd, .idle_ms = IDLE_MS, .total_ms = TOTAL_MS,
		.file_max = FILE_MAX, .waiting = waiting,
	};
	int err = guest_broker__start(&broker, ram);

	if (err)
		return err;
	snprintf(waiting, sizeof(waiting), "%s: reading its kernel's symbols in its memory",
		 guest->name);
	child.fd = search->fd = broker.child;
	guest_dir__limit(&search->out, 2 * GUEST_KALLSYMS_LIMIT);
	err = guest_child__run(&child, memory, sizeof(*memory));
	guest_broker__end(&broker);
	return err;
}

int guest_memory__take(const struct guest *guest, const char *kvm, int out,
		       struct guest_memory *memory)
{
	struct search search = { .out = { .fd = out } };
	char waiting[GUEST_NAME_MAX + 64];
	struct guest_ram ram;
	int err = guest_ram__open(&ram, kvm, guest->pid), not_all;

	if (err)
		return err;
	snprintf(waiting, sizeof(waiting), "%s: looking for its kernel in its memory", guest->name);
	not_all = guest_ram__find(&ram, GUEST_VMCOREINFO_BEGIN, strlen(GUEST_VMCOREINFO_BEGIN),
				  search.pages, PAGES_MAX, SEARCH_MS, &search.nr, waiting);
	if (not_all && not_all != -ETIME && not_all != -EOVERFLOW)
		search.nr = 0;
	err = -ENOMSG;
	if (search.nr) {
		search.root = guest_root__read(guest->pid, ROOT_MS);
		pr_debug("%s: page tables in use at %#" PRIx64 "\n", guest->name, search.root);
		err = run_child(guest, &ram, &search, memory);
	}
	guest_ram__close(&ram);
	/* it may be in what was not looked at */
	return err == -ENOMSG && not_all ? not_all : err;
}

static const char * const whys[] = {
	[ENOENT] =
		"the host's kernel does not say where it is (no guest_callchain_slots in /sys/kernel/debug/kvm: not patched, or debugfs not mounted)",
	[EPERM] =
		"the administrator does not allow it (guest_callchain, guest_callchain_off), or you are not root, or must not trace the VMM (CAP_SYS_PTRACE)",
	[EACCES] =
		"only root may",
	[EOPNOTSUPP] =
		"it is encrypted",
	[ENODATA] =
		"there is none yet",
	[ESRCH] =
		"its VMM has ended",
	[ENOMSG] =
		"no Linux kernel is found there that says where its symbols are (6.0 and later, with /proc/kcore or kexec)",
	[ENOTUNIQ] =
		"there is more than one kernel in it, as after a reset, and the guest does nothing to show which one runs",
	[ETIME] =
		"there is so much of it that 20 s were not enough to look through it for a kernel",
	[EOVERFLOW] =
		"too much in it poses as a kernel",
	[EDQUOT] =
		"it takes too long to read",
	[ETIMEDOUT] =
		"it takes too long to read",
};

const char *guest_memory__why(int err)
{
	if (err > -(int)ARRAY_SIZE(whys) && whys[-err])
		return whys[-err];
	return strerror(-err);
}
