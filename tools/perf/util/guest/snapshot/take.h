/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The symbol sources of a guest, taken along with a recording.
 *
 * They go to a directory beside perf.data, PERFDATA.guests, that is laid out as
 * --guestmount wants it: a directory for each guest, named after the VMM's pid. So
 * record and report read it with the code perf has for guest mounts, and
 * perf.data stays as it is for other versions of perf. It also is what keeps
 * that code away from the guest's files: text is written anew from what was
 * understood of it, everything is a regular file, and nothing is too large.
 */
#ifndef __PERF_GUEST_SNAPSHOT_H
#define __PERF_GUEST_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>
#include <linux/types.h>

#include "guest/memory/find.h"

struct guest;
struct guest_dir;
struct guest_module;

/**
 * struct guest_snapshot - what was taken
 * @symbols:	  lines of kallsyms, of the kernel and of modules
 * @modules:	  loaded modules
 * @module_files: those whose files were found
 * @kernel:	  the file of the kernel, if it may have ORC tables, or with the processes' files
 * @processes:	  those that have code of files
 * @user_files:	  files it is of that were copied
 * @left_out:	  files for which there was no room
 * @cached:	  the kernel's part was kept since an earlier recording
 * @memory_err:	  0, or why it was not taken out of the guest's memory, as guest_memory__why()
 *		  has it; -ECANCELED if that was not tried
 * @modules_err:	  the same for the modules
 * @facts:	  of the kernel as its memory has it, if @memory_err is 0
 */
struct guest_snapshot {
	u64	symbols;
	u32	modules;
	u32	module_files;
	bool	kernel;
	u32	processes;
	u32	user_files;
	u32	left_out;
	bool	cached;
	int	memory_err, modules_err;
	struct guest_facts facts;
};

/**
 * GUEST_SNAPSHOT_MAX - bytes of a guest at most, in what was taken and what is new later on;
 * nor more than half of the space that is free when its turn comes
 */
#define GUEST_SNAPSHOT_MAX	(2ULL << 30)

/** GUEST_SNAPSHOT_NAMES - files and directories of a guest, far more than are taken */
#define GUEST_SNAPSHOT_NAMES	(1U << 17)

/**
 * enum guest_snapshot_what - what to take
 * @GUEST_SNAPSHOT_KERNEL:    symbols, modules and tables of the guest's kernel
 * @GUEST_SNAPSHOT_PROCESSES: where its processes have code, and their vDSO
 * @GUEST_SNAPSHOT_FILES:     the files that code is of, too
 * @GUEST_SNAPSHOT_CODE:      the kernel's code, out of its memory
 * @GUEST_SNAPSHOT_CODE_FOR_TABLES: the same of one that may have ORC tables, but whose file
 *			      is not found
 * @GUEST_SNAPSHOT_MEMORY:    its symbols out of its memory, if a mount does not have them
 */
enum guest_snapshot_what {
	GUEST_SNAPSHOT_KERNEL	 = 1,
	GUEST_SNAPSHOT_PROCESSES = 2,
	GUEST_SNAPSHOT_FILES	 = 4,
	GUEST_SNAPSHOT_CODE	 = 8,
	GUEST_SNAPSHOT_CODE_FOR_TABLES = 16,
	GUEST_SNAPSHOT_MEMORY	 = 32,
};

/** guest_snapshot__dir - the directory that belongs to a perf.data file */
void guest_snapshot__dir(char *dir, size_t size, const char *perf_data);

/**
 * guest_snapshot__take - copy a guest's symbol sources, and what else is needed of it
 * @guest:    with @mount and @facts filled in; a guest without a mount gets a
 *	      directory with nothing but its name, so that its samples stay apart
 * @dir:      descriptor of the directory of all guests
 * @what:     GUEST_SNAPSHOT_*
 * @cache:    where what is of the kernel is kept (guest/snapshot/cache.h), or NULL
 * @snapshot: filled in
 *
 * Return: 0; -ETIMEDOUT if the mount did not answer in time (what has been copied
 * so far is left); -ENOSPC, -EDQUOT, -EROFS, -EIO if it could not all be written; another
 * negative error.
 */
int guest_snapshot__take(const struct guest *guest, int dir, unsigned int what,
			 const char *cache, struct guest_snapshot *snapshot);

/**
 * guest_snapshot__finish - have in a guest's directory what perf has put there
 * @guest: as it was for guest_snapshot__take()
 * @dir:   descriptor of the guest's directory
 *
 * To be called when the child that has written there has ended: that may have been the
 * guest's. What the VMM says of the guest is written anew, what is too much removed.
 *
 * Return: 0 or a negative error.
 */
int guest_snapshot__finish(const struct guest *guest, int dir);

/** guest_snapshot__open - a guest's directory in that of all guests; a negative error */
int guest_snapshot__open(int dir, pid_t pid);

#define GUEST_BOOT_ID		"proc/sys/kernel/random/boot_id"
#define GUEST_BOOT_ID_SIZE	64

/** guest_file__boot_id - what tells one boot of a kernel from others; false if there is none */
bool guest_file__boot_id(int root, char *id);

/*
 * Copy the lines of /proc/kallsyms that are of modules ("" the kernel) that are wanted;
 * without @wants all of them. Return: how many.
 */
u64 guest_snapshot__copy_kallsyms(int root, FILE *file,
				  bool (*wants)(void *arg, const char *module), void *arg);

/** guest_snapshot__take_build_id - copy the GNU build-id note of a file of ELF notes */
void guest_snapshot__take_build_id(int root, struct guest_dir *out, const char *path);

#endif /* __PERF_GUEST_SNAPSHOT_H */
