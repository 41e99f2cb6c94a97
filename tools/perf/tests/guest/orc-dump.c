// SPDX-License-Identifier: GPL-2.0
/*
 * orc-dump VMLINUZ [MODULE...]: print the ORC tables perf makes of a kernel
 * and its modules, to be compared with what other readers make of them.
 *
 * Modules are placed one after the other; each section's address is printed first.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "util/guest/untrusted/elf.h"
#include "util/guest/unwind/orc-table.h"
#include "util/guest/untrusted/unpack.h"

#define MODULES		0xffffffffa0000000ULL
#define MAX_SECTIONS	1024

static u64 next_module = MODULES;

static void *read_elf(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY);
	const char *why = strerror(errno);
	void *file, *elf = NULL;
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st)) {
		file = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (file != MAP_FAILED) {
			guest_vmlinuz__unpack(file, st.st_size, &elf, size, &why);
			munmap(file, st.st_size);
		}
	}
	if (fd >= 0)
		close(fd);
	if (!elf) {
		fprintf(stderr, "%s: %s\n", path, why);
		exit(1);
	}
	return elf;
}

static void print_entry(void *arg, u64 ip, const struct guest_orc_entry *e)
{
	(void)arg;
	printf("%" PRIx64 " %d %d %d %d %d %d\n", (uint64_t)ip, e->sp_reg, e->sp_offset,
	       e->bp_reg, e->bp_offset, e->type, e->signal);
}

/* Give every section with code the next addresses. */
static unsigned int place(const struct guest_elf *elf, struct guest_orc_section *sections)
{
	struct guest_elf_section sec;
	unsigned int i, nr = 0;

	for (i = 1; i < elf->nr_sections && nr < MAX_SECTIONS; i++) {
		if (!guest_elf__section(elf, i, &sec) || !(sec.flags & SHF_EXECINSTR))
			continue;
		sections[nr++] = (struct guest_orc_section) {
			.name = sec.name, .addr = next_module,
		};
		printf("section %s %" PRIx64 "\n", sec.name, (uint64_t)next_module);
		next_module += (sec.size + 64) & ~63ULL;
	}
	return nr;
}

static void add_module(struct guest_orc *orc, const char *path)
{
	static struct guest_orc_section sections[MAX_SECTIONS];
	const char *why;
	struct guest_elf elf;
	size_t size;
	void *data = read_elf(path, &size);
	int err = -EINVAL;

	printf("module %s\n", path);
	if (guest_elf__open(&elf, data, size))
		err = guest_orc__add_module(orc, data, size, sections,
					    place(&elf, sections), NULL, &why);
	/* some have no code */
	if (err)
		printf("error %d %s\n", err, why);
	free(data);
}

int main(int argc, char **argv)
{
	struct guest_orc *orc = guest_orc__new();
	struct guest_elf_section text;
	struct guest_elf elf;
	const char *why = "no vmlinux";
	size_t size;
	void *data;
	int i;

	if (argc < 2)
		return 1;
	data = read_elf(argv[1], &size);
	if (!guest_elf__open(&elf, data, size) || !guest_elf__find(&elf, ".text", &text, NULL) ||
	    guest_orc__add_kernel(orc, data, size, text.addr, NULL, &why)) {
		fprintf(stderr, "%s: %s\n", argv[1], why);
		return 1;
	}
	free(data);
	for (i = 2; i < argc; i++)
		add_module(orc, argv[i]);
	printf("memory %zu\n", guest_orc__memory(orc));
	guest_orc__for_each(orc, print_entry, NULL);
	guest_orc__delete(orc);
	return 0;
}
