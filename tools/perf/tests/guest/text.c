// SPDX-License-Identifier: GPL-2.0
/*
 * A guest kernel's code: taken from a made-up /proc/kcore, good and bad, and calls told
 * from what is none.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <sys/stat.h>
#include "tests/tests.h"
#include "debug.h"
#include "util.h"
#include "util/guest/untrusted/dir.h"
#include "util/guest/untrusted/file.h"
#include "util/guest/snapshot/kcore.h"
#include "util/guest/snapshot/take-kcore.h"

/* The last bytes before an address; as an assembler has it. */
static const struct {
	const char *insn;
	bool call;
	u8 nr, bytes[8];
} cases[] = {
	{ "call rel32",			true,  5, { 0xe8, 0x01, 0x02, 0x03, 0x04 } },
	{ "call *%rax",			true,  2, { 0xff, 0xd0 } },
	{ "call *%r11",			true,  3, { 0x41, 0xff, 0xd3 } },
	{ "call *(%rax)",		true,  2, { 0xff, 0x10 } },
	{ "call *(%rsp)",		true,  3, { 0xff, 0x14, 0x24 } },
	{ "call *0x10(%rbx)",		true,  3, { 0xff, 0x53, 0x10 } },
	{ "call *0x10(%rsp)",		true,  4, { 0xff, 0x54, 0x24, 0x10 } },
	{ "call *0x100(%rbx)",		true,  6, { 0xff, 0x93, 0, 1, 0, 0 } },
	{ "call *0x100(%rsp)",		true,  7, { 0xff, 0x94, 0x24, 0, 1, 0, 0 } },
	{ "call *0x100(%rip)",		true,  6, { 0xff, 0x15, 0, 1, 0, 0 } },
	{ "call *0x100(,%rax,8)",	true,  7, { 0xff, 0x14, 0xc5, 0, 1, 0, 0 } },
	{ "nops",			false, 8, { [0 ... 7] = 0x90 } },
	{ "jmp rel32",			false, 5, { 0xe9, 1, 2, 3, 4 } },
	{ "jmp *%rax",			false, 2, { 0xff, 0xe0 } },
	{ "push (%rax)",		false, 2, { 0xff, 0x30 } },
	{ "dec %eax",			false, 2, { 0xff, 0xc8 } },
	{ "half a call *0x10(%rbx)",	false, 2, { 0xff, 0x53 } },
	{ "half a call *0x100(%rip)",	false, 5, { 0xff, 0x15, 0, 1, 0 } },
	{ "half a call rel32",		false, 4, { 0xe8, 1, 2, 3 } },
	{ "call *%rax; nop",		false, 3, { 0xff, 0xd0, 0x90 } },
	{ "nothing",			false, 0, { } },
	{ "one byte",			false, 1, { 0xff } },
};

static int test__calls(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	u8 code[16];
	size_t i;
	int bad = 0;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (x86_64__ends_in_call(cases[i].bytes, cases[i].nr) != cases[i].call) {
			pr_debug("%s\n", cases[i].insn);
			bad++;
		}
		/* what is before it does not matter */
		memset(code, 0x90, sizeof(code));
		memcpy(code + sizeof(code) - cases[i].nr, cases[i].bytes, cases[i].nr);
		if (x86_64__ends_in_call(code, sizeof(code)) != cases[i].call) {
			pr_debug("%s, behind nops\n", cases[i].insn);
			bad++;
		}
	}
	return bad ? TEST_FAIL : TEST_OK;
}

#define TEXT		0xffffffff81000000ULL
#define TEXT_SIZE	0x3000
#define MODULE		0xffffffffc0000000ULL
/* The last function and 4 KiB; what is behind that is not code. */
#define MODULE_SIZE	0x1800

/* A core file with the kernel's code at @text_at and a module's behind it. */
struct made_kcore {
	Elf64_Ehdr head;
	Elf64_Phdr segments[2];
	u8	   before[0x1000];
	u8	   text[TEXT_SIZE];
	u8	   module[MODULE_SIZE];
	u8	   data[0x1800];
};

static void make_kcore(struct made_kcore *k)
{
	memset(k, 0, sizeof(*k));
	memcpy(k->head.e_ident, ELFMAG, SELFMAG);
	k->head.e_ident[EI_CLASS] = ELFCLASS64;
	k->head.e_ident[EI_DATA] = ELFDATA2LSB;
	k->head.e_type = ET_CORE;
	k->head.e_machine = EM_X86_64;
	k->head.e_phoff = offsetof(struct made_kcore, segments);
	k->head.e_phentsize = sizeof(Elf64_Phdr);
	k->head.e_phnum = 2;
	k->segments[0] = (Elf64_Phdr) {
		.p_type = PT_LOAD, .p_vaddr = TEXT - 0x1000, .p_filesz = TEXT_SIZE + 0x1000,
		.p_offset = offsetof(struct made_kcore, text) - 0x1000,
	};
	k->segments[1] = (Elf64_Phdr) {
		.p_type = PT_LOAD, .p_vaddr = MODULE, .p_filesz = MODULE_SIZE + sizeof(k->data),
		.p_offset = offsetof(struct made_kcore, module),
	};
	memset(k->text, 0x90, sizeof(k->text));
	k->text[0x100] = 0xe8;
	k->module[MODULE_SIZE - 2] = 0xff;
	k->module[MODULE_SIZE - 1] = 0xd0;
}

static int put(const char *dir, const char *path, const void *data, size_t size)
{
	char name[PATH_MAX];
	int fd;

	snprintf(name, sizeof(name), "%s/%s", dir, path);
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return -1;
	return close(fd);
}

/* The guest's files and the snapshot may be the same directory: nothing collides. */
static char *make_dir(const struct made_kcore *k, size_t size)
{
	static const char kallsyms[] = "ffffffff81000000 T _stext\nffffffff81003000 T _etext\n"
				       "ffffffffc0000000 t first\t[one]\n"
				       "ffffffffc0000800 t last\t[one]\n"
				       "ffffffffc0001f00 d data\t[one]\n"
				       "ffffffffd0000000 t gone\t[gone]\n";
	static const char modules[] = "one 12288 0 - Live 0xffffffffc0000000\n"
				      "gone 4096 0 - Live 0xffffffffd0000000\n"
				      "huge 9999999999 0 - Live 0xffffffffc0000000\n";
	char *dir = strdup("/tmp/perf-guest-text-XXXXXX"), proc[64];

	if (!dir || !mkdtemp(dir))
		return NULL;
	snprintf(proc, sizeof(proc), "%s/proc", dir);
	if (mkdir(proc, 0700) || put(dir, "proc/kcore", k, size) ||
	    put(dir, "proc/kallsyms", kallsyms, sizeof(kallsyms) - 1) ||
	    put(dir, "proc/modules", modules, sizeof(modules) - 1))
		return NULL;
	return dir;
}

static u64 take(const struct made_kcore *k, size_t size, struct guest_text *text)
{
	char *dir = make_dir(k, size);
	struct guest_dir out;
	u64 taken = 0;

	memset(text, 0, sizeof(*text));
	if (!dir)
		return 0;
	out = (struct guest_dir) { .fd = guest_file__root(dir) };
	if (out.fd >= 0) {
		taken = guest_text__take(out.fd, &out);
		guest_text__load(text, out.fd);
		close(out.fd);
	}
	rm_rf(dir);
	free(dir);
	return taken;
}

static int test__take(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	struct guest_text text;
	struct made_kcore k;

	make_kcore(&k);
	TEST_ASSERT_EQUAL("taken", (int)take(&k, sizeof(k), &text), TEXT_SIZE + MODULE_SIZE);
	TEST_ASSERT_EQUAL("behind a call", guest_text__behind_call(&text, TEXT + 0x105),
			  GUEST_TEXT_CALL);
	TEST_ASSERT_EQUAL("next", guest_text__behind_call(&text, TEXT + 0x106),
			  GUEST_TEXT_NO_CALL);
	TEST_ASSERT_EQUAL("first", guest_text__behind_call(&text, TEXT + 1), GUEST_TEXT_NO_CALL);
	TEST_ASSERT_EQUAL("before", guest_text__behind_call(&text, TEXT), GUEST_TEXT_UNKNOWN);
	TEST_ASSERT_EQUAL("end", guest_text__behind_call(&text, TEXT + TEXT_SIZE),
			  GUEST_TEXT_NO_CALL);
	TEST_ASSERT_EQUAL("behind it", guest_text__behind_call(&text, TEXT + TEXT_SIZE + 1),
			  GUEST_TEXT_UNKNOWN);
	TEST_ASSERT_EQUAL("module's end", guest_text__behind_call(&text, MODULE + MODULE_SIZE),
			  GUEST_TEXT_CALL);
	guest_text__exit(&text);
	return TEST_OK;
}

/* Nothing is taken, or only what is there. */
static int test__bad(struct test_suite *test __maybe_unused, int subtest __maybe_unused)
{
	struct guest_text text;
	struct made_kcore k;
	size_t size;

#define CHECK_BAD(what, want, ...) do {						\
	make_kcore(&k);								\
	__VA_ARGS__;								\
	TEST_ASSERT_EQUAL(what, (int)take(&k, sizeof(k), &text), want);		\
	guest_text__exit(&text);						\
} while (0)

	CHECK_BAD("no ELF", 0, k.head.e_ident[0] = 0);
	CHECK_BAD("another machine", 0, k.head.e_machine = EM_AARCH64);
	CHECK_BAD("no core file", 0, k.head.e_type = ET_EXEC);
	CHECK_BAD("other headers", 0, k.head.e_phentsize = 32);
	CHECK_BAD("too many", 0, k.head.e_phnum = 0xffff);
	CHECK_BAD("headers elsewhere", 0, k.head.e_phoff = -8ULL);
	CHECK_BAD("segment behind the end", MODULE_SIZE, k.segments[0].p_offset = 1 << 30);
	CHECK_BAD("offset overflows", MODULE_SIZE, k.segments[0].p_offset = -0x800ULL);
	CHECK_BAD("offset is negative", MODULE_SIZE, k.segments[0].p_offset = 1ULL << 63);
	CHECK_BAD("segment too short", MODULE_SIZE, k.segments[0].p_filesz = TEXT_SIZE);
	CHECK_BAD("no segment", TEXT_SIZE, k.segments[1].p_type = PT_NOTE);

	make_kcore(&k);
	for (size = 0; size < sizeof(k); size += 97) {
		take(&k, size, &text);
		guest_text__exit(&text);
	}
	return TEST_OK;
}

static struct test_case tests__guest_text[] = {
	TEST_CASE("calls", calls),
	TEST_CASE("taken from /proc/kcore", take),
	TEST_CASE("bad /proc/kcore", bad),
	{ .name = NULL, }
};

struct test_suite suite__guest_text = {
	.desc = "Guest callchain kernel code",
	.test_cases = tests__guest_text,
};
