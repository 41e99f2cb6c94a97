// SPDX-License-Identifier: GPL-2.0
/*
 * Carry out what the call frame information of x86-64 files says, as libdw finds it.
 */
#include <linux/compiler.h>
#include "guest/snapshot/processes.h"
#include "guest/unwind/cfi.h"

#ifdef HAVE_GUEST_CFI
#include <dwarf.h>
#include <elf.h>
#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <elfutils/libdw.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/zalloc.h>
#include <sys/stat.h>

#define PAGE		4096ULL
#define SEGMENTS_MAX	16
/* Of .debug_frame and all that comes along with it, once unpacked. */
#define UNPACKED_MAX	(512ULL << 20)

/* Words an expression may have on its stack, and operations. */
#define WORDS_MAX	32
#define OPS_MAX		256

struct segment {
	u64 offset, size, addr;
};

/**
 * struct guest_cfi - a file
 * @eh:	       of .eh_frame, NULL if it has none
 * @debug:     of .debug_frame, once it is asked for
 * @has_debug: there may be one, and it has not been looked at
 * @segments:  executable ones
 */
struct guest_cfi {
	Elf	       *elf;
	const char     *data;
	size_t	       size;
	Dwarf_CFI      *eh;
	Dwarf	       *dwarf;
	Dwarf_CFI      *debug;
	bool	       has_debug;
	unsigned int   nr_segments;
	struct segment segments[SEGMENTS_MAX];
};

void guest_cfi__delete(struct guest_cfi *cfi)
{
	if (!cfi)
		return;
	/* @debug is @dwarf's */
	if (cfi->eh)
		dwarf_cfi_end(cfi->eh);
	if (cfi->dwarf)
		dwarf_end(cfi->dwarf);
	elf_end(cfi->elf);
	free(cfi);
}

static const char *check_head(Elf *elf)
{
	GElf_Ehdr head;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &head))
		return "no ELF file";
	if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB ||
	    head.e_machine != EM_X86_64)
		return "not for x86-64";
	if (head.e_type != ET_EXEC && head.e_type != ET_DYN)
		return "neither executable nor shared object";
	return NULL;
}

static bool find_segments(struct guest_cfi *cfi)
{
	size_t i, nr;
	GElf_Phdr ph;

	if (elf_getphdrnum(cfi->elf, &nr))
		return false;
	for (i = 0; i < nr && cfi->nr_segments < SEGMENTS_MAX; i++) {
		if (!gelf_getphdr(cfi->elf, i, &ph))
			return false;
		if (ph.p_type != PT_LOAD || !(ph.p_flags & PF_X) || ph.p_offset > cfi->size ||
		    ph.p_filesz > cfi->size - ph.p_offset)
			continue;
		cfi->segments[cfi->nr_segments++] = (struct segment) {
			.offset = ph.p_offset, .size = ph.p_filesz, .addr = ph.p_vaddr,
		};
	}
	return cfi->nr_segments;
}

static bool is_debug_frame(Elf *elf, size_t names, const GElf_Shdr *sh)
{
	const char *name = elf_strptr(elf, names, sh->sh_name);

	return name && sh->sh_type != SHT_NOBITS && !strcmp(name, ".debug_frame");
}

/*
 * For .debug_frame libdw opens, and unpacks, all debug sections. A small file may say
 * that they are a thousand times as large as they are in it.
 */
static bool has_debug_frame(Elf *elf)
{
	size_t names, unpacked = 0;
	Elf_Scn *section = NULL;
	bool found = false;
	GElf_Shdr sh;
	GElf_Chdr ch;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &sh))
			return false;
		found |= is_debug_frame(elf, names, &sh);
		if (!(sh.sh_flags & SHF_COMPRESSED))
			continue;
		if (!gelf_getchdr(section, &ch) || ch.ch_size > UNPACKED_MAX - unpacked)
			return false;
		unpacked += ch.ch_size;
	}
	return found;
}

static const char *load(struct guest_cfi *cfi, int fd)
{
	const char *why;
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return "no regular file";
	if (st.st_size < (off_t)sizeof(Elf64_Ehdr) || st.st_size > (off_t)GUEST_USER_FILE_MAX)
		return "too small or too large";
	cfi->elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!cfi->elf)
		return "no ELF file";
	why = check_head(cfi->elf);
	if (why)
		return why;
	/* what is not mapped is read now: the descriptor is not ours */
	cfi->data = elf_rawfile(cfi->elf, &cfi->size);
	if (!cfi->data || elf_cntl(cfi->elf, ELF_C_FDREAD))
		return "unreadable file";
	if (!find_segments(cfi))
		return "no code in it";
	cfi->eh = dwarf_getcfi_elf(cfi->elf);
	cfi->has_debug = has_debug_frame(cfi->elf);
	return NULL;
}

struct guest_cfi *guest_cfi__open(int fd, const char **why)
{
	struct guest_cfi *cfi = zalloc(sizeof(*cfi));

	*why = "out of memory";
	if (!cfi)
		return NULL;
	elf_version(EV_CURRENT);
	*why = load(cfi, fd);
	if (*why) {
		guest_cfi__delete(cfi);
		return NULL;
	}
	return cfi;
}

bool guest_cfi__bias(const struct guest_cfi *cfi, u64 start, u64 offset, u64 *bias)
{
	const struct segment *segment;
	unsigned int i;

	for (i = 0; i < cfi->nr_segments; i++) {
		segment = &cfi->segments[i];
		if (offset < (segment->offset & -PAGE) ||
		    offset >= segment->offset + segment->size)
			continue;
		*bias = start - offset + segment->offset - segment->addr;
		return !(*bias % PAGE);
	}
	return false;
}

bool guest_cfi__read(const struct guest_cfi *cfi, u64 offset, u64 *value)
{
	if (cfi->size < sizeof(*value) || offset > cfi->size - sizeof(*value))
		return false;
	memcpy(value, cfi->data + offset, sizeof(*value));
	return true;
}

/* A step in the making. */
struct step {
	const struct guest_cfi_regs *regs;
	struct guest_cfi_memory	    *memory;
	u64			    bias, cfa;
	bool			    no_word;
};

struct words {
	u64	     word[WORDS_MAX];
	unsigned int nr;
	bool	     bad;
};

static void push(struct words *w, u64 value)
{
	if (w->nr < WORDS_MAX)
		w->word[w->nr++] = value;
	else
		w->bad = true;
}

static u64 pop(struct words *w)
{
	if (w->nr)
		return w->word[--w->nr];
	w->bad = true;
	return 0;
}

static u64 get_reg(const struct step *step, u64 reg, bool *bad)
{
	if (reg < GUEST_CFI_NR_REGS && (step->regs->have & 1U << reg))
		return step->regs->reg[reg];
	*bad = true;
	return 0;
}

static u64 read_word(struct step *step, u64 addr, bool *bad)
{
	u64 value = 0;

	if (!step->memory->read(step->memory, addr, &value)) {
		step->no_word = true;
		*bad = true;
	}
	return value;
}

static u64 binary(unsigned int op, u64 a, u64 b, bool *bad)
{
	switch (op) {
	case DW_OP_and:
		return a & b;
	case DW_OP_or:
		return a | b;
	case DW_OP_xor:
		return a ^ b;
	case DW_OP_plus:
		return a + b;
	case DW_OP_minus:
		return a - b;
	case DW_OP_mul:
		return a * b;
	case DW_OP_shl:
		return b < 64 ? a << b : 0;
	case DW_OP_shr:
		return b < 64 ? a >> b : 0;
	case DW_OP_eq:
		return a == b;
	case DW_OP_ne:
		return a != b;
	case DW_OP_lt:
		return (s64)a < (s64)b;
	case DW_OP_le:
		return (s64)a <= (s64)b;
	case DW_OP_gt:
		return (s64)a > (s64)b;
	case DW_OP_ge:
		return (s64)a >= (s64)b;
	default:
		*bad = true;
		return 0;
	}
}

/* Operations on what is on top of the stack. */
static void stack_op(struct step *step, const Dwarf_Op *op, struct words *w)
{
	u64 b = pop(w), a;

	switch (op->atom) {
	case DW_OP_plus_uconst:
		push(w, b + op->number);
		break;
	case DW_OP_deref:
		push(w, read_word(step, b, &w->bad));
		break;
	case DW_OP_drop:
		break;
	case DW_OP_dup:
		push(w, b);
		push(w, b);
		break;
	default:
		a = pop(w);
		push(w, binary(op->atom, a, b, &w->bad));
	}
}

static void one_op(struct step *step, const Dwarf_Op *op, struct words *w)
{
	switch (op->atom) {
	case DW_OP_nop:
		break;
	case DW_OP_lit0 ... DW_OP_lit31:
		push(w, op->atom - DW_OP_lit0);
		break;
	case DW_OP_const1u ... DW_OP_consts:
		push(w, op->number);
		break;
	case DW_OP_addr:
		push(w, op->number + step->bias);
		break;
	case DW_OP_reg0 ... DW_OP_reg31:
		push(w, get_reg(step, op->atom - DW_OP_reg0, &w->bad));
		break;
	case DW_OP_regx:
		push(w, get_reg(step, op->number, &w->bad));
		break;
	case DW_OP_breg0 ... DW_OP_breg31:
		push(w, get_reg(step, op->atom - DW_OP_breg0, &w->bad) + op->number);
		break;
	case DW_OP_bregx:
		push(w, get_reg(step, op->number, &w->bad) + op->number2);
		break;
	default:
		stack_op(step, op, w);
	}
}

/*
 * libdw puts DW_OP_call_frame_cfa in front of what is the place of a register, and
 * DW_OP_stack_value behind it where it is the register's value. There are no branches,
 * so each operation is done once at most.
 */
static bool evaluate(struct step *step, const Dwarf_Op *ops, size_t nr, u64 *value)
{
	struct words w = { .nr = 0 };
	bool place = false;
	size_t i;

	if (!nr || nr > OPS_MAX)
		return false;
	for (i = 0; i < nr && !w.bad; i++) {
		if (ops[i].atom == DW_OP_call_frame_cfa) {
			push(&w, step->cfa);
			place = true;
		} else if (ops[i].atom == DW_OP_stack_value) {
			place = false;
		} else {
			one_op(step, &ops[i], &w);
		}
	}
	*value = pop(&w);
	if (place && !w.bad)
		*value = read_word(step, *value, &w.bad);
	return !w.bad;
}

/* Has the caller's register a rule that says that it has no value? */
static bool is_undefined(Dwarf_Frame *frame, unsigned int reg)
{
	Dwarf_Op memory[3], *ops;
	size_t nr;

	return !dwarf_frame_register(frame, reg, memory, &ops, &nr) && !nr && ops == memory;
}

static bool caller_reg(struct step *step, Dwarf_Frame *frame, unsigned int reg, u64 *value)
{
	Dwarf_Op memory[3], *ops;
	size_t nr;

	if (dwarf_frame_register(frame, reg, memory, &ops, &nr))
		return false;
	if (nr)
		return evaluate(step, ops, nr, value);
	*value = step->regs->reg[reg];
	/* without operations it is what it was, or undefined */
	return !ops && (step->regs->have & 1U << reg);
}

static enum guest_cfi_step follow(struct step *step, Dwarf_Frame *frame,
				  struct guest_cfi_regs *caller)
{
	unsigned int reg;
	bool has_cfa;
	Dwarf_Op *ops;
	size_t nr;

	*caller = (struct guest_cfi_regs) { .have = 0 };
	/* then its CFA need not be anywhere either */
	if (is_undefined(frame, GUEST_CFI_REG_IP))
		return GUEST_CFI_ROOT;

	has_cfa = !dwarf_frame_cfa(frame, &ops, &nr) && evaluate(step, ops, nr, &step->cfa);
	for (reg = 0; has_cfa && reg < GUEST_CFI_NR_REGS; reg++) {
		/* of the last one, the address returned to, it is of interest */
		step->no_word = false;
		if (caller_reg(step, frame, reg, &caller->reg[reg]))
			caller->have |= 1U << reg;
	}
	if (step->no_word)
		return GUEST_CFI_NO_WORD;
	if (~caller->have & (1U << GUEST_CFI_REG_IP | 1U << GUEST_CFI_REG_SP))
		return GUEST_CFI_BAD;
	return GUEST_CFI_CALLER;
}

static Dwarf_CFI *debug_frame(struct guest_cfi *cfi)
{
	if (cfi->has_debug) {
		cfi->has_debug = false;
		cfi->dwarf = dwarf_begin_elf(cfi->elf, DWARF_C_READ, NULL);
		cfi->debug = cfi->dwarf ? dwarf_getcfi(cfi->dwarf) : NULL;
	}
	return cfi->debug;
}

static Dwarf_Frame *find_frame(struct guest_cfi *cfi, u64 pc)
{
	Dwarf_Frame *frame;
	Dwarf_CFI *debug;

	if (cfi->eh && !dwarf_cfi_addrframe(cfi->eh, pc, &frame))
		return frame;
	debug = debug_frame(cfi);
	return debug && !dwarf_cfi_addrframe(debug, pc, &frame) ? frame : NULL;
}

enum guest_cfi_step guest_cfi__step(struct guest_cfi *cfi, u64 bias, u64 pc,
				    struct guest_cfi_regs *regs,
				    struct guest_cfi_memory *memory)
{
	struct step step = { .regs = regs, .memory = memory, .bias = bias };
	struct guest_cfi_regs caller;
	enum guest_cfi_step ret;
	Dwarf_Frame *frame;
	Dwarf_Addr start, end;
	bool signal;

	frame = find_frame(cfi, pc - bias);
	if (!frame)
		return GUEST_CFI_NONE;
	ret = GUEST_CFI_BAD;
	if (dwarf_frame_info(frame, &start, &end, &signal) == GUEST_CFI_REG_IP)
		ret = follow(&step, frame, &caller);
	free(frame);
	if (ret != GUEST_CFI_CALLER)
		return ret;
	*regs = caller;
	return signal ? GUEST_CFI_SIGNAL : GUEST_CFI_CALLER;
}

#else /* without libdw there are frame pointers */

struct guest_cfi *guest_cfi__open(int fd __maybe_unused, const char **why)
{
	*why = "perf was built without libdw";
	return NULL;
}

void guest_cfi__delete(struct guest_cfi *cfi __maybe_unused)
{
}

bool guest_cfi__bias(const struct guest_cfi *cfi __maybe_unused, u64 start __maybe_unused,
		     u64 offset __maybe_unused, u64 *bias __maybe_unused)
{
	return false;
}

bool guest_cfi__read(const struct guest_cfi *cfi __maybe_unused, u64 offset __maybe_unused,
		     u64 *value __maybe_unused)
{
	return false;
}

enum guest_cfi_step guest_cfi__step(struct guest_cfi *cfi __maybe_unused,
				    u64 bias __maybe_unused, u64 pc __maybe_unused,
				    struct guest_cfi_regs *regs __maybe_unused,
				    struct guest_cfi_memory *memory __maybe_unused)
{
	return GUEST_CFI_NONE;
}
#endif
