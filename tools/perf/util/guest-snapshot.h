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

struct dso;
struct guest;
struct guest_dir;
struct guest_module;
struct machine;
struct map;
struct map_symbol;
struct perf_event_attr;
struct thread;

/**
 * struct guest_snapshot - what was taken
 * @symbols:	  lines of kallsyms, of the kernel and of modules
 * @modules:	  loaded modules
 * @module_files: those whose files were found
 * @kernel:	  the file of the kernel, if it may have ORC tables, or with the processes' files
 * @processes:	  those that have code of files
 * @user_files:	  files it is of that were copied
 * @left_out:	  files for which there was no room
 */
struct guest_snapshot {
	u64	symbols;
	u32	modules;
	u32	module_files;
	bool	kernel;
	u32	processes;
	u32	user_files;
	u32	left_out;
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
 */
enum guest_snapshot_what {
	GUEST_SNAPSHOT_KERNEL	 = 1,
	GUEST_SNAPSHOT_PROCESSES = 2,
	GUEST_SNAPSHOT_FILES	 = 4,
};

/** guest_snapshot__dir - the directory that belongs to a perf.data file */
void guest_snapshot__dir(char *dir, size_t size, const char *perf_data);

/**
 * guest_snapshot__take - copy a guest's symbol sources, and what else is needed of it
 * @guest:    with @mount and @facts filled in; a guest without a mount gets a
 *	      directory with nothing but its name, so that its samples stay apart
 * @dir:      descriptor of the directory of all guests
 * @what:     GUEST_SNAPSHOT_*
 * @snapshot: filled in
 *
 * Return: 0; -ETIMEDOUT if the mount did not answer in time (what has been copied
 * so far is left); -ENOSPC, -EDQUOT, -EROFS, -EIO if it could not all be written; another
 * negative error.
 */
int guest_snapshot__take(const struct guest *guest, int dir, unsigned int what,
			 struct guest_snapshot *snapshot);

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

/**
 * struct guest_snapshot_change - what is different when a guest is looked at again
 * @unknown:  it did not answer any more
 * @rebooted: another kernel runs there, and nothing was taken of it
 * @booted:   since then, in rdclock(); some seconds late, as a kernel runs before its clock
 * @modules:  loaded since, and taken along
 * @unclear:  modules, old or new, at addresses that had another one's code meanwhile: left
 *	      out, together with new ones that have the name of an old one
 */
struct guest_snapshot_change {
	bool	unknown;
	bool	rebooted;
	s64	booted;
	u32	modules;
	u32	unclear;
};

/**
 * guest_snapshot__look_again - take what has come to a guest since the snapshot
 * @guest:  as it was for guest_snapshot__take()
 * @dir:    descriptor of the directory of all guests
 * @change: filled in
 *
 * Return: 0, also if it cannot be told; -ETIMEDOUT or another negative error if the mount
 * does not answer any more, or what is new cannot be written.
 */
int guest_snapshot__look_again(const struct guest *guest, int dir,
			       struct guest_snapshot_change *change);

/**
 * guest_snapshot__set_rebooted - say that what is in a snapshot is only true before a time
 * @dir:  descriptor of the directory of all guests
 * @time: of samples, in ns
 *
 * Return: 0 or a negative error.
 */
int guest_snapshot__set_rebooted(int dir, pid_t pid, u64 time);

/** guest_snapshot__rebooted - has a guest rebooted before a sample of that time was taken? */
bool guest_snapshot__rebooted(pid_t pid, u64 time);

/**
 * guest_snapshot__name - name of a guest in a snapshot
 * @dir: the directory of all guests, with any contents; if it is symbol_conf.guestmount, it
 *	 counts only if guest_snapshot__use() says so
 *
 * Return: @name with the guest's name or, if there is none, @pid in digits.
 */
const char *guest_snapshot__name(const char *dir, pid_t pid, char *name, size_t size);

/**
 * guest_snapshot__attach - use what was taken along with a perf.data file
 * @perf_data: its path; NULL if it comes through a pipe
 *
 * That is PERFDATA.guests, or another directory beside it that has the id of the recording.
 * Sets symbol_conf.guestmount, unless the user has, and perf_guest. A line says if what is
 * there belongs to another recording or cannot be read: then none of it is used; or that there
 * are links, FIFOs or the like among a guest's files, or too many: then that guest's are not.
 */
void guest_snapshot__attach(const char *perf_data);

/** guest_snapshot__set_id - have the id of what was taken along in an event of a recording */
void guest_snapshot__set_id(struct perf_event_attr *attr, u64 id);

/** guest_snapshot__is_used - has guest_snapshot__use() named where symbols are looked for? */
bool guest_snapshot__is_used(void);

/**
 * guest_snapshot__use - look for symbols in a directory that perf has made
 * @dir: of all guests; NULL to look for them nowhere
 *
 * That tells it from a guest mount, where the guest decides what is there.
 */
void guest_snapshot__use(const char *dir);

/** guest_snapshot__refuse - use nothing of a guest that is there; until another one is used */
void guest_snapshot__refuse(pid_t pid);

/** guest_snapshot__refuses - is that such a guest? */
bool guest_snapshot__refuses(pid_t pid);

/** guest_snapshot__has - is that where symbols are looked for, and is the guest in it? */
bool guest_snapshot__has(pid_t pid);

/** guest_snapshot__comm - what stands for a guest where commands have their names */
void guest_snapshot__comm(char *comm, size_t size, pid_t pid);

/**
 * guest_snapshot__set_comm - the same for the threads of samples, where nothing names them
 *
 * The first time it also lets the user code of the guest be found (guest-user-maps.h).
 */
void guest_snapshot__set_comm(struct machine *machine, struct thread *thread);

/** guest_snapshot__name_kernel - give a guest's kernel the guest's name, if it has one */
void guest_snapshot__name_kernel(struct dso *kernel, pid_t pid);

/**
 * guest_snapshot__correct_modules - have the modules that guest_snapshot__look_again() left
 * @machine: a guest's, with those modules that were there when recording began
 */
void guest_snapshot__correct_modules(struct machine *machine);

/**
 * guest_module__load - symbols of a guest's module, from the guest's kallsyms
 * @dso: the module's, locked and not loaded
 * @map: where the guest has it
 *
 * kallsyms says where each function is. A module's file only says where it is in
 * its section, and where sections are the guest alone knows. So where kallsyms has
 * nothing of it, there are no symbols.
 *
 * Return: false if this is no guest's, nor one of a host that is not here.
 */
bool guest_module__load(struct dso *dso, struct map *map);

/**
 * guest_frame__pid - whose frame of a callchain is it?
 *
 * Return: the VMM's pid for a frame of a guest, with or without a symbol; 0 for the
 * host's, and for a guest that has no symbols of its own.
 */
pid_t guest_frame__pid(const struct map_symbol *ms);

/**
 * guest_frame__guest - the name of that guest, or its VMM's pid in digits
 *
 * Return: a string that is good until the next call.
 */
const char *guest_frame__guest(const struct map_symbol *ms);

/** guest_module_sections - those of a module's sections that may hold code */
#define GUEST_MODULE_SECTIONS	7
extern const char * const guest_module_sections[GUEST_MODULE_SECTIONS];

/**
 * guest_frame__mark - tell a guest's frames where the host's may be in the same chain
 *
 * Return: characters written to @bf: " [g]" where both are shown, for a guest's frame;
 * else none.
 */
int guest_frame__mark(const struct map_symbol *ms, char *bf, size_t size);

/** guest_pid__name - the same for a VMM's pid */
const char *guest_pid__name(pid_t pid);

/** GUEST_SNAPSHOT_ID - file with the id of the recording that it belongs to */
#define GUEST_SNAPSHOT_ID	"id"

#define GUEST_BOOT_ID		"proc/sys/kernel/random/boot_id"
#define GUEST_BOOT_ID_SIZE	64

/** guest_file__boot_id - what tells one boot of a kernel from others; false if there is none */
bool guest_file__boot_id(int root, char *id);

/** guest_module__fprintf - write what guest_module__parse() reads */
void guest_module__fprintf(const struct guest_module *module, FILE *file);

/*
 * Copy the lines of /proc/kallsyms that are of modules ("" the kernel) that are wanted;
 * without @wants all of them. Return: how many.
 */
u64 guest_snapshot__copy_kallsyms(int root, FILE *file,
				  bool (*wants)(void *arg, const char *module), void *arg);

/*
 * The part that is about modules: sources of the names in @modules, @nr of them.
 * @root is the guest's, @out the guest's directory in the snapshot. Return: files copied.
 */
u32 guest_snapshot__take_modules(int root, struct guest_dir *out, const char *release,
				 char modules[][64], u32 nr);

/*
 * The part that is about processes, of the same directories; with their files? Counts
 * in @snapshot.
 */
void guest_snapshot__take_processes(int root, struct guest_dir *out, bool files,
				    struct guest_snapshot *snapshot);

/** guest_snapshot__has_init - is there a first program in a guest's files? In a child. */
bool guest_snapshot__has_init(int root);

/** guest_snapshot__take_build_id - copy the GNU build-id note of a file of ELF notes */
void guest_snapshot__take_build_id(int root, struct guest_dir *out, const char *path);

#endif /* __PERF_GUEST_SNAPSHOT_H */
