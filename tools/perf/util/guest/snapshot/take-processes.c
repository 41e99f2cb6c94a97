// SPDX-License-Identifier: GPL-2.0
/*
 * Where a guest's processes have code, and the files it is of: to unwind their stacks.
 *
 * The guest's idea of its processes is read from its /proc/PID/maps and written anew
 * (guest/snapshot/processes.h). Its files go below user/, where they cannot be taken for
 * anything else of a snapshot. The vDSO, which is no file, comes out of a process's memory.
 */
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/zalloc.h>
#include "guest/untrusted/dir.h"
#include "guest/untrusted/file.h"
#include "guest/vm/facts.h"
#include "guest/snapshot/processes.h"
#include "guest/snapshot/take-processes.h"
#include "guest/snapshot/take.h"
#include "guest/snapshot/vdso.h"

#define TOTAL_LIMIT	(1ULL << 30)
#define ENTRIES_MAX	65536
#define VDSO32_END	(1ULL << 32)

struct mapping {
	u64  start, end, offset;
	char *path;
};

/**
 * struct copy - processes being copied
 * @root, @out: directories of the guest, and of its snapshot
 * @files:	copy the files, too
 * @pid:	of the process that is being read, and
 * @paths:	that are known, as tsearch() has them: each is copied but once
 * @mappings:	its mappings, @nr of them, @in_files of files
 * @bytes:	of all files
 */
struct copy {
	int		      root;
	struct guest_dir      *out;
	bool		      files;
	const char	      *pid;
	void		      *paths;
	u32		      nr_paths;
	struct mapping	      mappings[GUEST_MAPPINGS_MAX];
	u32		      nr, in_files;
	u64		      bytes;
	struct guest_snapshot *snapshot;
};

/* What it was where it was seen first: /proc begins with the guest's own processes. */
struct known_path {
	char *path;
	u32  major, minor;
	u64  inode;
};

static int cmp_paths(const void *a, const void *b)
{
	return strcmp(((const struct known_path *)a)->path, ((const struct known_path *)b)->path);
}

static void free_path(void *known)
{
	free(((struct known_path *)known)->path);
	free(known);
}

static void copy_file(struct copy *copy, const char *path)
{
	char to[GUEST_PATH_MAX + 8];
	s64 size;

	guest_user_file__path(to, sizeof(to), path);
	if (!guest_file__is_elf(copy->root, path))
		return;
	size = guest_file__copy(copy->root, path, copy->out, to,
				min_t(u64, GUEST_USER_FILE_MAX, TOTAL_LIMIT - copy->bytes));
	if (size < 0)
		return;
	copy->bytes += size;
	copy->snapshot->user_files++;
}

static bool same_file(const struct known_path *a, const struct known_path *b)
{
	return a->major == b->major && a->minor == b->minor && a->inode == b->inode;
}

/*
 * Return: the path, kept; NULL if there are too many, or if this is another file than
 * the one of that name: a container's.
 */
static char *know_path(struct copy *copy, const struct known_path *key)
{
	struct known_path **found = tfind(key, &copy->paths, cmp_paths), *kept;

	if (found)
		return same_file(*found, key) ? (*found)->path : NULL;
	if (copy->nr_paths == GUEST_FILES_MAX)
		return NULL;
	kept = malloc(sizeof(*kept));
	if (!kept)
		return NULL;
	*kept = *key;
	kept->path = strdup(key->path);
	if (!kept->path || !tsearch(kept, &copy->paths, cmp_paths)) {
		free_path(kept);
		return NULL;
	}
	copy->nr_paths++;
	if (*kept->path == '/' && copy->files)
		copy_file(copy, kept->path);
	return kept->path;
}

/* It is the same in all processes of its kind: what one has is enough. */
static void take_vdso(struct copy *copy, const struct mapping *m)
{
	char path[GUEST_PATH_MAX + 8];
	u64 size = min_t(u64, m->end - m->start, GUEST_VDSO_MAX);
	FILE *to;
	void *vdso;
	int fd;

	guest_user_file__path(path, sizeof(path), m->path);
	if (!faccessat(copy->out->fd, path, F_OK, AT_SYMLINK_NOFOLLOW))
		return;
	vdso = malloc(size);
	snprintf(path, sizeof(path), "proc/%.10s/mem", copy->pid);
	fd = vdso ? guest_file__open(copy->root, path) : -ENOMEM;
	if (fd >= 0 && guest_file__pread(fd, vdso, size, m->start) == (ssize_t)size) {
		guest_user_file__path(path, sizeof(path), m->path);
		to = guest_dir__fcreate(copy->out, path);
		if (to) {
			fwrite(vdso, size, 1, to);
			guest_dir__fadd(copy->out, to, path);
		}
	}
	if (fd >= 0)
		close(fd);
	free(vdso);
}

/* Its name, kept; NULL for what is in no file, or in one that cannot be had. */
static char *mapped_file(struct copy *copy, struct known_path *key, u64 end)
{
	if (!strcmp(key->path, GUEST_VDSO)) {
		if (end <= VDSO32_END)
			key->path = (char *)GUEST_VDSO32;
	} else if (!guest_user_path__valid(key->path)) {
		return NULL;
	}
	return know_path(copy, key);
}

/*
 * "7fa10b337000-7fa10b48d000 r-xp 00026000 fe:00 332835    /usr/lib/x86_64-linux-gnu/libc.so.6"
 *
 * Shared memory has no code to be unwound, and what was deleted may by now be another
 * file.
 */
static int maps_line(void *arg, char *line)
{
	struct copy *copy = arg;
	struct known_path key;
	struct mapping m;
	char perms[5];
	int at = 0;

	if (copy->nr == GUEST_MAPPINGS_MAX)
		return 1;
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4[-rwxsp] %" SCNx64 " %x:%x %" SCNu64
		   " %n", &m.start, &m.end, perms, &m.offset, &key.major, &key.minor, &key.inode,
		   &at) != 7 || !at)
		return 0;
	if (strlen(perms) != 4 || perms[2] != 'x' || m.start >= m.end ||
	    m.end > GUEST_USER_END || m.offset > GUEST_USER_END)
		return 0;
	key.path = line + at;
	m.path = mapped_file(copy, &key, m.end);
	if (m.path && *m.path == '[')
		take_vdso(copy, &m);
	copy->in_files += !!m.path;
	m.path = m.path ?: (char *)GUEST_OTHER;
	copy->mappings[copy->nr++] = m;
	return 0;
}

static int write_process(struct copy *copy, const char *pid)
{
	char path[32];
	FILE *file;
	u32 i;

	snprintf(path, sizeof(path), "processes/%.10s", pid);
	file = guest_dir__fcreate(copy->out, path);
	if (!file)
		return copy->out->err;
	for (i = 0; i < copy->nr; i++) {
		const struct mapping *m = &copy->mappings[i];

		fprintf(file, "%" PRIx64 "-%" PRIx64 " %" PRIx64 " %s\n", m->start, m->end,
			m->offset, m->path);
	}
	return guest_dir__fadd(copy->out, file, path);
}

static bool is_pid(const char *name)
{
	size_t len = strspn(name, "0123456789");

	return len && len <= 10 && !name[len];
}

/* Kernel threads have no maps; a process that has ended has none any more. */
static int take_process(struct copy *copy, const char *pid)
{
	char path[32];
	int err;

	copy->nr = 0;
	copy->in_files = 0;
	copy->pid = pid;
	snprintf(path, sizeof(path), "proc/%.10s/maps", pid);
	guest_file__lines(copy->root, path, GUEST_MAPS_LIMIT, maps_line, copy);
	if (!copy->in_files)
		return 0;
	err = write_process(copy, pid);
	copy->snapshot->processes += !err;
	return err;
}

static void take_all(struct copy *copy, DIR *proc)
{
	struct dirent *entry;
	u32 entries = 0;

	while (copy->snapshot->processes < GUEST_PROCESSES_MAX && entries++ < ENTRIES_MAX &&
	       (entry = readdir(proc))) {
		if (is_pid(entry->d_name) && take_process(copy, entry->d_name))
			return;
	}
}

static void add_segment(struct copy *copy, const Elf64_Phdr *segment, char *path)
{
	u64 start = segment->p_vaddr & ~0xfffULL;

	if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X) ||
	    segment->p_vaddr > GUEST_USER_END || segment->p_filesz > GUEST_USER_END ||
	    segment->p_offset > GUEST_USER_END || copy->nr == GUEST_MAPPINGS_MAX)
		return;
	copy->mappings[copy->nr++] = (struct mapping) {
		.start = start, .end = (segment->p_vaddr + segment->p_filesz + 0xfff) & ~0xfffULL,
		.offset = segment->p_offset & ~0xfffULL, .path = path,
	};
}

static void map_program(struct copy *copy, int fd, const char *path)
{
	struct known_path key = { .path = (char *)path };
	Elf64_Phdr segment;
	Elf64_Ehdr head;
	char *known;
	u32 i;

	if (guest_file__pread(fd, &head, sizeof(head), 0) != sizeof(head) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) || head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    head.e_type != ET_EXEC || head.e_phentsize != sizeof(segment))
		return;
	known = know_path(copy, &key);
	for (i = 0; known && i < head.e_phnum; i++) {
		if (guest_file__pread(fd, &segment, sizeof(segment),
				      head.e_phoff + i * sizeof(segment)) != sizeof(segment))
			return;
		add_segment(copy, &segment, known);
	}
}

/*
 * A tree without a /proc, as an initramfs is unpacked: the first program runs for sure, and
 * if it is linked for fixed addresses it is known where. Of others, neither is known.
 */
static void take_init(struct copy *copy)
{
	const char *path;
	int fd = guest_init__open(copy->root, &path);

	if (fd < 0)
		return;
	copy->nr = 0;
	map_program(copy, fd, path);
	close(fd);
	if (copy->nr)
		copy->snapshot->processes += !write_process(copy, "1");
}

void guest_snapshot__take_processes(int root, struct guest_dir *out, bool files,
				    struct guest_snapshot *snapshot)
{
	struct copy *copy = zalloc(sizeof(*copy));
	int fd = guest_file__opendir(root, "proc");
	DIR *proc = fd < 0 ? NULL : fdopendir(fd);

	if (copy) {
		copy->root = root;
		copy->out = out;
		copy->files = files;
		copy->snapshot = snapshot;
		if (proc)
			take_all(copy, proc);
		if (!snapshot->processes)
			take_init(copy);
		tdestroy(copy->paths, free_path);
	}
	if (proc)
		closedir(proc);
	else if (fd >= 0)
		close(fd);
	free(copy);
}
