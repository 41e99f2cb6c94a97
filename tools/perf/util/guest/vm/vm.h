/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The KVM guests that run on this host, from /proc: a guest is a process that
 * holds KVM VM and vCPU file descriptors, whatever the VMM is called.
 */
#ifndef __PERF_GUEST_LIST_H
#define __PERF_GUEST_LIST_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>
#include <linux/types.h>

struct dirent;

#define GUEST_NAME_MAX	64

/**
 * struct guest_vcpu - a virtual CPU
 * @id:  KVM's id of it
 * @tid: the thread that runs it, 0 when nothing tells which one does
 */
struct guest_vcpu {
	int	id;
	pid_t	tid;
};

/**
 * guest_vcpu__parse_comm - does a thread run a vCPU?
 * @comm: the thread's name, which its VMM has given it
 * @id:	  which one, if so
 */
bool guest_vcpu__parse_comm(const char *comm, int *id);

/** enum guest_kallsyms - what the guest's /proc/kallsyms is good for */
enum guest_kallsyms {
	GUEST_KALLSYMS_NONE,		/* no guest mount, or no such file in it */
	GUEST_KALLSYMS_HIDDEN,		/* all addresses zero: kptr_restrict */
	GUEST_KALLSYMS_OK,
};

/** enum guest_unwind - how the guest kernel's stacks can be walked */
enum guest_unwind {
	GUEST_UNWIND_UNKNOWN,
	GUEST_UNWIND_FP,
	GUEST_UNWIND_ORC,
};

/**
 * struct guest_facts - what the guest's own files say about it
 * @release:  kernel release, empty if unknown; has no '/' and no control characters
 * @kallsyms: whether symbols can be had
 * @unwind:   how its stacks can be walked
 * @kernel_file: there is the file of its kernel, which may have ORC tables
 */
struct guest_facts {
	char			release[GUEST_NAME_MAX];
	enum guest_kallsyms	kallsyms;
	enum guest_unwind	unwind;
	bool			kernel_file;
};

/**
 * struct guest - a virtual machine
 * @pid:	the VMM's process
 * @vmm:	the VMM's program
 * @name:	of the guest, from the VMM's command line; else the pid in digits.
 *		Holds printable ASCII only.
 * @protection:	"sev-es", "tdx" and the like if the command line says that the guest's
 *		registers and memory are not for the host to see; else empty
 * @memory:	bytes the command line gives it, 0 if it does not say
 * @vcpus:	ordered by id
 * @mount:	where its files are seen, "" if nowhere
 */
struct guest {
	pid_t			pid;
	char			vmm[GUEST_NAME_MAX];
	char			name[GUEST_NAME_MAX];
	char			protection[16];
	u64			memory;
	int			nr_vcpus;
	struct guest_vcpu	*vcpus;
	char			mount[PATH_MAX];
	struct guest_facts	facts;
};

struct guests {
	int		nr;
	struct guest	*guest;
};

/**
 * guests__scan - find the guests
 * @guests:	filled in, ordered by pid; to be freed by guests__exit()
 * @proc:	where procfs is mounted
 *
 * Processes whose file descriptors may not be seen are left out. Neither @mount
 * nor @facts are filled in.
 *
 * Return: 0, or a negative error if @proc cannot be read or memory is short.
 */
int guests__scan(struct guests *guests, const char *proc);
void guests__exit(struct guests *guests);

/**
 * guests__lacking - what is missing for guests to be recorded
 * @proc: where procfs is mounted
 * @kvm:  KVM's device
 *
 * Return: the fact and what to do about it; NULL if a guest runs or @proc cannot be read.
 */
const char *guests__lacking(const char *proc, const char *kvm);

/** guests__warn_lacking - say so before recording, which a guest may still start during */
void guests__warn_lacking(void);

/**
 * guests__find - the guest a user means
 * @who: a pid or a name
 *
 * Return: NULL, having said so, if there is none or more than one.
 */
struct guest *guests__find(struct guests *guests, const char *who);

/** guest_pid__parse - Return: the pid that @text is, 0 if it is none */
pid_t guest_pid__parse(const char *text);

/** guest_pid__is_entry - scandir(3)'s filter for what has a pid for a name */
int guest_pid__is_entry(const struct dirent *entry);

/** guest_name__copy - copy a name with all but printable ASCII replaced by '?' */
void guest_name__copy(char *to, const char *from, size_t size);

#endif /* __PERF_GUEST_LIST_H */
