/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Call frame information of a guest's ELF files (.eh_frame, .debug_frame): from the
 * registers of a frame to those of its caller.
 *
 * libdw reads and looks up the tables; what they say is carried out here. libdwfl
 * would do that too, but it takes a failed read for the end of a stack, can be made
 * to divide by zero, and keeps everything once for each process.
 */
#ifndef __PERF_GUEST_CFI_H
#define __PERF_GUEST_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

/* perf was built with libdw, and that knows call frame information. */
#if defined(HAVE_DWARF_SUPPORT) && defined(HAVE_DWARF_CFI_SUPPORT)
#define HAVE_GUEST_CFI
#endif

struct guest_cfi;

/* By DWARF's numbers for x86-64, which are not perf's. */
enum {
	GUEST_CFI_REG_BP = 6,
	GUEST_CFI_REG_SP = 7,
	GUEST_CFI_REG_IP = 16,
	GUEST_CFI_NR_REGS,
};

/**
 * struct guest_cfi_regs - of a frame
 * @have: bit set of those that are known
 */
struct guest_cfi_regs {
	u64 reg[GUEST_CFI_NR_REGS];
	u32 have;
};

/** struct guest_cfi_memory - what can be read of a process: 8 bytes at any address */
struct guest_cfi_memory {
	bool (*read)(struct guest_cfi_memory *memory, u64 addr, u64 *value);
};

/**
 * enum guest_cfi_step - what there is behind a frame
 * @GUEST_CFI_CALLER: its caller
 * @GUEST_CFI_SIGNAL: code that a signal has interrupted
 * @GUEST_CFI_ROOT:   nothing: the stack begins here
 * @GUEST_CFI_NONE:   the tables have nothing for this code
 * @GUEST_CFI_NO_WORD: a word of the stack that is not there
 * @GUEST_CFI_BAD:    rules that contradict themselves, or are of no known kind
 */
enum guest_cfi_step {
	GUEST_CFI_CALLER,
	GUEST_CFI_SIGNAL,
	GUEST_CFI_ROOT,
	GUEST_CFI_NONE,
	GUEST_CFI_NO_WORD,
	GUEST_CFI_BAD,
};

/**
 * guest_cfi__open - the tables of a file
 * @fd:  of a regular file that does not change; still the caller's
 * @why: in words, if there is none
 *
 * Return: NULL if this is no executable or shared object for x86-64, or if perf was
 * built without libdw; to be freed by guest_cfi__delete().
 */
struct guest_cfi *guest_cfi__open(int fd, const char **why);
void guest_cfi__delete(struct guest_cfi *cfi);

/**
 * guest_cfi__bias - what to add to the file's addresses
 * @start:  where the process has an executable part of the file
 * @offset: of that part in the file
 *
 * Return: false if nothing of the file may be there.
 */
bool guest_cfi__bias(const struct guest_cfi *cfi, u64 start, u64 offset, u64 *bias);

/** guest_cfi__read - 8 bytes of the file itself */
bool guest_cfi__read(const struct guest_cfi *cfi, u64 offset, u64 *value);

/**
 * guest_cfi__step - go to the caller
 * @bias:   from guest_cfi__bias()
 * @pc:     in the function: the address sampled, or one before where a call returns to
 * @regs:   of the frame; of the caller on GUEST_CFI_CALLER and _SIGNAL, else as they were
 * @memory: of the process
 */
enum guest_cfi_step guest_cfi__step(struct guest_cfi *cfi, u64 bias, u64 pc,
				    struct guest_cfi_regs *regs,
				    struct guest_cfi_memory *memory);

#endif /* __PERF_GUEST_CFI_H */
