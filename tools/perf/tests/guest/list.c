// SPDX-License-Identifier: GPL-2.0
/*
 * Guests are found in a made-up /proc.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/zalloc.h>
#include <perf/threadmap.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "tests/tests.h"
#include "debug.h"
#include "util.h"
#include "util/event.h"
#include "util/guest/vm/cmdline.h"
#include "util/guest/vm/vm.h"
#include "util/machine.h"
#include "util/synthetic-events.h"
#include "util/tool.h"

static int comms;

static void put_file(const char *dir, const char *path, const void *text, size_t size)
{
	char name[PATH_MAX], *slash;
	int fd;

	snprintf(name, sizeof(name), "%s/%s", dir, path);
	slash = strrchr(name, '/');
	*slash = '\0';
	mkdir_p(name, 0755);
	*slash = '/';
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		pr_debug("%s: %m\n", name);
	close(fd);
}

static void put_text(const char *dir, const char *path, const char *text)
{
	put_file(dir, path, text, strlen(text));
}

static void put_fd(const char *dir, int pid, int fd, const char *target)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%s/%d/fd", dir, pid);
	mkdir_p(name, 0755);
	snprintf(name, sizeof(name), "%s/%d/fd/%d", dir, pid, fd);
	if (symlink(target, name) < 0)
		pr_debug("%s: %m\n", name);
}

static void put_thread(const char *dir, int pid, int tid, const char *comm)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/task/%d/comm", pid, tid);
	put_text(dir, path, comm);
}

/* a QEMU guest of two vCPUs, its descriptors and threads in no order */
static void put_qemu(const char *dir)
{
	static const char args[] =
		"/usr/bin/qemu-system-x86_64\0-name\0guest=web,,1,debug-threads=on\0"
		"-m\0size=2097152k,slots=2\0-object\0sev-guest,id=s,policy=0x5";

	put_file(dir, "200/cmdline", args, sizeof(args));
	put_text(dir, "200/comm", "qemu-system-x86\n");
	put_fd(dir, 200, 3, "/dev/kvm");
	put_fd(dir, 200, 9, "anon_inode:kvm-vcpu:1");
	put_fd(dir, 200, 11, "anon_inode:kvm-vm");
	put_fd(dir, 200, 12, "anon_inode:kvm-vcpu:0");
	put_thread(dir, 200, 200, "qemu-system-x86\n");
	put_thread(dir, 200, 207, "CPU 1/KVM\n");
	put_thread(dir, 200, 206, "CPU 0/KVM\n");
	put_thread(dir, 200, 208, "CPU 7/KVM\n");
}

static void put_others(const char *dir)
{
	static const char fc[] = "./firecracker\0--id\0vm\033[2J7\0--api-sock\0/x";
	static const char ch[] = "cloud-hypervisor\0--api-socket\0path=/run/db.sock\0"
				 "--memory\0size=1G,shared=on";
	static const char tiny[] = "/opt/tinyvmm";

	put_file(dir, "90/cmdline", fc, sizeof(fc));
	put_text(dir, "90/comm", "fc_main\n");
	put_fd(dir, 90, 4, "anon_inode:kvm-vm");
	put_fd(dir, 90, 5, "anon_inode:kvm-vcpu:0");
	put_thread(dir, 90, 90, "firecracker\n");
	put_thread(dir, 90, 91, "fc_vcpu 0\n");

	put_file(dir, "1000/cmdline", ch, sizeof(ch));
	put_fd(dir, 1000, 4, "anon_inode:kvm-vm");
	put_fd(dir, 1000, 5, "anon_inode:kvm-vcpu:0");
	put_thread(dir, 1000, 1000, "cloud-hyperviso\n");
	put_thread(dir, 1000, 1003, "vcpu0\n");

	put_file(dir, "300/cmdline", tiny, sizeof(tiny));
	put_fd(dir, 300, 4, "anon_inode:kvm-vm");
	put_fd(dir, 300, 5, "anon_inode:kvm-vcpu:0");
	put_thread(dir, 300, 300, "tinyvmm\n");

	/* libvirtd probes KVM: a VM without vCPUs is no guest */
	put_fd(dir, 50, 4, "anon_inode:kvm-vm");
	/* a vCPU passed to another process is no guest either */
	put_fd(dir, 51, 4, "anon_inode:kvm-vcpu:0");
	put_text(dir, "52/comm", "bash\n");
	put_text(dir, "uptime", "1 2\n");
}

static int check_guest(const struct guest *guest, pid_t pid, const char *vmm, const char *name,
		       u64 memory, const char *protection)
{
	TEST_ASSERT_EQUAL("pid", guest->pid, pid);
	TEST_ASSERT_EQUAL(guest->vmm, strcmp(guest->vmm, vmm), 0);
	TEST_ASSERT_EQUAL(guest->name, strcmp(guest->name, name), 0);
	TEST_ASSERT_VAL("memory", guest->memory == memory);
	TEST_ASSERT_EQUAL(guest->protection, strcmp(guest->protection, protection), 0);
	return TEST_OK;
}

static int check_guests(struct guests *guests)
{
	struct guest *guest = guests->guest;

	TEST_ASSERT_EQUAL("number of guests", guests->nr, 4);
	if (check_guest(&guest[0], 90, "firecracker", "vm?[2J7", 0, "") ||
	    check_guest(&guest[1], 200, "qemu-system-x86_64", "web,1", 2ULL << 30, "sev-es") ||
	    check_guest(&guest[2], 300, "tinyvmm", "300", 0, "") ||
	    check_guest(&guest[3], 1000, "cloud-hypervisor", "db", 1ULL << 30, ""))
		return TEST_FAIL;

	TEST_ASSERT_EQUAL("vCPUs", guest[1].nr_vcpus, 2);
	TEST_ASSERT_EQUAL("first vCPU", guest[1].vcpus[0].id, 0);
	TEST_ASSERT_EQUAL("its thread", guest[1].vcpus[0].tid, 206);
	TEST_ASSERT_EQUAL("second vCPU", guest[1].vcpus[1].id, 1);
	TEST_ASSERT_EQUAL("its thread", guest[1].vcpus[1].tid, 207);
	TEST_ASSERT_EQUAL("Firecracker's", guest[0].vcpus[0].tid, 91);
	TEST_ASSERT_EQUAL("of a VMM without threads", guest[2].vcpus[0].tid, 300);
	TEST_ASSERT_EQUAL("Cloud Hypervisor's", guest[3].vcpus[0].tid, 1003);

	TEST_ASSERT_VAL("by name", guests__find(guests, "web,1") == &guest[1]);
	TEST_ASSERT_VAL("by pid", guests__find(guests, "90") == &guest[0]);
	TEST_ASSERT_VAL("not there", !guests__find(guests, "nobody"));
	return TEST_OK;
}

static int test__guest_list_scan(struct test_suite *test __maybe_unused,
				 int subtest __maybe_unused)
{
	char dir[] = "/tmp/perf-guest-list-XXXXXX";
	struct guests guests;
	int ret = TEST_FAIL;

	if (!mkdtemp(dir))
		return TEST_FAIL;
	put_qemu(dir);
	put_others(dir);
	if (!guests__scan(&guests, dir)) {
		ret = check_guests(&guests);
		guests__exit(&guests);
	}
	rm_rf(dir);
	return ret;
}

static bool lacks(const char *dir, const char *fact)
{
	char kvm[PATH_MAX];
	const char *lacking;

	snprintf(kvm, sizeof(kvm), "%s/kvm", dir);
	lacking = guests__lacking(dir, kvm);
	pr_debug("%s\n", lacking ?: "nothing is lacking");
	return fact ? lacking && strstarts(lacking, fact) : !lacking;
}

static int check_lacking(const char *dir)
{
	put_fd(dir, 50, 4, "anon_inode:kvm-vm");
	TEST_ASSERT_VAL("no KVM", lacks(dir, "There is no /dev/kvm, so no guest runs: "));
	put_text(dir, "kvm", "");
	TEST_ASSERT_VAL("no guest", lacks(dir, "No KVM guest runs here: "));
	put_qemu(dir);
	TEST_ASSERT_VAL("a guest", lacks(dir, NULL));
	TEST_ASSERT_VAL("no /proc", lacks("/nonexistent", NULL));
	return TEST_OK;
}

static int test__guest_list_lacking(struct test_suite *test __maybe_unused,
				    int subtest __maybe_unused)
{
	char dir[] = "/tmp/perf-guest-list-XXXXXX";
	int ret;

	if (!mkdtemp(dir))
		return TEST_FAIL;
	ret = check_lacking(dir);
	rm_rf(dir);
	return ret;
}

struct cmdline {
	const char *args;
	size_t	    size;
	const char *name, *protection;
	u64	    memory;
};

#define CMDLINE(args, ...) { args, sizeof(args), __VA_ARGS__ }

static int test__guest_list_cmdline(struct test_suite *test __maybe_unused,
				    int subtest __maybe_unused)
{
	static const struct cmdline cmdlines[] = {
		CMDLINE("qemu\0-name\0a", "a", "", 0),
		CMDLINE("qemu\0-name\0a,process=p", "a", "", 0),
		CMDLINE("qemu\0-name\0debug-threads=on,guest=b", "b", "", 0),
		CMDLINE("qemu\0-name\0debug-threads=on", "1", "", 0),
		CMDLINE("qemu\0-name", "1", "", 0),
		CMDLINE("qemu\0-m\000512", "1", "", 512ULL << 20),
		CMDLINE("qemu\0-m\0004G,slots=1", "1", "", 4ULL << 30),
		CMDLINE("qemu\0-m\0x", "1", "", 0),
		CMDLINE("qemu\0-object\0sev-snp-guest,id=x", "1", "sev-snp", 0),
		CMDLINE("qemu\0-object\0sev-guest,id=x", "1", "sev", 0),
		CMDLINE("qemu\0-object\0tdx-guest,id=x", "1", "tdx", 0),
		CMDLINE("qemu\0-object\0rng-random,id=x", "1", "", 0),
		CMDLINE("cloud-hypervisor\0--platform\0tdx=on", "1", "tdx", 0),
		CMDLINE("firecracker\0--id=abc", "abc", "", 0),
		CMDLINE("other\0--id\0abc", "1", "", 0),
		CMDLINE("lkvm\0run\0--name\0k\0-m\00064", "k", "", 64ULL << 20),
		CMDLINE("", "1", "", 0),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cmdlines); i++) {
		const struct cmdline *c = &cmdlines[i];
		struct guest guest = { .name = "1" };

		guest__parse_cmdline(&guest, c->args, c->size);
		pr_debug("command line %zu\n", i);
		TEST_ASSERT_EQUAL(guest.name, strcmp(guest.name, c->name), 0);
		TEST_ASSERT_EQUAL(guest.protection, strcmp(guest.protection, c->protection), 0);
		TEST_ASSERT_VAL("memory", guest.memory == c->memory);
	}
	return TEST_OK;
}

static int count_comm(const struct perf_tool *tool __maybe_unused, union perf_event *event,
		      struct perf_sample *sample __maybe_unused,
		      struct machine *machine __maybe_unused)
{
	if (event->header.type == PERF_RECORD_COMM && (pid_t)event->comm.tid == getpid())
		comms++;
	return 0;
}

/* Threads of a VMM that have ended since perf record looked which there are. */
static int test__guest_list_ended(struct test_suite *test __maybe_unused,
				  int subtest __maybe_unused)
{
	struct machine *machine = machine__new_host();
	struct perf_thread_map *threads;
	pid_t pids[4], ended = fork();
	struct perf_tool tool;
	int err;

	if (!ended)
		_exit(0);
	waitpid(ended, NULL, 0);
	pids[0] = pids[2] = pids[3] = ended;
	pids[1] = getpid();
	threads = perf_thread_map__new_array(ARRAY_SIZE(pids), pids);
	TEST_ASSERT_VAL("machine and threads", machine && threads);
	perf_tool__init(&tool, /*ordered_events=*/false);
	comms = 0;
	err = perf_event__synthesize_thread_map(&tool, threads, count_comm, machine, true, false);
	perf_thread_map__put(threads);
	machine__delete(machine);
	TEST_ASSERT_EQUAL("those that are left", err, 0);
	TEST_ASSERT_EQUAL("the one that is", comms, 1);
	return TEST_OK;
}

static struct test_case tests__guest_list[] = {
	TEST_CASE("Guest callchain list, in /proc", guest_list_scan),
	TEST_CASE("Guest callchain list, nothing in it", guest_list_lacking),
	TEST_CASE("Guest callchain list, command lines of VMMs", guest_list_cmdline),
	TEST_CASE("Guest callchain list, threads that have ended", guest_list_ended),
	{ .name = NULL, }
};

struct test_suite suite__guest_list = {
	.desc = "Guest callchain list",
	.test_cases = tests__guest_list,
};
