// SPDX-License-Identifier: GPL-2.0
/*
 * Find KVM guests by the file descriptors of their VMMs.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/zalloc.h>
#include "cap.h"
#include "debug.h"
#include "guest/vm/cmdline.h"
#include "guest/vm/vm.h"

#define CMDLINE_MAX	(64 * 1024)

void guest_name__copy(char *to, const char *from, size_t size)
{
	size_t i;

	for (i = 0; i + 1 < size && from[i]; i++)
		to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
	to[i] = '\0';
}

/* Up to @size - 1 bytes of a file in procfs; NUL-terminated. */
static ssize_t read_proc(int dir, const char *path, char *buf, size_t size)
{
	size_t nr = 0;
	ssize_t n;
	int fd;

	fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (nr < size - 1 && (n = read(fd, buf + nr, size - 1 - nr)) > 0)
		nr += n;
	close(fd);
	buf[nr] = '\0';
	return nr;
}

static DIR *opendirat(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d;

	if (fd < 0)
		return NULL;
	d = fdopendir(fd);
	if (!d)
		close(fd);
	return d;
}

static int guest__add_vcpu(struct guest *guest, int id)
{
	struct guest_vcpu *vcpus;
	int i;

	for (i = 0; i < guest->nr_vcpus; i++) {
		if (guest->vcpus[i].id == id)
			return 0;
	}
	vcpus = reallocarray(guest->vcpus, guest->nr_vcpus + 1, sizeof(*vcpus));
	if (!vcpus)
		return -ENOMEM;
	vcpus[guest->nr_vcpus++] = (struct guest_vcpu) { .id = id };
	guest->vcpus = vcpus;
	return 0;
}

/* Return: 1 for a process that has a VM with vCPUs, 0 for any other. */
static int guest__scan_fds(struct guest *guest, int dir)
{
	struct dirent *entry;
	bool vm = false;
	char link[64];
	ssize_t len;
	int id, err = 0;
	DIR *fds;

	fds = opendirat(dir, "fd");
	if (!fds)
		return 0;
	while (!err && (entry = readdir(fds))) {
		len = readlinkat(dirfd(fds), entry->d_name, link, sizeof(link) - 1);
		if (len < 0)
			continue;
		link[len] = '\0';
		if (!strcmp(link, "anon_inode:kvm-vm"))
			vm = true;
		else if (sscanf(link, "anon_inode:kvm-vcpu:%d", &id) == 1)
			err = guest__add_vcpu(guest, id);
	}
	closedir(fds);
	return err ?: vm && guest->nr_vcpus;
}

/* QEMU, Firecracker, Cloud Hypervisor (and crosvm), kvmtool. */
bool guest_vcpu__parse_comm(const char *comm, int *id)
{
	return sscanf(comm, "CPU %d/KVM", id) == 1 ||
	       sscanf(comm, "fc_vcpu %d", id) == 1 ||
	       sscanf(comm, "fc_vcpu%d", id) == 1 ||
	       sscanf(comm, "crosvm_vcpu%d", id) == 1 ||
	       sscanf(comm, "kvm-vcpu-%d", id) == 1 ||
	       sscanf(comm, "vcpu%d", id) == 1;
}

static void guest__set_tid(struct guest *guest, int id, pid_t tid)
{
	int i;

	for (i = 0; i < guest->nr_vcpus; i++) {
		if (guest->vcpus[i].id == id)
			guest->vcpus[i].tid = tid;
	}
}

static void guest__scan_threads(struct guest *guest, int dir)
{
	char path[NAME_MAX + 8], comm[32];
	struct dirent *entry;
	int id, threads = 0;
	DIR *tasks;

	tasks = opendirat(dir, "task");
	if (!tasks)
		return;
	while ((entry = readdir(tasks))) {
		if (!isdigit(entry->d_name[0]))
			continue;
		threads++;
		snprintf(path, sizeof(path), "%s/comm", entry->d_name);
		if (read_proc(dirfd(tasks), path, comm, sizeof(comm)) > 0 &&
		    guest_vcpu__parse_comm(comm, &id))
			guest__set_tid(guest, id, atoi(entry->d_name));
	}
	closedir(tasks);

	/* a VMM without threads can only run its vCPU itself */
	if (threads == 1 && guest->nr_vcpus == 1)
		guest->vcpus[0].tid = guest->pid;
}

static void guest__scan_names(struct guest *guest, int dir)
{
	char comm[32], *args;
	ssize_t size;

	if (read_proc(dir, "comm", comm, sizeof(comm)) > 0) {
		comm[strcspn(comm, "\n")] = '\0';
		guest_name__copy(guest->vmm, comm, sizeof(guest->vmm));
	}
	snprintf(guest->name, sizeof(guest->name), "%d", guest->pid);

	args = malloc(CMDLINE_MAX);
	if (!args)
		return;
	size = read_proc(dir, "cmdline", args, CMDLINE_MAX);
	if (size > 0)
		guest__parse_cmdline(guest, args, size + 1);
	free(args);
}

static int cmp_vcpu(const void *a, const void *b)
{
	const struct guest_vcpu *l = a, *r = b;

	return l->id < r->id ? -1 : l->id > r->id;
}

static int cmp_guest(const void *a, const void *b)
{
	const struct guest *l = a, *r = b;

	return l->pid < r->pid ? -1 : l->pid > r->pid;
}

static int guests__add(struct guests *guests, int proc, const char *pid)
{
	struct guest guest = { .pid = atoi(pid) }, *array;
	int dir, ret;

	dir = openat(proc, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return 0;	/* it has ended since */

	ret = guest__scan_fds(&guest, dir);
	if (ret <= 0)
		goto out;
	guest__scan_threads(&guest, dir);
	guest__scan_names(&guest, dir);
	qsort(guest.vcpus, guest.nr_vcpus, sizeof(*guest.vcpus), cmp_vcpu);

	ret = -ENOMEM;
	array = reallocarray(guests->guest, guests->nr + 1, sizeof(*array));
	if (!array)
		goto out;
	array[guests->nr++] = guest;
	guests->guest = array;
	guest.vcpus = NULL;
	ret = 0;
out:
	free(guest.vcpus);
	close(dir);
	return ret;
}

int guests__scan(struct guests *guests, const char *proc)
{
	struct dirent *entry;
	int err = 0;
	DIR *dir;

	guests->nr = 0;
	guests->guest = NULL;
	dir = opendir(proc);
	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir))) {
		if (isdigit(entry->d_name[0]))
			err = guests__add(guests, dirfd(dir), entry->d_name);
	}
	closedir(dir);
	if (err)
		guests__exit(guests);
	else if (guests->nr)
		qsort(guests->guest, guests->nr, sizeof(*guests->guest), cmp_guest);
	return err;
}

void guests__exit(struct guests *guests)
{
	int i;

	for (i = 0; i < guests->nr; i++)
		free(guests->guest[i].vcpus);
	zfree(&guests->guest);
	guests->nr = 0;
}

const char *guests__lacking(const char *proc, const char *kvm)
{
	struct guests guests;
	bool some;

	if (guests__scan(&guests, proc))
		return NULL;
	some = guests.nr;
	guests__exit(&guests);
	if (some)
		return NULL;
	if (access(kvm, F_OK))
		return "There is no /dev/kvm, so no guest runs: modprobe kvm_amd or kvm_intel";
	return "No KVM guest runs here: start one, or nothing of a guest will be recorded";
}

void guests__warn_lacking(void)
{
	const char *lacking;
	bool used_root;

	/* without it, guests may run unseen */
	if (!perf_cap__capable(CAP_SYS_PTRACE, &used_root))
		return;
	lacking = guests__lacking("/proc", "/dev/kvm");
	if (lacking)
		pr_warning("%s. Recording all the same.\n", lacking);
}

pid_t guest_pid__parse(const char *text)
{
	char *end;
	long pid = strtol(text, &end, 10);

	return *text && !*end && pid > 0 && pid <= INT_MAX ? pid : 0;
}

int guest_pid__is_entry(const struct dirent *entry)
{
	return guest_pid__parse(entry->d_name) > 0;
}

struct guest *guests__find(struct guests *guests, const char *who)
{
	struct guest *found = NULL, *guest;
	pid_t pid = guest_pid__parse(who);

	for (guest = guests->guest; guest < guests->guest + guests->nr; guest++) {
		if (guest->pid == pid)
			return guest;
		if (strcmp(guest->name, who))
			continue;
		if (found) {
			pr_err("There are several guests called %s: use the pid\n", who);
			return NULL;
		}
		found = guest;
	}
	if (!found)
		pr_err("No guest %s runs here; 'perf kvm-callchain list' shows those that do\n",
		       who);
	return found;
}
