// SPDX-License-Identifier: GPL-2.0
/*
 * Read where a guest's processes have had code.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/zalloc.h>
#include "guest/untrusted/file.h"
#include "guest/snapshot/processes.h"
#include "guest/untrusted/printable.h"

#define DELETED	" (deleted)"

/* In by_path; @path first, so that it compares as one. */
struct file {
	char *path;
	u32  nr;
};

static int cmp_files(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

static void free_file(void *file)
{
	free(file);
}

bool guest_user_path__valid(const char *path)
{
	size_t size = strlen(path), len;

	/*
	 * maps has "\012" for a newline: no program's name has either; "/[" would be taken for
	 * the vDSO's
	 */
	if (size < 2 || path[1] == '[' || size >= GUEST_PATH_MAX || strstr(path, "\\012") ||
	    strchr(path, '\n') || !text__is_printable(path))
		return false;
	if (size >= strlen(DELETED) && !strcmp(path + size - strlen(DELETED), DELETED))
		return false;
	for (; *path; path += len) {
		if (*path++ != '/')
			return false;
		len = strcspn(path, "/");
		if (!len || (len == 1 && *path == '.') || (len == 2 && strstarts(path, "..")))
			return false;
	}
	return true;
}

void guest_user_file__path(char *path, size_t size, const char *file)
{
	snprintf(path, size, "user%s%s", *file == '/' ? "" : "/", file);
}

static bool is_vdso(const char *name)
{
	return !strcmp(name, GUEST_VDSO) || !strcmp(name, GUEST_VDSO32);
}

/* Which file is that? GUEST_FILES_MAX if it is one too many. */
static u32 find_file(struct guest_processes *p, const char *path)
{
	struct file key = { .path = (char *)path }, *file, **found;

	found = tfind(&key, &p->by_path, cmp_files);
	if (found)
		return (*found)->nr;
	if (p->nr_files == GUEST_FILES_MAX)
		return GUEST_FILES_MAX;
	file = malloc(sizeof(*file));
	if (!file)
		return GUEST_FILES_MAX;
	file->nr = p->nr_files;
	file->path = strdup(path);
	if (!file->path || !tsearch(file, &p->by_path, cmp_files)) {
		free(file->path);
		free(file);
		return GUEST_FILES_MAX;
	}
	p->files[p->nr_files] = file->path;
	return p->nr_files++;
}

struct reader {
	struct guest_processes *p;
	struct guest_mapping   mappings[GUEST_MAPPINGS_MAX];
	u32		       nr;
};

static int maps_line(void *arg, char *line)
{
	struct reader *reader = arg;
	struct guest_mapping m;
	int path = 0;

	if (reader->nr == GUEST_MAPPINGS_MAX)
		return 1;
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %" SCNx64 " %n", &m.start, &m.end, &m.offset,
		   &path) != 3 || !path)
		return 0;
	if (m.start >= m.end || m.end > GUEST_USER_END || m.offset > GUEST_USER_END)
		return 0;
	if (!strcmp(line + path, GUEST_OTHER)) {
		m.file = GUEST_FILES_MAX;
		if (reader->p->nr_others < GUEST_OTHERS_MAX)
			reader->p->others[reader->p->nr_others++] = m;
		return 0;
	}
	if (!is_vdso(line + path) && !guest_user_path__valid(line + path))
		return 0;
	m.file = find_file(reader->p, line + path);
	if (m.file < GUEST_FILES_MAX)
		reader->mappings[reader->nr++] = m;
	return 0;
}

static int cmp_mappings(const void *a, const void *b)
{
	const struct guest_mapping *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static void drop_overlaps(struct reader *reader)
{
	u32 i, nr = 0;

	qsort(reader->mappings, reader->nr, sizeof(*reader->mappings), cmp_mappings);
	for (i = 0; i < reader->nr; i++) {
		if (!nr || reader->mappings[i].start >= reader->mappings[nr - 1].end)
			reader->mappings[nr++] = reader->mappings[i];
	}
	reader->nr = nr;
}

static u64 hash_mappings(const struct reader *reader)
{
	u64 hash = 0;
	u32 i;

	for (i = 0; i < reader->nr; i++) {
		const struct guest_mapping *m = &reader->mappings[i];

		hash = hash_64(hash ^ m->start ^ m->end << 8 ^ m->offset << 16 ^ m->file, 64);
	}
	return hash;
}

static bool same_mappings(const struct guest_layout *layout, const struct reader *reader)
{
	u32 i;

	if (layout->nr != reader->nr)
		return false;
	for (i = 0; i < layout->nr; i++) {
		const struct guest_mapping *a = &layout->mappings[i], *b = &reader->mappings[i];

		if (a->start != b->start || a->end != b->end || a->offset != b->offset ||
		    a->file != b->file)
			return false;
	}
	return true;
}

static int add_layout(struct reader *reader)
{
	struct guest_processes *p = reader->p;
	size_t size = reader->nr * sizeof(*reader->mappings);
	struct guest_layout *layout;
	u64 hash = hash_mappings(reader);
	u32 i;

	p->nr++;
	for (i = 0; i < p->nr_layouts; i++) {
		if (p->layouts[i].hash == hash && same_mappings(&p->layouts[i], reader))
			return 0;
	}
	layout = &p->layouts[p->nr_layouts];
	layout->mappings = malloc(size);
	if (!layout->mappings)
		return -ENOMEM;
	memcpy(layout->mappings, reader->mappings, size);
	layout->nr = reader->nr;
	layout->hash = hash;
	p->nr_layouts++;
	return 0;
}

static int read_process(struct reader *reader, int root, u32 pid)
{
	char path[32];

	snprintf(path, sizeof(path), "processes/%u", pid);
	reader->nr = 0;
	guest_file__lines(root, path, GUEST_MAPS_LIMIT, maps_line, reader);
	drop_overlaps(reader);
	return reader->nr ? add_layout(reader) : 0;
}

static int cmp_pids(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/* In the order of pids, so that a report does not depend on that of the directory. */
static int read_all(struct reader *reader, int root, DIR *dir)
{
	struct dirent *entry;
	int nr = 0, i, err = 0;
	char *end;
	u32 *pids;

	pids = calloc(GUEST_PROCESSES_MAX, sizeof(*pids));
	if (!pids)
		return -ENOMEM;
	while (nr < GUEST_PROCESSES_MAX && (entry = readdir(dir))) {
		pids[nr] = strtoul(entry->d_name, &end, 10);
		nr += pids[nr] && !*end;
	}
	qsort(pids, nr, sizeof(*pids), cmp_pids);
	for (i = 0; i < nr && !err; i++)
		err = read_process(reader, root, pids[i]);
	free(pids);
	return err;
}

int guest_processes__read(struct guest_processes *p, int root)
{
	struct reader *reader = zalloc(sizeof(*reader));
	int fd, err = -ENOMEM;
	DIR *dir;

	memset(p, 0, sizeof(*p));
	p->layouts = calloc(GUEST_PROCESSES_MAX, sizeof(*p->layouts));
	p->files = calloc(GUEST_FILES_MAX, sizeof(*p->files));
	p->others = calloc(GUEST_OTHERS_MAX, sizeof(*p->others));
	if (!reader || !p->layouts || !p->files || !p->others)
		goto out;
	reader->p = p;
	err = 0;
	fd = guest_file__opendir(root, "processes");
	if (fd < 0)
		goto out;
	dir = fdopendir(fd);
	if (dir) {
		err = read_all(reader, root, dir);
		closedir(dir);
	} else {
		close(fd);
	}
out:
	free(reader);
	return err;
}

void guest_processes__exit(struct guest_processes *p)
{
	u32 i;

	tdestroy(p->by_path, free_file);
	for (i = 0; i < p->nr_files; i++)
		free(p->files[i]);
	for (i = 0; i < p->nr_layouts; i++)
		free(p->layouts[i].mappings);
	free(p->files);
	free(p->layouts);
	free(p->others);
	memset(p, 0, sizeof(*p));
}

const struct guest_mapping *guest_layout__find(const struct guest_layout *layout, u64 addr)
{
	u32 low = 0, high = layout->nr, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (addr < layout->mappings[mid].start)
			high = mid;
		else if (addr >= layout->mappings[mid].end)
			low = mid + 1;
		else
			return &layout->mappings[mid];
	}
	return NULL;
}

int guest_processes__next(const struct guest_processes *p, u64 addr, int from)
{
	u32 i;

	for (i = from; i < p->nr_layouts; i++) {
		if (guest_layout__find(&p->layouts[i], addr))
			return i;
	}
	return -1;
}
