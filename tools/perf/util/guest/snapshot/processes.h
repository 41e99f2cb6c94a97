/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a guest's processes have had code, and of which files: as their /proc/PID/maps
 * were when they were taken along (guest_snapshot__take_processes()).
 *
 * A directory of a guest has a file processes/PID for each, with a line for each
 * executable mapping:
 *
 *	START-END OFFSET PATH
 *
 * all numbers in hexadecimal. Code that is in no file, or in none that can be told from
 * others by its path (a container's, a deleted one), is of [other]. The file itself is at
 * user/PATH, if it was taken along; a vDSO is no file of the guest's but has its name, and
 * is at user/[vdso].
 */
#ifndef __PERF_GUEST_PROCESSES_H
#define __PERF_GUEST_PROCESSES_H

#include <stdbool.h>
#include <linux/types.h>

/* What a guest may have of each; the rest is left out. */
#define GUEST_PROCESSES_MAX	4096
#define GUEST_MAPPINGS_MAX	1024	/* of a process */
#define GUEST_FILES_MAX		16384
#define GUEST_USER_FILE_MAX	(256ULL << 20)	/* bytes of a file with code */
#define GUEST_OTHERS_MAX	65536
#define GUEST_PATH_MAX		1024
/* Bytes of a process's file */
#define GUEST_MAPS_LIMIT	(4 << 20)

/* No code of user space is behind it (47 bits, or 56 with five levels of page tables). */
#define GUEST_USER_END		(1ULL << 56)

/* The vDSO of 64-bit processes, and of 32-bit ones: the kernel calls both "[vdso]". */
#define GUEST_VDSO		"[vdso]"
#define GUEST_VDSO32		"[vdso32]"
#define GUEST_OTHER		"[other]"

/**
 * struct guest_mapping - executable memory of a process
 * @start, @end: addresses
 * @offset:	 in the file, of @start
 * @file:	 which of struct guest_processes' files
 */
struct guest_mapping {
	u64 start, end, offset;
	u32 file;
};

/**
 * struct guest_layout - mappings of one or more processes, by address, without overlap
 * @hash: of these
 */
struct guest_layout {
	u64		     hash;
	u32		     nr;
	struct guest_mapping *mappings;
};

/**
 * struct guest_processes - all of a guest's
 * @nr:	     of processes
 * @layouts: those that differ; forked processes share one
 * @others:  code that is [other], of all processes, @nr_others of them at most GUEST_OTHERS_MAX
 * @files:   absolute paths in the guest, and GUEST_VDSO, GUEST_VDSO32
 */
struct guest_processes {
	u32		    nr, nr_layouts, nr_files, nr_others;
	struct guest_mapping *others;
	struct guest_layout *layouts;
	char		    **files;
	void		    *by_path;
};

/**
 * guest_processes__read - read them
 * @p:	  filled in; to be freed by guest_processes__exit()
 * @root: of the guest's directory
 *
 * Lines that say nothing that can be are left out.
 *
 * Return: 0, also if there are none; a negative error.
 */
int guest_processes__read(struct guest_processes *p, int root);
void guest_processes__exit(struct guest_processes *p);

/** guest_layout__find - the mapping that has an address, NULL if there is none */
const struct guest_mapping *guest_layout__find(const struct guest_layout *layout, u64 addr);

/**
 * guest_processes__next - which layouts have code at an address?
 * @from: look at this layout and those behind it
 *
 * Return: the next one, or -1.
 */
int guest_processes__next(const struct guest_processes *p, u64 addr, int from);

/**
 * guest_user_path__valid - can that be the path of a file with code?
 *
 * Absolute and of bounded length, without '.', '..', empty components or anything a
 * terminal would not just show; not one of a file that has been deleted.
 */
bool guest_user_path__valid(const char *path);

/**
 * guest_user_file__path - where the file of a mapping is, below the guest's directory
 * @file: one of struct guest_processes' files
 * @size: of @path; GUEST_PATH_MAX + 8 are enough
 */
void guest_user_file__path(char *path, size_t size, const char *file);

#endif /* __PERF_GUEST_PROCESSES_H */
