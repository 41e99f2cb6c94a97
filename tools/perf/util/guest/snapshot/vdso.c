// SPDX-License-Identifier: GPL-2.0
/*
 * Get the vDSO out of a guest's kernel. The kernel has its image in its data, at a page's
 * begin, as a whole ELF file.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <sys/mman.h>
#include "guest/vm/facts.h"
#include "guest/untrusted/file.h"
#include "guest/snapshot/processes.h"
#include "guest/snapshot/vdso.h"
#include "guest/untrusted/unpack.h"

#define PAGE		4096
#define VDSO_NAME	"linux-vdso.so.1"

/* Bytes of the ELF file that begins here; 0 if there is none. Its section table is last. */
static size_t elf_size(const void *start, size_t max)
{
	Elf64_Ehdr head;
	size_t size;

	if (max < sizeof(head))
		return 0;
	memcpy(&head, start, sizeof(head));
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) || head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    head.e_type != ET_DYN || head.e_machine != EM_X86_64 || head.e_shoff > GUEST_VDSO_MAX)
		return 0;
	size = head.e_shoff + (size_t)head.e_shnum * head.e_shentsize;
	return size <= GUEST_VDSO_MAX && size <= max ? size : 0;
}

bool guest_vdso__find(const void *kernel, size_t size, const void **vdso, size_t *vdso_size)
{
	const void *start = kernel;
	size_t at, len;

	for (at = 0; at + PAGE <= size; at += PAGE) {
		len = elf_size(start + at, size - at);
		if (!len || !memmem(start + at, len, VDSO_NAME, sizeof(VDSO_NAME)))
			continue;
		*vdso = start + at;
		*vdso_size = len;
		return true;
	}
	return false;
}

static int make_file(const void *data, size_t size)
{
	int fd = memfd_create("guest vDSO", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (write(fd, data, size) != (ssize_t)size) {
		close(fd);
		return -EIO;
	}
	return fd;
}

static int open_in_kernel(const void *file, size_t size)
{
	const void *vdso;
	size_t vdso_size, elf_bytes;
	const char *why;
	void *elf;
	int ret;

	ret = guest_vmlinuz__unpack(file, size, &elf, &elf_bytes, &why);
	if (ret)
		return ret;
	ret = -ENOENT;
	if (guest_vdso__find(elf, elf_bytes, &vdso, &vdso_size))
		ret = make_file(vdso, vdso_size);
	free(elf);
	return ret;
}

int guest_vdso__open(int root)
{
	char release[GUEST_NAME_MAX], path[GUEST_NAME_MAX + 32];
	size_t size;
	void *file;
	int ret;

	guest_user_file__path(path, sizeof(path), GUEST_VDSO);
	ret = guest_file__open(root, path);
	if (ret >= 0)
		return ret;
	ret = guest_file__release(root, release, sizeof(release));
	if (ret)
		return ret;
	if (!guest_kernel__find(root, release, path, sizeof(path)))
		return -ENOENT;
	ret = guest_file__load(root, path, GUEST_VMLINUZ_MAX, &file, &size);
	if (ret)
		return ret;
	ret = open_in_kernel(file, size);
	free(file);
	return ret;
}
