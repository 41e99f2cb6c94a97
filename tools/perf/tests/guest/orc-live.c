// SPDX-License-Identifier: GPL-2.0
/*
 * orc-live RAM VMLINUZ STEXT: unwind a guest that is stopped, in its memory
 * file RAM, from where each line of input says: ip sp bp dx di r10 r13 cr3, in hex.
 *
 * Prints for each: how it ended, bytes of stack words, bytes of the stacks they are
 * of, whether the whole stacks give the same chain, and the chain.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/perf_guest_callchain.h>
#include "kernel/unwind/stack_words.h"
#include "kernel/unwind/tests/mem_by_read.h"
#include "util/guest/unwind/orc-table.h"
#include "util/guest/unwind/orc-unwind.h"
#include "util/guest/unwind/stack-words.h"
#include "util/guest/untrusted/unpack.h"

#define MAX_WORDS	8000
#define MAX_FRAMES	127

struct ram {
	u8 *data;
	u64 size;
};

u32 guest_mem_map(void *ctx, u64 gfn, unsigned long *handle)
{
	struct ram *ram = ctx;

	if (gfn >= ram->size / GUEST_PAGE_SIZE)
		return PERF_GUEST_CALLCHAIN_UNREADABLE;
	*handle = gfn;
	return 0;
}

void guest_mem_unmap(void *ctx __maybe_unused, unsigned long handle __maybe_unused)
{
}

void guest_mem_read(void *ctx, unsigned long handle, unsigned int offset,
		    void *dst, unsigned int len)
{
	struct ram *ram = ctx;

	memcpy(dst, ram->data + handle * GUEST_PAGE_SIZE + offset, len);
}

static u8 *map_file(const char *path, u64 *size)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	void *data;

	if (fd < 0 || fstat(fd, &st)) {
		perror(path);
		exit(1);
	}
	data = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	*size = st.st_size;
	return data;
}

static struct guest_orc *load(const char *vmlinuz, u64 stext)
{
	struct guest_orc *orc = guest_orc__new();
	const char *why;
	size_t elf_size;
	u64 size;
	u8 *file = map_file(vmlinuz, &size);
	void *elf;

	if (guest_vmlinuz__unpack(file, size, &elf, &elf_size, &why) ||
	    guest_orc__add_kernel(orc, elf, elf_size, stext, NULL, &why)) {
		fprintf(stderr, "%s: %s\n", vmlinuz, why);
		exit(1);
	}
	free(elf);
	return orc;
}

/* Every word of the stacks that the section is of. */
static void whole_stacks(struct guest_walk *walk, const struct guest_stack *some,
			 struct guest_stack *all)
{
	u64 addr, value;
	u32 i, nr = 0;

	for (i = 0; i < some->nr_stacks; i++) {
		all->start[i] = some->start[i];
		all->end[i] = some->end[i];
		all->first[i] = nr;
		for (addr = some->start[i]; addr < some->end[i]; addr += 8)
			if (!guest_read(walk, addr, &value, sizeof(value)))
				all->words[nr++] = (struct guest_stack_word) { addr, value };
	}
	all->first[i] = nr;
	all->nr_stacks = some->nr_stacks;
}

static void unwind(struct ram *ram, const struct guest_orc *orc,
		   const struct guest_orc_regs *regs, u64 cr3)
{
	static struct guest_stack_word every_word[65536];
	static struct guest_stack stack;
	static u64 data[MAX_WORDS], ips[MAX_FRAMES], all_ips[MAX_FRAMES];
	struct guest_paging paging = {
		.mode = GUEST_PAGING_4LEVEL, .root = cr3,
	};
	struct guest_walk walk = { .ctx = ram, .paging = &paging, .reads = ~0U };
	struct guest_regs kernel = {
		.ip = regs->ip, .sp = regs->sp, .bp = regs->bp, .bits = 64, .lma = true,
	};
	struct guest_user user;
	struct guest_orc_chain chain = { .ips = ips, .max = MAX_FRAMES };
	struct guest_orc_chain all_chain = { .ips = all_ips, .max = MAX_FRAMES };
	struct guest_stack all = { .words = every_word };
	u32 i, nr = guest_stack_words(&walk, &kernel, data, MAX_WORDS, &user);
	u64 raw = 0;

	if (guest_stack__parse(&stack, data, nr)) {
		/* a stack of user mode's, in the entry code */
		if (nr)
			printf("malformed ");
		stack.nr_stacks = 0;
	}
	whole_stacks(&walk, &stack, &all);
	for (i = 0; i < stack.nr_stacks; i++)
		raw += stack.end[i] - stack.start[i];

	guest_orc__unwind(orc, regs, &stack, &chain);
	guest_orc__unwind(orc, regs, &all, &all_chain);
	printf("%d %u %" PRIu64 " %d %d %" PRIx64 " %u", chain.end, nr * 8, (uint64_t)raw,
	       chain.nr == all_chain.nr && chain.end == all_chain.end &&
	       !memcmp(ips, all_ips, chain.nr * sizeof(u64)),
	       user.regs.bits, (uint64_t)chain.end_ip, stack.nr_stacks);
	for (i = 0; i < chain.nr; i++)
		printf(" %" PRIx64, (uint64_t)ips[i]);
	printf("\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	uint64_t ip, sp, bp, dx, di, r10, r13, cr3;
	struct guest_orc *orc;
	struct ram ram;

	if (argc != 4)
		return 1;
	ram.data = map_file(argv[1], &ram.size);
	orc = load(argv[2], strtoull(argv[3], NULL, 16));
	while (scanf("%" SCNx64 "%" SCNx64 "%" SCNx64 "%" SCNx64 "%" SCNx64 "%" SCNx64
		     "%" SCNx64 "%" SCNx64, &ip, &sp, &bp, &dx, &di, &r10, &r13, &cr3) == 8) {
		struct guest_orc_regs regs = {
			.ip = ip, .sp = sp, .bp = bp, .dx = dx, .di = di,
			.r10 = r10, .r13 = r13, .have = 31,
		};

		unwind(&ram, orc, &regs, cr3);
	}
	return 0;
}
