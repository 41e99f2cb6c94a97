// SPDX-License-Identifier: GPL-2.0
/*
 * Unwind a guest's kernel by its DWARF with elfutils' libdw, from the registers and
 * stack words that perf unwinds by its ORC tables.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include "orc.h"

/* The only thread of the only process there is. */
#define GUEST_ID	1

/* DWARF's numbers of the registers (System V ABI, AMD64 supplement). */
enum {
	DWARF_DX = 1,
	DWARF_DI = 5,
	DWARF_BP = 6,
	DWARF_SP = 7,
	DWARF_R10 = 10,
	DWARF_R13 = 13,
	DWARF_IP = 16,
};

/**
 * struct dwarf
 * @regs, @stack, @ips, @nr: of the unwinding that is going on
 */
struct dwarf {
	Dwfl *dwfl;
	const struct guest_orc_regs *regs;
	const struct guest_stack *stack;
	u64 *ips;
	u32 nr;
};

static void die(const char *what)
{
	fprintf(stderr, "orc: %s: %s\n", what, dwfl_errmsg(-1));
	exit(1);
}

static const struct image *image_of(void **userdata)
{
	return *userdata;
}

static int find_elf(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
		    char **file_name, Elf **elf)
{
	*file_name = strdup(image_of(userdata)->debug);
	return open(*file_name, O_RDONLY);
}

/* Debian's files for debugging are whole. */
static int find_debuginfo(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
			  const char *file_name, const char *debuglink, GElf_Word crc,
			  char **found)
{
	return -1;
}

static int section_address(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
			   const char *section, GElf_Word index, const GElf_Shdr *shdr,
			   Dwarf_Addr *addr)
{
	const struct image *image = image_of(userdata);
	unsigned int i;

	*addr = -1;
	for (i = 0; i < image->nr_sections; i++)
		if (!strcmp(image->sections[i].name, section))
			*addr = image->sections[i].addr;
	return 0;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = find_elf,
	.find_debuginfo = find_debuginfo,
	.section_address = section_address,
};

static pid_t next_thread(Dwfl *dwfl, void *arg, void **thread)
{
	if (*thread)
		return 0;
	*thread = arg;
	return GUEST_ID;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *arg, void **thread)
{
	*thread = arg;
	return true;
}

/* A word that was not recorded cannot be read. */
static bool memory_read(Dwfl *dwfl, Dwarf_Addr addr, Dwarf_Word *value, void *arg)
{
	struct dwarf *dwarf = arg;
	int which = guest_stack__which(dwarf->stack, addr, sizeof(u64));
	u64 word;

	if (which < 0 || !guest_stack__word(dwarf->stack, which, addr, &word))
		return false;
	*value = word;
	return true;
}

static bool set_reg(Dwfl_Thread *thread, int number, u64 value)
{
	Dwarf_Word word = value;

	return dwfl_thread_state_registers(thread, number, 1, &word);
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
	struct dwarf *dwarf = arg;
	const struct guest_orc_regs *r = dwarf->regs;

	return set_reg(thread, DWARF_IP, r->ip) && set_reg(thread, DWARF_SP, r->sp) &&
	       (!(r->have & GUEST_ORC_HAVE_BP) || set_reg(thread, DWARF_BP, r->bp)) &&
	       (!(r->have & GUEST_ORC_HAVE_DX) || set_reg(thread, DWARF_DX, r->dx)) &&
	       (!(r->have & GUEST_ORC_HAVE_DI) || set_reg(thread, DWARF_DI, r->di)) &&
	       (!(r->have & GUEST_ORC_HAVE_R10) || set_reg(thread, DWARF_R10, r->r10)) &&
	       (!(r->have & GUEST_ORC_HAVE_R13) || set_reg(thread, DWARF_R13, r->r13));
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = memory_read,
	.set_initial_registers = set_registers,
};

static void report(Dwfl *dwfl, const struct image *image)
{
	Dwfl_Module *mod = dwfl_report_module(dwfl, image->debug, image->start, image->end);
	void **userdata;

	if (!mod)
		die(image->debug);
	dwfl_module_info(mod, &userdata, NULL, NULL, NULL, NULL, NULL, NULL);
	*userdata = (void *)image;
}

struct dwarf *dwarf__new(const struct image *images, unsigned int nr)
{
	struct dwarf *dwarf = calloc(1, sizeof(*dwarf));
	unsigned int i, found = 0;

	dwarf->dwfl = dwfl_begin(&callbacks);
	dwfl_report_begin(dwarf->dwfl);
	for (i = 0; i < nr; i++) {
		if (!images[i].debug)
			continue;
		report(dwarf->dwfl, &images[i]);
		found++;
	}
	dwfl_report_end(dwarf->dwfl, NULL, NULL);
	if (!found) {
		dwarf__delete(dwarf);
		return NULL;
	}
	if (!dwfl_attach_state(dwarf->dwfl, NULL, GUEST_ID, &thread_callbacks, dwarf))
		die("libdw");
	return dwarf;
}

void dwarf__delete(struct dwarf *dwarf)
{
	if (!dwarf)
		return;
	dwfl_end(dwarf->dwfl);
	free(dwarf);
}

static int add_frame(Dwfl_Frame *frame, void *arg)
{
	struct dwarf *dwarf = arg;
	Dwarf_Addr ip;

	if (dwarf->nr == MAX_FRAMES || !dwfl_frame_pc(frame, &ip, NULL))
		return DWARF_CB_ABORT;
	dwarf->ips[dwarf->nr++] = ip;
	return DWARF_CB_OK;
}

u32 dwarf__unwind(struct dwarf *dwarf, const struct guest_orc_regs *regs,
		  const struct guest_stack *stack, u64 *ips)
{
	dwarf->regs = regs;
	dwarf->stack = stack;
	dwarf->ips = ips;
	dwarf->nr = 0;
	/* it ends in an error where DWARF knows no more, which is the rule in kernels */
	dwfl_getthread_frames(dwarf->dwfl, GUEST_ID, add_frame, dwarf);
	return dwarf->nr;
}
