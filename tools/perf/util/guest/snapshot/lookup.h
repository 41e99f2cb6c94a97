/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What perf's commands look up in a snapshot: names of guests, symbols of modules, reboots.
 */
#ifndef __PERF_GUEST_SNAPSHOT_LOOKUP_H
#define __PERF_GUEST_SNAPSHOT_LOOKUP_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct dso;
struct machine;
struct machines;
struct map_symbol;
struct thread;

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
 * Return: true if @thread has got it now.
 */
bool guest_snapshot__set_comm(struct machine *machine, struct thread *thread);

/** guest_snapshot__name_kernel - give a guest's kernel the guest's name, if it has one */
void guest_snapshot__name_kernel(struct dso *kernel, pid_t pid);

/** guest_snapshot__is_release - may a guest's modules be looked for under that name? */
bool guest_snapshot__is_release(const char *name);

/**
 * guest_machine__find - machines__find(), but makes the machine of a guest that has files
 *
 * There may have been no build-id of that guest's to make it for.
 */
struct machine *guest_machine__find(struct machines *machines, pid_t pid);

/**
 * guest_machine__has_modules - are the modules of a machine to be named by its kernel's symbols?
 * @machine: with those modules that were there when recording began
 *
 * Return: false for a host. A guest's are those now that guest_snapshot__look_again() left.
 */
bool guest_machine__has_modules(struct machine *machine);

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

/**
 * guest_frame__mark - tell a guest's frames where the host's may be in the same chain
 *
 * Return: characters written to @bf: " [g]" where both are shown, for a guest's frame;
 * else none.
 */
int guest_frame__mark(const struct map_symbol *ms, char *bf, size_t size);

/** guest_pid__name - what guest_frame__guest() returns, for a VMM's pid */
const char *guest_pid__name(pid_t pid);

#endif /* __PERF_GUEST_SNAPSHOT_LOOKUP_H */
