// SPDX-License-Identifier: GPL-2.0
/*
 * A process that reads a guest's files, and is the guest's by now, tries to get out: what it
 * could do is compared with nothing, what it must be able to do with what is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <netinet/in.h>
#include <subcmd/run-command.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "debug.h"
#include "tests/guest/made-files.h"
#include "tests/tests.h"
#include "util.h"
#include "util/guest/untrusted/child.h"
#include "util/guest/untrusted/file.h"
#include "util/guest/vm/vm.h"
#include "util/guest/snapshot/take.h"
#include "util/guest/untrusted/tool.h"
#include "util/guest/symbols/module-file.h"
#include "util/guest/untrusted/origin.h"
#include "util/guest/untrusted/wall.h"

#define IDLE_MS	10000

static char dir[64];

/**
 * struct prison - what the child is given
 * @out:    directory it may write below
 * @input:  a file it may read
 * @secret: a descriptor that perf has and the child is not to have
 * @perf:   who has started it
 * @memory: of perf, to be read
 */
struct prison {
	int	   out, input, secret;
	pid_t	   perf;
	const char *memory;
	struct sockaddr_in listener;
	struct sockaddr_un local;
};

struct attempt {
	const char *what;
	bool (*succeeds)(const struct prison *prison, int root);
};

static bool opened(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool opens_shadow(const struct prison *p __maybe_unused, int root __maybe_unused)
{
	return opened(open("/etc/shadow", O_RDONLY)) || opened(open("/etc/passwd", O_RDONLY));
}

#define UP	"../../../../../../../../../.."

static bool climbs_out(const struct prison *p, int root)
{
	return opened(openat(root, UP "/etc/passwd", O_RDONLY)) ||
	       opened(openat(p->out, UP "/etc/passwd", O_RDONLY)) ||
	       opened(openat(AT_FDCWD, UP "/etc/passwd", O_RDONLY));
}

static bool finds_proc(const struct prison *p, int root __maybe_unused)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/environ", p->perf);
	return opened(open(path, O_RDONLY)) || opened(open("/proc/self/mem", O_RDWR)) ||
	       opened(open("/proc/self/root/etc/passwd", O_RDONLY));
}

static bool writes_beside(const struct prison *p, int root)
{
	/* where this one comes to be is seen from outside */
	close(openat(p->out, "../beside", O_WRONLY | O_CREAT, 0600));
	return opened(openat(root, "beside", O_WRONLY | O_CREAT, 0600)) ||
	       opened(openat(root, "inside", O_WRONLY | O_TRUNC)) ||
	       opened(open("/tmp/beside", O_WRONLY | O_CREAT, 0600)) ||
	       !mkdirat(root, "directory", 0700) || !unlinkat(root, "inside", 0) ||
	       !renameat(p->out, "written", root, "written") ||
	       !symlinkat("/etc/passwd", p->out, "link");
}

static bool writes_input(const struct prison *p, int root __maybe_unused)
{
	return opened(guest_wall__reopen(p->input, O_WRONLY));
}

static bool connects(const struct prison *p, int root __maybe_unused)
{
	int inet = socket(AF_INET, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0);

	return (inet >= 0 && !connect(inet, (const struct sockaddr *)&p->listener,
				      sizeof(p->listener))) ||
	       (local >= 0 && !connect(local, (const struct sockaddr *)&p->local,
				       sizeof(p->local)));
}

static bool reaches_perf(const struct prison *p, int root __maybe_unused)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)p->memory, 1 };

	return !ptrace(PTRACE_SEIZE, p->perf, NULL, NULL) ||
	       process_vm_readv(p->perf, &here, 1, &there, 1, 0) == 1 || !kill(p->perf, 0) ||
	       !fcntl(p->out, F_SETOWN, p->perf);
}

static bool runs_something(const struct prison *p __maybe_unused, int root __maybe_unused)
{
	char *const argv[] = { (char *)"true", NULL };
	pid_t pid = fork();

	if (pid < 0) {
		/* would not come back */
		execv("/bin/true", argv);
		return false;
	}
	if (!pid)
		_exit(0);
	return true;
}

static bool gets_rights(const struct prison *p __maybe_unused, int root __maybe_unused)
{
	return !unshare(CLONE_NEWUSER) || !mount("none", "/", "tmpfs", 0, NULL) ||
	       !chroot(".") || !setuid(0);
}

static bool has_descriptors(const struct prison *p, int root __maybe_unused)
{
	return fcntl(p->secret, F_GETFD) >= 0;
}

static bool runs_data(const struct prison *p __maybe_unused, int root __maybe_unused)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return !mprotect(page, 4096, PROT_READ | PROT_EXEC) ||
	       mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	       MAP_FAILED;
}

static bool makes_memory(const struct prison *p __maybe_unused, int root __maybe_unused)
{
	return opened(memfd_create("more", 0));
}

static const struct attempt attempts[] = {
	{ "opens the host's files", opens_shadow },
	{ "climbs out of its directories", climbs_out },
	{ "has /proc", finds_proc },
	{ "writes beside its output", writes_beside },
	{ "writes to what it reads", writes_input },
	{ "connects", connects },
	{ "reaches perf", reaches_perf },
	{ "runs something", runs_something },
	{ "gets more rights", gets_rights },
	{ "has perf's descriptors", has_descriptors },
	{ "makes code", runs_data },
	{ "has memory that is in no limit", makes_memory },
};

/* @did: a bit for each attempt that succeeded; @works: what it is there for */
struct outcome {
	unsigned int did;
	bool	     works;
};

static int try(void *arg, void *result, int root)
{
	const struct prison *prison = arg;
	struct outcome *outcome = result;
	char text[16], input[16];
	size_t i;
	int fd;

	outcome->did = 0;
	for (i = 0; i < ARRAY_SIZE(attempts); i++)
		outcome->did |= attempts[i].succeeds(prison, root) << i;
	fd = openat(prison->out, "written", O_WRONLY | O_CREAT | O_EXCL, 0600);
	outcome->works = guest_file__read(root, "inside", text, sizeof(text)) == 4 &&
			 !strcmp(text, "text") &&
			 read(prison->input, input, sizeof(input)) == 5 &&
			 fd >= 0 && write(fd, "text", 4) == 4 &&
			 !close(fd) && guest_file__read(prison->out, "written", text,
							sizeof(text)) == 4;
	return 0;
}

/* Somebody who would be connected to, on an address of its own. */
static int make_listeners(struct prison *prison, int fds[2])
{
	socklen_t len = sizeof(prison->listener);

	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	fds[1] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	prison->listener = (struct sockaddr_in) {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	prison->local = (struct sockaddr_un) { .sun_family = AF_UNIX };
	snprintf(prison->local.sun_path + 1, sizeof(prison->local.sun_path) - 1, "perf-%d",
		 getpid());
	return bind(fds[0], (struct sockaddr *)&prison->listener, len) ||
	       getsockname(fds[0], (struct sockaddr *)&prison->listener, &len) ||
	       bind(fds[1], (struct sockaddr *)&prison->local, sizeof(prison->local)) ||
	       listen(fds[0], 9) || listen(fds[1], 9);
}

static int check_prison(bool mounted)
{
	struct prison prison = { .perf = getpid(), .memory = dir };
	struct guest_child child = {
		.fn = try, .arg = &prison, .mounted = mounted, .idle_ms = IDLE_MS,
	};
	struct outcome outcome = { .did = ~0U };
	char read_dir[80], out_dir[80], input[80];
	int listeners[2], err;
	bool beside;
	size_t i;

	snprintf(read_dir, sizeof(read_dir), "%s/read", dir);
	snprintf(out_dir, sizeof(out_dir), "%s/out", dir);
	snprintf(input, sizeof(input), "%s/input", dir);
	child.dir = read_dir;
	child.input = prison.input = open(input, O_RDONLY | O_CLOEXEC);
	child.out = prison.out = guest_file__root(out_dir);
	/* a number that the child does not come to have */
	prison.secret = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 900);
	TEST_ASSERT_VAL("set-up", prison.out > 0 && prison.input > 0 && prison.secret > 0 &&
			!make_listeners(&prison, listeners));
	err = guest_child__run(&child, &outcome, sizeof(outcome));
	unlinkat(prison.out, "written", 0);
	beside = !unlinkat(prison.out, "../beside", 0);
	close(prison.out);
	close(prison.input);
	close(prison.secret);
	close(listeners[0]);
	close(listeners[1]);
	TEST_ASSERT_EQUAL("it runs", err, 0);
	for (i = 0; i < ARRAY_SIZE(attempts); i++) {
		if (outcome.did & 1U << i)
			pr_debug("it %s\n", attempts[i].what);
	}
	TEST_ASSERT_EQUAL("what it could do", outcome.did, 0);
	TEST_ASSERT_VAL("a file beside its output", !beside);
	TEST_ASSERT_VAL("what it is there for", outcome.works);
	return TEST_OK;
}

static int check_prisons(void)
{
	int ret = TEST_OK, landlock, mounted;

	for (landlock = 0; landlock < 2; landlock++) {
		for (mounted = 0; mounted < 2; mounted++) {
			guest_wall_landlock = landlock;
			pr_debug("%s Landlock%s\n", landlock ? "with" : "without",
				 mounted ? ", of a mount" : "");
			if (check_prison(mounted) != TEST_OK)
				ret = TEST_FAIL;
		}
	}
	guest_wall_landlock = true;
	return ret;
}

static int make_dirs(void)
{
	char out[80];

	strcpy(dir, "/tmp/perf-guest-wall-XXXXXX");
	if (!mkdtemp(dir) || made_file__put(dir, "read/inside", "text", 4) ||
	    made_file__put(dir, "input", "input", 5))
		return -1;
	snprintf(out, sizeof(out), "%s/out", dir);
	return mkdir(out, 0700);
}

static int test__guest_wall_stands(struct test_suite *test __maybe_unused,
				   int subtest __maybe_unused)
{
	int ret;

	if (make_dirs())
		return TEST_FAIL;
	ret = check_prisons();
	rm_rf(dir);
	return ret;
}

#define SOMEBODY	12345

/* The same of somebody who has no rights that others do not have. */
static int test__guest_wall_user(struct test_suite *test __maybe_unused,
				 int subtest __maybe_unused)
{
	int status = -1;
	pid_t pid;

	if (geteuid())
		return TEST_SKIP;
	pid = fork();
	if (!pid) {
		if (setresgid(SOMEBODY, SOMEBODY, SOMEBODY) ||
		    setresuid(SOMEBODY, SOMEBODY, SOMEBODY) || make_dirs())
			_exit(2);
		/* as if it always had been somebody's */
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		status = check_prisons() != TEST_OK;
		rm_rf(dir);
		_exit(status);
	}
	waitpid(pid, &status, 0);
	TEST_ASSERT_EQUAL("somebody's child", status, 0);
	return TEST_OK;
}

static int wait_for_end(void *arg, void *result __maybe_unused, int root __maybe_unused)
{
	int fd = *(const int *)arg;
	char byte = 0;

	return send(fd, &byte, 1, MSG_NOSIGNAL) == 1 && recv(fd, &byte, 1, 0) == 1 ? 0 : -EIO;
}

/* What the kernel says of a process, in /proc/PID/status */
static bool is_said(pid_t pid, const char *expected)
{
	char path[32], line[256];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		found = !strcmp(line, expected);
	}
	if (file)
		fclose(file);
	if (!found)
		pr_debug("not: %s\n", expected);
	return found;
}

static bool is_walled_in(pid_t pid)
{
	return is_said(pid, "CapEff:\t0000000000000000") &&
	       is_said(pid, "CapPrm:\t0000000000000000") &&
	       (geteuid() || is_said(pid, "CapBnd:\t0000000000000000")) &&
	       (geteuid() || is_said(pid, "Uid:\t65534\t65534\t65534\t0")) &&
	       (geteuid() || is_said(pid, "Groups:\t ")) &&
	       is_said(pid, "NoNewPrivs:\t1") && is_said(pid, "Seccomp:\t2");
}

static int test__guest_wall_said(struct test_suite *test __maybe_unused,
				 int subtest __maybe_unused)
{
	struct guest_child child = { .fn = wait_for_end };
	int fds[2], ret;
	char byte;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return TEST_FAIL;
	child.fd = fds[1];
	child.arg = &fds[1];
	pid = guest_child__start(&child);
	close(fds[1]);
	TEST_ASSERT_VAL("starts", pid > 0);
	ret = recv(fds[0], &byte, 1, 0) == 1 && is_walled_in(pid) ? TEST_OK : TEST_FAIL;
	close(fds[0]);
	guest_child__end(pid);
	return ret;
}

#define LARGE	(2200UL << 20)

static int allocate(void *arg __maybe_unused, void *result __maybe_unused,
		    int root __maybe_unused)
{
	char *some = malloc(10 << 20);

	if (some)
		memset(some, 1, 10 << 20);
	return some ? 0 : -ENOMEM;
}

/* The more perf has, the more its child has from the start. */
static int test__guest_wall_memory(struct test_suite *test __maybe_unused,
				   int subtest __maybe_unused)
{
	struct guest_child child = { .fn = allocate, .idle_ms = IDLE_MS };
	void *large = mmap(NULL, LARGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int err;

	if (large == MAP_FAILED)
		return TEST_FAIL;
	err = guest_child__run(&child, NULL, 0);
	munmap(large, LARGE);
	TEST_ASSERT_EQUAL("child of a large perf", err, 0);
	return TEST_OK;
}

#define SMALL_DISK	(64 << 20)

/* In memory that is shared: the bytes that could be written, and whether there was an end */
struct filled {
	int  out;
	u64  bytes;
	bool full;
};

/* More and more files, some of which have no name, until somebody puts an end to it */
static int fill_disk(void *arg, void *result __maybe_unused, int root __maybe_unused)
{
	static const char block[64 << 10];
	struct filled *filled = arg;
	char name[32];
	int fd, nr;
	ssize_t n;

	for (nr = 0; !filled->full; nr++) {
		snprintf(name, sizeof(name), "%d", nr);
		fd = openat(filled->out, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
		while ((n = write(fd, block, sizeof(block))) > 0 &&
		       lseek(fd, 0, SEEK_CUR) < 1 << 20)
			filled->bytes += n;
		filled->full = n < 0 && errno == ENOSPC;
		if (nr < 30)
			unlinkat(filled->out, name, 0);
		else
			close(fd);
		guest_child__got_something();
		usleep(20000);
	}
	return 0;
}

static int check_disk(struct filled *filled)
{
	const struct guest guest = { .name = "n", .vmm = "qemu" };
	struct guest_child child = { .fn = fill_disk, .arg = filled, .idle_ms = IDLE_MS };
	struct statvfs after;
	int err;

	filled->out = child.out = guest_file__root(dir);
	TEST_ASSERT_VAL("a small disk", filled->out > 0);
	err = guest_child__run(&child, NULL, 0);
	pr_debug("%" PRIu64 " bytes\n", filled->bytes);
	TEST_ASSERT_EQUAL("it is killed", err, -ENOSPC);
	TEST_ASSERT_VAL("in time", !filled->full && filled->bytes > SMALL_DISK / 2);
	TEST_ASSERT_EQUAL("the rest can be written", guest_snapshot__finish(&guest, child.out), 0);
	TEST_ASSERT_VAL("what has no name is gone", !fstatvfs(child.out, &after) &&
			after.f_bavail * after.f_frsize > SMALL_DISK / 3);
	close(child.out);
	return TEST_OK;
}

/* A child that is the guest's does not fill the disk. */
static int test__guest_wall_disk(struct test_suite *test __maybe_unused,
				 int subtest __maybe_unused)
{
	struct filled *filled = mmap(NULL, sizeof(*filled), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char options[32];
	int ret = TEST_FAIL;

	strcpy(dir, "/tmp/perf-guest-wall-XXXXXX");
	if (geteuid() || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return TEST_SKIP;
	snprintf(options, sizeof(options), "size=%d", SMALL_DISK);
	if (filled == MAP_FAILED || !mkdtemp(dir))
		return TEST_FAIL;
	if (!mount("none", dir, "tmpfs", 0, options)) {
		ret = check_disk(filled);
		umount2(dir, MNT_DETACH);
	}
	rmdir(dir);
	return ret;
}

/* A child of @pid that is nobody's, while it runs */
static bool has_nobodys_child(pid_t pid)
{
	char path[64];
	int child = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "r");
	if (file && fscanf(file, "%d", &child) != 1)
		child = 0;
	if (file)
		fclose(file);
	return child && is_said(child, "Uid:\t65534\t65534\t65534\t0");
}

#define ZEROS	(64 << 20)

/* What unpacks a module of a recording need not be root's. */
static int test__guest_wall_unpacks(struct test_suite *test __maybe_unused,
				    int subtest __maybe_unused)
{
	char name[96], unpacked[64];
	bool nobodys = false;
	int status = -1;
	pid_t pid;

	if (geteuid())
		return TEST_SKIP;
	TEST_ASSERT_VAL("set-up", !make_dirs() && !made_file__put(dir, "x", "\177ELF", 4));
	snprintf(name, sizeof(name), "%s/x", dir);
	TEST_ASSERT_VAL("a large file", !truncate(name, ZEROS));
	pid = fork();
	if (!pid) {
		status = guest_module__unpack(name, unpacked, sizeof(unpacked));
		if (status >= 0)
			unlink(unpacked);
		_exit(status < 0);
	}
	while (!waitpid(pid, &status, WNOHANG)) {
		nobodys = nobodys || has_nobodys_child(pid);
		usleep(500);
	}
	rm_rf(dir);
	TEST_ASSERT_EQUAL("it unpacks", status, 0);
	TEST_ASSERT_VAL("as nobody", nobodys);
	return TEST_OK;
}

static int test__guest_wall_names(struct test_suite *test __maybe_unused,
				  int subtest __maybe_unused)
{
	static const struct {
		const char *path;
		bool guests;
	} paths[] = {
		{ "/tmp/perf.data.guests/1/user/bin/x", true },
		{ "/tmp/perf.data.guests.0a1b/1/user/bin/x", true },
		{ "/tmp/my.guests-today.guests/1/user/bin/x", true },
		{ "/tmp/my.guests-today.guests.0a1b/1/user/bin/x", true },
		{ "/tmp/my.guests-today/1/user/bin/x", false },
		{ "/tmp/perf.data.guests/user/bin/x", false },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paths); i++)
		TEST_ASSERT_EQUAL(paths[i].path, guest_path__is(paths[i].path), paths[i].guests);
	return TEST_OK;
}

#define MODULE	"x.guests/1/module"

/* Return: what finish_command() does; @bytes of @script's output have come */
static int run_tool(const char *script, size_t *bytes)
{
	const char *argv[4] = { "/bin/sh", "-c", script, NULL };
	struct child_process tool = { .argv = argv, .out = -1 };
	char path[96], *line = NULL;
	size_t size = 0;
	ssize_t n;
	FILE *file;

	*bytes = 0;
	snprintf(path, sizeof(path), "%s/" MODULE, dir);
	tool.preexec_cb = guest_wall__for_tool(path);
	if (!tool.preexec_cb || start_command(&tool))
		return -1;
	file = guest_tool__output(&tool);
	while (file && (n = getline(&line, &size, file)) >= 0)
		*bytes += n;
	free(line);
	n = finish_command(&tool);
	if (file)
		fclose(file);
	close(tool.out);
	return n;
}

static const struct {
	const char *script, *why;
	size_t bytes;
} tools[] = {
	{ "echo one; echo two", "", 8 },
	{ "while :; do echo; done | cat", ": it prints too much", 0 },
	{ "yes | tr -d '\\n'", ": it prints too much", 0 },
	{ "sleep 60", ": it takes too long", 0 },
	{ "sleep 60 | sleep 60", ": it takes too long", 0 },
	{ "while :; do echo; sleep 0.1; done", ": it takes too long", 0 },
	{ "exec sleep 60 >&-", ": it does not end", 0 },
};

/* What objdump prints, or who is in its place. */
static int test__guest_wall_tools(struct test_suite *test __maybe_unused,
				  int subtest __maybe_unused)
{
	s64 begin, before = guest_tool_ms;
	int ret = TEST_OK, err;
	size_t i, bytes;

	if (make_dirs() || made_file__put(dir, MODULE, "", 0))
		return TEST_FAIL;
	for (i = 0; i < ARRAY_SIZE(tools); i++) {
		guest_tool_ms = strstr(tools[i].why, "long") ? 500 : 30000;
		begin = guest_child__now_ms();
		err = run_tool(tools[i].script, &bytes);
		if (!err != !*tools[i].why || strcmp(guest_tool__why(), tools[i].why) ||
		    (!err && bytes != tools[i].bytes) || bytes > 32 << 20 ||
		    guest_child__now_ms() - begin > 40000) {
			pr_debug("%s: %d%s, %zu bytes\n", tools[i].script, err,
				 guest_tool__why(), bytes);
			ret = TEST_FAIL;
		}
	}
	guest_tool_ms = before;
	rm_rf(dir);
	return ret;
}

static struct test_case tests__guest_wall[] = {
	TEST_CASE("Guest callchain wall, nothing else can be done behind it", guest_wall_stands),
	TEST_CASE("Guest callchain wall, of a user without rights", guest_wall_user),
	TEST_CASE("Guest callchain wall, what the kernel says of it", guest_wall_said),
	TEST_CASE("Guest callchain wall, memory on top of perf's", guest_wall_memory),
	TEST_CASE("Guest callchain wall, the disk stays free", guest_wall_disk),
	TEST_CASE("Guest callchain wall, whose process unpacks", guest_wall_unpacks),
	TEST_CASE("Guest callchain wall, which files are a guest's", guest_wall_names),
	TEST_CASE("Guest callchain wall, what a tool prints", guest_wall_tools),
	{ .name = NULL, }
};

struct test_suite suite__guest_wall = {
	.desc = "Guest callchain wall",
	.test_cases = tests__guest_wall,
};
