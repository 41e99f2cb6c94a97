// SPDX-License-Identifier: GPL-2.0
/*
 * Shut a process in.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/kernel.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/sockios.h>
#include <linux/types.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#ifdef HAVE_LIBSECCOMP_SUPPORT
#include <seccomp.h>
#endif
#include "guest/untrusted/syscalls.h"
#include "guest/untrusted/origin.h"
#include "guest/untrusted/wall.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC		4
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE			0x8000
#endif

#define NOBODY	65534

#define NO_PROGRAMS	(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* glibc has it, but in no header */
int capset(struct __user_cap_header_struct *head, const struct __user_cap_data_struct *data);

bool guest_wall_landlock = true;

/* /proc/self/fd, of a process that is shut in */
static int own_fds = -1;

int guest_wall__reopen(int fd, int flags)
{
	char path[32];
	int ret;

	snprintf(path, sizeof(path), own_fds < 0 ? "/proc/self/fd/%d" : "%d", fd);
	ret = openat(own_fds < 0 ? AT_FDCWD : own_fds, path, O_RDONLY | O_CLOEXEC | flags);
	return ret < 0 ? -errno : ret;
}

void guest_wall__limit(int resource, rlim_t max)
{
	struct rlimit rlimit = { max, max };

	setrlimit(resource, &rlimit);
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* The same user in a namespace where that user may have mounts. */
static bool enter_user_namespace(void)
{
	char uids[32], gids[32];

	snprintf(uids, sizeof(uids), "%u %u 1", geteuid(), geteuid());
	snprintf(gids, sizeof(gids), "%u %u 1", getegid(), getegid());
	return !unshare(CLONE_NEWUSER | CLONE_NEWNS) &&
	       write_file("/proc/self/setgroups", "deny") &&
	       write_file("/proc/self/uid_map", uids) && write_file("/proc/self/gid_map", gids);
}

/* Have @fd lead to a mount of its own, out of which ".." does not lead. */
static bool detach(int fd, u64 attributes)
{
	struct mount_attr attr = { .attr_set = attributes };
	int tree = syscall(SYS_open_tree, fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
			   AT_EMPTY_PATH | AT_RECURSIVE);
	bool ok;

	if (tree < 0)
		return false;
	ok = !syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr,
		      sizeof(attr)) && dup3(tree, fd, O_CLOEXEC) == fd;
	close(tree);
	return ok;
}

#define TO_DIR	O_DIRECTORY
#define TO_FILE	(O_NONBLOCK | O_NOCTTY)

/* Have @fd lead to the same, but in this namespace's mounts; @what: TO_DIR or TO_FILE */
static bool reopen_here(int fd, int what)
{
	char self[32], path[PATH_MAX];
	struct stat there, here;
	ssize_t len;
	int new;
	bool ok;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	len = readlink(self, path, sizeof(path) - 1);
	if (len < 0)
		return false;
	path[len] = '\0';
	new = open(path, O_RDONLY | O_CLOEXEC | what);
	if (new < 0)
		return false;
	ok = !fstat(fd, &there) && !fstat(new, &here) && there.st_dev == here.st_dev &&
	     there.st_ino == here.st_ino && dup3(new, fd, O_CLOEXEC) == fd;
	close(new);
	return ok;
}

static bool may_mount(const struct guest_wall *wall, int root)
{
	if (!geteuid())
		return true;
	return enter_user_namespace() && reopen_here(own_fds, TO_DIR) &&
	       (root < 0 || reopen_here(root, TO_DIR)) &&
	       (!wall->out || reopen_here(wall->out, TO_DIR)) &&
	       (!wall->input || reopen_here(wall->input, TO_FILE));
}

/* What is open for reading could be opened for writing by /proc/self/fd, but for its mount. */
static bool detach_input(int fd)
{
	int new = detach(fd, NO_PROGRAMS | MOUNT_ATTR_RDONLY) ?
		  guest_wall__reopen(fd, TO_FILE) : -1;
	bool ok = new >= 0 && dup3(new, fd, O_CLOEXEC) == fd;

	if (new >= 0)
		close(new);
	return ok;
}

/* A root directory with nothing in it but what may be read. */
static bool change_root(const struct guest_wall *wall, int root)
{
	if (!may_mount(wall, root) || !detach(own_fds, NO_PROGRAMS | MOUNT_ATTR_RDONLY) ||
	    (root >= 0 && !detach(root, NO_PROGRAMS | MOUNT_ATTR_RDONLY)) ||
	    (wall->out && !detach(wall->out, NO_PROGRAMS)) ||
	    (wall->input && !detach_input(wall->input)))
		return false;
	return !fchdir(root >= 0 ? root : own_fds) && !chroot(".");
}

#define READ	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE	(READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
		 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG)
/* of the second and the third version, which the headers of a host may not have yet */
#define REFER	(1ULL << 13)
#define TRUNCATE (1ULL << 14)

/* All rights there are to files, by the version of Landlock's interface. */
static const u64 landlock_rights[] = { 0, 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff };

static bool allow(int ruleset, int dir, u64 access)
{
	struct landlock_path_beneath_attr below = { .allowed_access = access, .parent_fd = dir };

	return !syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &below, 0);
}

/* Return: rules that allow nothing yet, -1 without Landlock; @rights: all that it knows */
static int make_rules(u64 *rights)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
			       LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_ruleset_attr attr;

	if (!guest_wall_landlock || version < 1)
		return -1;
	*rights = landlock_rights[min_t(long, version, ARRAY_SIZE(landlock_rights) - 1)];
	attr = (struct landlock_ruleset_attr) { .handled_access_fs = *rights };
	return syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
}

static bool enter_landlock(const struct guest_wall *wall, int root)
{
	u64 rights;
	int rules = make_rules(&rights);
	bool ok;

	if (rules < 0)
		return false;
	/* the first version lets no file move to another directory, as each does when complete */
	if (wall->out && !(rights & REFER)) {
		close(rules);
		return false;
	}
	ok = (root < 0 || allow(rules, root, READ)) &&
	     (!wall->out || allow(rules, wall->out, (WRITE | REFER | TRUNCATE) & rights)) &&
	     !syscall(SYS_landlock_restrict_self, rules, 0);
	close(rules);
	return ok;
}

static int set_capabilities(u32 capabilities)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{ .effective = capabilities, .permitted = capabilities },
	};

	return capset(&head, data) ? -errno : 0;
}

/*
 * Nobody's process, but for the files it opens: what was taken along with a recording is
 * its owner's alone. This is more than needed, where it cannot be done there is the rest.
 */
static void become_nobody(void)
{
	if (setgroups(0, NULL) || prctl(PR_SET_KEEPCAPS, 1) ||
	    setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY) ||
	    set_capabilities(1U << CAP_SETUID | 1U << CAP_SETGID))
		return;
	setfsgid(0);
	setfsuid(0);
}

/* Those that a program would get. */
static void drop_bounding_set(void)
{
	int i;

	for (i = 0; !prctl(PR_CAPBSET_DROP, i); i++)
		;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

#ifdef HAVE_LIBSECCOMP_SUPPORT

/*
 * All that reading, unpacking and writing files takes. By name, as perf's copy of the
 * numbers is incomplete; a name that an architecture does not have is no loss.
 */
static const char * const calls[] = {
	"read", "readv", "pread64", "write", "writev", "pwrite64", "lseek", "fstat",
	"newfstatat", "openat", "openat2", "close", "getdents64", "mkdirat", "unlinkat",
	"renameat", "renameat2", "ftruncate", "poll", "ppoll", "recvfrom", "brk",
	"munmap",
	"mremap", "madvise", "futex", "sysinfo", "getrandom", "clock_gettime", "gettimeofday",
	"clock_nanosleep", "nanosleep", "getpid", "gettid", "sched_yield", "restart_syscall",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "exit", "exit_group",
};

/* The same for a server, whose sockets are TCP's and one pair of Unix's. */
static const char * const calls_of_server[] = {
	"accept4", "epoll_ctl", "epoll_wait", "epoll_pwait", "recvmsg", "sendfile", "shutdown",
};

/* Not those of fcntl() that have the kernel send signals to whom one likes. */
static const unsigned int fcntls[] = {
	F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL,
};

static bool add_call(scmp_filter_ctx filter, const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);

	return nr == __NR_SCMP_ERROR || !seccomp_rule_add(filter, SCMP_ACT_ALLOW, nr, 0);
}

static bool add_call_if(scmp_filter_ctx filter, const char *name, struct scmp_arg_cmp arg)
{
	int nr = seccomp_syscall_resolve_name(name);

	return nr == __NR_SCMP_ERROR ||
	       !seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, nr, 1, &arg);
}

static bool add_option_of_tcp(scmp_filter_ctx filter, int option)
{
	const struct scmp_arg_cmp args[] = {
		SCMP_A1(SCMP_CMP_EQ, IPPROTO_TCP), SCMP_A2(SCMP_CMP_EQ, option),
	};

	return !seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt),
				       ARRAY_SIZE(args), args);
}

static bool add_calls_of_server(scmp_filter_ctx filter)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls_of_server); i++) {
		if (!add_call(filter, calls_of_server[i]))
			return false;
	}
	/* with MSG_FASTOPEN it would connect a socket that has been shut down */
	return add_call_if(filter, "sendmsg", SCMP_A2(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0)) &&
	       add_option_of_tcp(filter, TCP_NODELAY) && add_option_of_tcp(filter, TCP_CORK);
}

static bool add_calls(scmp_filter_ctx filter, const struct guest_wall *wall)
{
	size_t i;

	if (wall->memfd && !add_call(filter, "memfd_create"))
		return false;
	if (wall->serves && !add_calls_of_server(filter))
		return false;
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		if (!add_call(filter, calls[i]))
			return false;
	}
	for (i = 0; i < ARRAY_SIZE(fcntls); i++) {
		if (!add_call_if(filter, "fcntl", SCMP_A1(SCMP_CMP_MASKED_EQ, ~0U, fcntls[i])))
			return false;
	}
	/* no memory that is code; messages and signals to where there is no choice */
	return add_call_if(filter, "mmap", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) &&
	       add_call_if(filter, "mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) &&
	       add_call_if(filter, "sendto", SCMP_A4(SCMP_CMP_EQ, 0)) &&
	       add_call_if(filter, "tgkill", SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
}

static bool can_filter(void)
{
	return prctl(PR_GET_SECCOMP) >= 0;
}

static int filter_calls(const struct guest_wall *wall)
{
	scmp_filter_ctx filter;
	int err = -ENOMEM;

	if (!can_filter())
		return 0;
	filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (filter && add_calls(filter, wall))
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

#else

static bool can_filter(void)
{
	return false;
}

static int filter_calls(const struct guest_wall *wall __maybe_unused)
{
	return 0;
}

#endif

#define TOOL_SECONDS	60
#define TOOL_MEMORY	(2ULL << 30)

/* The guest's file that a program is about to be run for. */
static char tool_file[PATH_MAX];

static void allow_path(int rules, const char *path, u64 access)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	/* what is not there is nothing that the program could do without */
	if (fd < 0)
		return;
	allow(rules, fd, access);
	close(fd);
}

static bool landlock_tool(void)
{
	static const char * const programs[] = {
		"/usr", "/bin", "/lib", "/lib64", "/opt", "/nix/store",
	};
	u64 rights;
	int rules = make_rules(&rights);
	size_t i;
	bool ok;

	if (rules < 0)
		return true;
	for (i = 0; i < ARRAY_SIZE(programs); i++)
		allow_path(rules, programs[i], READ | LANDLOCK_ACCESS_FS_EXECUTE);
	allow_path(rules, "/etc/ld.so.cache", LANDLOCK_ACCESS_FS_READ_FILE);
	allow_path(rules, "/dev/null",
		   LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
	allow_path(rules, tool_file, LANDLOCK_ACCESS_FS_READ_FILE);
	ok = !syscall(SYS_landlock_restrict_self, rules, 0);
	close(rules);
	return ok;
}

#ifdef HAVE_LIBSECCOMP_SUPPORT

/* What a program that prints something about a file does not do. */
static const char * const not_for_tools[] = {
	"socket", "socketpair", "connect", "bind", "ptrace", "process_vm_readv",
	"process_vm_writev", "pidfd_open", "pidfd_getfd", "kill", "tkill", "rt_sigqueueinfo",
	"rt_tgsigqueueinfo", "creat", "openat2", "open_by_handle_at", "unlink", "unlinkat",
	"rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "mkdir",
	"mkdirat", "rmdir", "mknod", "mknodat", "truncate", "chmod", "fchmod", "fchmodat",
	"chown", "lchown", "fchown", "fchownat", "setxattr", "lsetxattr", "fsetxattr",
	"removexattr", "lremovexattr", "fremovexattr", "utime", "utimes", "utimensat",
	"futimesat", "mount", "umount2", "open_tree", "move_mount", "fsopen", "chroot",
	"pivot_root", "unshare", "setns", "bpf", "perf_event_open", "io_uring_setup",
	"userfaultfd", "keyctl", "add_key", "request_key", "init_module", "finit_module",
	"kexec_load", "msgget", "semget", "shmget", "mq_open", "pidfd_send_signal",
	"process_madvise", "name_to_handle_at", "syslog", "quotactl", "acct", "swapon", "reboot",
	"process_mrelease", "setpriority", "ioprio_set", "sched_setaffinity", "sched_setattr",
	"sched_setparam", "sched_setscheduler", "move_pages", "migrate_pages", "msgctl", "msgrcv",
	"msgsnd", "semctl", "semop", "semtimedop", "shmat", "shmctl", "mq_unlink", "setpgid",
	"setsid",
};

/* The same, of later kernels than libseccomp knows; the numbers are everywhere the same. */
static const int newer_not_for_tools[] = {
	452,	/* fchmodat2 */
	463,	/* setxattrat */
	466,	/* removexattrat */
	467,	/* open_tree_attr */
	469,	/* file_setattr */
};

/* Signals from the kernel to whom one likes. */
static const unsigned int fcntls_not_for_tools[] = { F_SETOWN, F_SETOWN_EX, F_SETSIG };

/*
 * What puts words into the mouth of who sits at a terminal, and signals from the kernel to whom
 * one likes.
 */
static const unsigned int ioctls_not_for_tools[] = { TIOCSTI, TIOCLINUX, FIOSETOWN, SIOCSPGRP };

static bool forbid(scmp_filter_ctx filter, const char *name, unsigned int nr,
		   struct scmp_arg_cmp arg)
{
	int call = seccomp_syscall_resolve_name(name);

	return call == __NR_SCMP_ERROR ||
	       !seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), call, nr, &arg);
}

/* @name with one of these in its second argument, of which 32 bits count */
static bool forbid_each(scmp_filter_ctx filter, const char *name, const unsigned int *values,
			size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (!forbid(filter, name, 1, SCMP_A1(SCMP_CMP_MASKED_EQ, ~0U, values[i])))
			return false;
	}
	return true;
}

static bool forbid_all(scmp_filter_ctx filter)
{
	static const int writing[] = { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC };
	struct scmp_arg_cmp none = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(not_for_tools); i++) {
		if (!forbid(filter, not_for_tools[i], 0, none))
			return false;
	}
	for (i = 0; i < ARRAY_SIZE(writing); i++) {
		int w = writing[i];

		if (!forbid(filter, "open", 1, SCMP_A1(SCMP_CMP_MASKED_EQ, w, w)) ||
		    !forbid(filter, "openat", 1, SCMP_A2(SCMP_CMP_MASKED_EQ, w, w)))
			return false;
	}
	if (!forbid_each(filter, "ioctl", ioctls_not_for_tools,
			 ARRAY_SIZE(ioctls_not_for_tools)) ||
	    !forbid_each(filter, "fcntl", fcntls_not_for_tools,
			 ARRAY_SIZE(fcntls_not_for_tools)))
		return false;
	for (i = 0; i < ARRAY_SIZE(newer_not_for_tools); i++) {
		if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), newer_not_for_tools[i], 0))
			return false;
	}
	/* another process's limits; and signals, where it is not its own thread */
	if (!forbid(filter, "prlimit64", 1, SCMP_A0(SCMP_CMP_NE, 0)) ||
	    !forbid(filter, "tgkill", 1, SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid())))
		return false;
	/* in a namespace of its own it would have capabilities; libc does without clone3 */
	return forbid(filter, "clone", 1,
		      SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER)) &&
	       !seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
				 seccomp_syscall_resolve_name("clone3"), 0);
}

static bool filter_tool(void)
{
	scmp_filter_ctx filter;
	bool ok;

	if (!can_filter())
		return true;
	filter = seccomp_init(SCMP_ACT_ALLOW);
	ok = filter && forbid_all(filter) && !seccomp_load(filter);
	seccomp_release(filter);
	return ok;
}

#else

static bool filter_tool(void)
{
	return true;
}

#endif

/* addr2line has its questions there, in a pipe; objdump would have perf's terminal. */
static void close_terminal(void)
{
	int null = isatty(STDIN_FILENO) ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;

	if (null >= 0)
		dup2(null, STDIN_FILENO);
}

static void enter_for_tool(void)
{
	close_terminal();
	setpgid(0, 0);			/* one signal ends it and what it starts */
	prctl(PR_SET_PDEATHSIG, SIGKILL);	/* which the terminal's do not */
	guest_wall__limit(RLIMIT_CORE, 0);
	guest_wall__limit(RLIMIT_FSIZE, 0);		/* its output goes to a pipe */
	guest_wall__limit(RLIMIT_AS, TOOL_MEMORY);
	guest_wall__limit(RLIMIT_CPU, TOOL_SECONDS);
	drop_bounding_set();
	if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || !landlock_tool() ||
	    set_capabilities(0) || !filter_tool())
		_exit(EXIT_FAILURE);
}

void (*guest_wall__for_tool(const char *path))(void)
{
	if (!guest_path__is(path))
		return NULL;
	return realpath(path, tool_file) ? enter_for_tool : NULL;
}

/*
 * A filter leaves no sockets, and a namespace takes as long as all else here. Without rights
 * for a namespace the network stays.
 */
static void leave_network(void)
{
	if (!can_filter())
		unshare(CLONE_NEWNET | CLONE_NEWIPC);
}

int guest_wall__enter(const struct guest_wall *wall)
{
	bool confined;
	int err;

	own_fds = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own_fds < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	confined = change_root(wall, wall->root);
	leave_network();
	confined |= enter_landlock(wall, wall->root);
	/*
	 * With all that root may do, nothing less will do; and what a name is looked up for in a
	 * guest's mount, the guest learns.
	 */
	if (!confined && (!geteuid() || wall->mounted))
		return -EPERM;
	drop_bounding_set();
	if (!wall->mounted && !geteuid())
		become_nobody();
	err = set_capabilities(0);
	/* forgotten when a process becomes another user's */
	if (err || prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return err ?: -errno;
	return filter_calls(wall);
}
