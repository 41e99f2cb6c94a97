/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The 64-bit guest. It starts in ring 0 at kernel_entry with the number of a
 * scenario in rdi and runs that one's path over and over until the VMM stops it.
 * Its entry code leaves on the stack what Linux leaves there: pt_regs, found
 * through rbp 0 after a system call and through an encoded rbp after an
 * interrupt.
 *
 * Interrupts stay enabled all the time (Bochs delivers no external-interrupt
 * exit otherwise), so gates are trap gates and SYSCALL clears no flag.
 */
	.set	bits, 64
#include "frames.S"

#define KERNEL_CS	0x10
#define KERNEL_DS	0x18
#define USER32_CS	0x23
#define USER_DS		0x2b
#define USER_CS		0x33
#define TSS_SEL		0x38
/* IF, and IOPL 3: the ports are for user mode, too */
#define USER_FLAGS	0x3202

#define RESULTS		200
#define WORST_FRAME	0x8000000040		/* tinyvmm.c */

/* ---------------------------------------------------------------- kernel */
	.section .kernel, "awx"
	.code64

	.globl kernel_entry
kernel_entry:
	movabs	$kstack_top, %rsp
	lea	tss(%rip), %rax
	lea	tss_desc(%rip), %rdx
	movw	$103, (%rdx)
	mov	%ax, 2(%rdx)
	shr	$16, %rax
	mov	%al, 4(%rdx)
	movb	$0x89, 5(%rdx)		/* present, available 64-bit TSS */
	mov	%ah, 7(%rdx)
	shr	$16, %rax
	mov	%eax, 8(%rdx)

	lea	entry_int80(%rip), %rax
	lea	idt80(%rip), %rdx
	mov	%ax, (%rdx)
	movw	$KERNEL_CS, 2(%rdx)
	movw	$0xef00, 4(%rdx)	/* present, ring 3 may, trap gate */
	shr	$16, %rax
	mov	%ax, 6(%rdx)
	shr	$16, %rax
	mov	%eax, 8(%rdx)

	lgdt	gdt_ptr(%rip)
	lidt	idt_ptr(%rip)
	mov	$TSS_SEL, %eax
	ltr	%ax

	mov	$0xc0000081, %ecx	/* STAR */
	xor	%eax, %eax
	mov	$(USER32_CS << 16 | KERNEL_CS), %edx
	wrmsr
	mov	$0xc0000082, %ecx	/* LSTAR */
	lea	entry_syscall(%rip), %rax
	mov	%rax, %rdx
	shr	$32, %rdx
	wrmsr
	mov	$0xc0000084, %ecx	/* SFMASK */
	xor	%eax, %eax
	xor	%edx, %edx
	wrmsr

	xor	%esi, %esi
	xor	%ebp, %ebp
	lea	scenarios(%rip), %rax
	mov	(%rax, %rdi, 8), %rax
	sti
	jmp	*%rax

	.balign	8
scenarios:
	.quad	run_kernel, run_user, run_syscall, run_interrupt, run_nested
	.quad	run_kcold, run_ucold, run_compat
	.quad	run_noncanonical, run_misaligned, run_unmapped, run_hole
	.quad	run_wild, run_backward, run_loop, run_badret
	.quad	run_cpuid
	.quad	run_device, run_udevice, run_slots
	.quad	run_worst

/* Ring 0 all the way: k01 to k20. */
	.globl run_kernel_ret
run_kernel:
	call	k01
run_kernel_ret:
	WARM
	jmp	run_kernel

/* To user mode at \entry. */
.macro TO_USER entry, cs=USER_CS, stack=ustack_top
	push	$USER_DS
	movabs	$\stack, %rax
	push	%rax
	push	$USER_FLAGS
	push	$\cs
	movabs	$\entry, %rax
	push	%rax
	iretq
.endm

run_user:
	TO_USER	user_plain
run_syscall:
	TO_USER	user_syscall
run_interrupt:
	TO_USER user_interrupt
run_nested:
	TO_USER	user_nested
run_ucold:
	TO_USER	user_cold
run_compat:
	TO_USER	user_compat, USER32_CS, ustack32_top
run_udevice:
	TO_USER	user_device
run_worst:
	TO_USER	user_worst

/*
 * The lower frames are on a page that the guest itself never touches: they were
 * made by the linker, and nothing returns into them. The stack above is an IRQ
 * stack that was gone to from there.
 */
	.globl run_kcold_ret
run_kcold:
	movabs	$kcold_frame5, %rbp
	lea	c05_ret(%rip), %rax
	push	%rax
	jmp	c06
run_kcold_ret:				/* where c01 would return to */
	hlt

CALLS	k01, k02
CALLS	k02, k03
CALLS	k03, k04
CALLS	k04, k05
CALLS	k05, k06
CALLS	k06, k07
CALLS	k07, k08
CALLS	k08, k09
CALLS	k09, k10
CALLS	k10, k11
CALLS	k11, k12
CALLS	k12, k13
CALLS	k13, k14
CALLS	k14, k15
CALLS	k15, k16
CALLS	k16, k17
CALLS	k17, k18
CALLS	k18, k19
CALLS	k19, k20
LEAF	k20, 4000

/* System call: s01 to s10, under entry_syscall. */
CALLS	s01, s02
CALLS	s02, s03
CALLS	s03, s04
CALLS	s04, s05
CALLS	s05, s06
CALLS	s06, s07
CALLS	s07, s08
CALLS	s08, s09
CALLS	s09, s10
LEAF	s10, 2000

/* Interrupt: i01 to i05, under entry_int80. */
CALLS	i01, i02
CALLS	i02, i03
CALLS	i03, i04
CALLS	i04, i05
LEAF	i05, 20000

/* System call whose leaf n03 is interrupted. */
CALLS	n01, n02
CALLS	n02, n03
FUNC_BEGIN n03
	WORK	16
	int	$0x80
n03_ret:
	WORK	16
FUNC_END n03

/* c01 to c05 never run: kcold holds their frames. */
CALLS	c01, c02
CALLS	c02, c03
CALLS	c03, c04
CALLS	c04, c05
CALLS	c05, c06
CALLS	c06, c07
CALLS	c07, c08
CALLS	c08, c09
FUNC_BEGIN c09
	WARM
98:	call	c10
c09_ret:
	jmp	98b
FUNC_END c09
LEAF	c10, 2000

/*
 * A busy loop with \bp in rbp, which is not what a frame pointer should be, on a
 * stack below every frame used, which itself is not used.
 */
.macro BAD name, bp, sp=bad_stack
	.globl run_\name, run_\name\()_body
run_\name:
	movabs	$\sp, %rsp
	WARM
	movabs	$\bp, %rbp
run_\name\()_body:
	WORK	2000
	jmp	run_\name\()_body
	.globl run_\name\()_tail
run_\name\()_tail:
.endm

	BAD	noncanonical, 0x0000900000000000
	BAD	misaligned, bad_frames + 4
	BAD	unmapped, 0xfffff00000000040, 0xfffff00000000020
	BAD	hole, hole_page + 64, hole_page + 32
	BAD	wild, wild_page + 64, wild_page + 32
	BAD	device, device_frame, device_page + 32
	BAD	backward, back_frame
	BAD	loop, loop_frame_a
	BAD	badret, badret_frame

/*
 * Exits all the time, and frames in the hole, which the VMM fills now and then. What is
 * written goes round some pages, for a dirty log.
 */
	.globl run_slots, run_slots_body, run_slots_tail
run_slots:
	movabs	$hole_page + 32, %rsp
	WARM
	movabs	$hole_page + 64, %rbp
	xor	%edi, %edi
run_slots_body:
	lea	slots_written(%rip), %rax
	incq	(%rax, %rdi)
	add	$1024, %edi
	and	$0x7fff, %edi
	xor	%eax, %eax
	cpuid
	jmp	run_slots_body
run_slots_tail:

/* What RESULTS exits take, each by CPUID at \exit; then tell the VMM. */
.macro TIME_EXITS to, exit
	lea	\to(%rip), %rdi
	mov	$RESULTS, %r8d
1:	rdtsc
	mov	%eax, %r9d
	xor	%eax, %eax
\exit:
	cpuid
	rdtsc
	sub	%r9d, %eax
	mov	%rax, (%rdi)
	add	$8, %rdi
	dec	%r8d
	jnz	1b
	outb	%al, $PORT_DONE
.endm

/* The cost of an exit, 20 frames deep. */
	.globl run_cpuid_ret
run_cpuid:
	call	m01
run_cpuid_ret:
	jmp	run_cpuid

CALLS	m01, m02
CALLS	m02, m03
CALLS	m03, m04
CALLS	m04, m05
CALLS	m05, m06
CALLS	m06, m07
CALLS	m07, m08
CALLS	m08, m09
CALLS	m09, m10
CALLS	m10, m11
CALLS	m11, m12
CALLS	m12, m13
CALLS	m13, m14
CALLS	m14, m15
CALLS	m15, m16
CALLS	m16, m17
CALLS	m17, m18
CALLS	m18, m19
CALLS	m19, m20
FUNC_BEGIN m20
	.globl m20_cpuid
	TIME_EXITS results, m20_cpuid
m20_ret:
FUNC_END m20

/* pt_regs below the words the CPU and PUSH_REGS's caller pushed: Linux's order */
.macro PUSH_REGS
	push	%rdi
	push	%rsi
	push	%rdx
	push	%rcx
	push	%rax
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
.endm

.macro POP_REGS
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rax
	pop	%rcx
	pop	%rdx
	pop	%rsi
	pop	%rdi
.endm

/*
 * As Linux's, these begin at multiples of 16 and have no push %rbp at another one, which would
 * be taken for that of a function.
 */
	.globl entry_syscall, entry_syscall_ret, entry_int80, entry_int80_ret
	.balign	16
entry_syscall:
	mov	%rsp, user_rsp(%rip)
	movabs	$kstack_top, %rsp
	push	$USER_DS
	push	user_rsp(%rip)
	push	%r11
	push	$USER_CS
	push	%rcx
	push	%rax
	PUSH_REGS
	xor	%ebp, %ebp
	call	*%rbx			/* s01 or n01 */
entry_syscall_ret:
	POP_REGS
	add	$8, %rsp		/* orig_ax */
	pop	%rcx
	add	$8, %rsp
	pop	%r11
	pop	%rsp
	sysretq
	.globl entry_syscall_tail
entry_syscall_tail:

	.balign	16
entry_int80:
	cld
	push	$-1
	PUSH_REGS
	lea	1(%rsp), %rbp
	call	i01
entry_int80_ret:
	POP_REGS
	add	$8, %rsp
	iretq
	.globl entry_int80_tail
entry_int80_tail:

	.balign	16
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 08: kernel code, 32 bit */
	.quad	0x00af9b000000ffff	/* 10: kernel code */
	.quad	0x00cf93000000ffff	/* 18: kernel data */
	.quad	0x00cffb000000ffff	/* 20: user code, 32 bit */
	.quad	0x00cff3000000ffff	/* 28: user data */
	.quad	0x00affb000000ffff	/* 30: user code */
tss_desc:
	.quad	0, 0			/* 38: the TSS */
gdt_end:

	.balign	8
tss:
	.long	0
	.quad	kstack_top		/* rsp0 */
	.skip	104 - 12

	.balign	16
idt:
	.skip	0x80 * 16
idt80:
	.skip	16
idt_end:

gdt_ptr:
	.word	gdt_end - gdt - 1
	.quad	gdt
idt_ptr:
	.word	idt_end - idt - 1
	.quad	idt

	.balign	8
user_rsp:
	.quad	0

	.balign	4096
	.skip	2048			/* bad_stack grows down from here */
bad_stack:
	.skip	64
back_frame:				/* says that its caller's is further down */
	.quad	bad_stack, k01_ret
loop_frame_a:
	.quad	loop_frame_b, k01_ret
loop_frame_b:
	.quad	loop_frame_a, k02_ret
badret_frame:
	.quad	bad_frames, 0x1234
bad_frames:
	.quad	0, k01_ret
	.quad	0, 0

	.balign	4096
	.globl results
results:
	.skip	RESULTS * 8

	.balign	4096
slots_written:
	.skip	0x8000

/* ---------------------------------------------------------------- stacks */
	.section .kstack, "aw"
	.skip	8192 - 256
kstack_top:
	.skip	256 - 16
	.quad	c05_ret, kcold_frame5

	.section .ustack, "aw"
	.skip	8192 - 256
ustack_top:
	.skip	256

/* In a page table tree of their own, that nothing but a walk reads. */
	.section .kcold, "a"
	.skip	64
kcold_frame5:
	.quad	1f, c04_ret
	.skip	256
1:	.quad	1f, c03_ret
	.skip	4096
1:	.quad	1f, c02_ret
	.skip	256
1:	.quad	1f, c01_ret
	.skip	64
1:	.quad	0, run_kcold_ret
	.skip	256

	.section .ucold, "a"
	.skip	64
ucold_frame2:
	.quad	1f, d01_ret
	.skip	4096
1:	.quad	0, user_cold_ret
	.skip	256

	.section .hole, "aw", @nobits
hole_page:
	.skip	4096

	.section .wild, "aw", @nobits
wild_page:
	.skip	4096

/*
 * What a device has in its registers: frames of nobody, for the kernel and for user
 * code, as page tables nonsense. A third page is for the VMM to put the top table in.
 */
#define POISON	0x80dead00

	.section .device, "aw"
device_page:
	.skip	64
device_frame:
	.rept	251
	.quad	. + 16, 0xffffffff00000000 + POISON
	.endr
	.skip	16

	.section .udevice, "aw"
udevice_page:
	.skip	64
udevice_frame:
	.rept	251
	.quad	. + 16, POISON
	.endr
	.skip	16

/* ------------------------------------------------------------------ user */
	.section .user, "awx"
	.globl user_plain_ret, user_syscall_ret, user_interrupt_ret
	.globl user_nested_ret, user_cold_ret, user_compat_ret
	.globl user_device, user_device_body, user_device_tail

user_plain:
	call	u01
user_plain_ret:
	WARM
	jmp	user_plain

.macro CHAIN10 p, last
CALLS	\p\()01, \p\()02
CALLS	\p\()02, \p\()03
CALLS	\p\()03, \p\()04
CALLS	\p\()04, \p\()05
CALLS	\p\()05, \p\()06
CALLS	\p\()06, \p\()07
CALLS	\p\()07, \p\()08
CALLS	\p\()08, \p\()09
CALLS	\p\()09, \p\()10
.endm

	CHAIN10	u
CALLS	u10, u11
CALLS	u11, u12
CALLS	u12, u13
CALLS	u13, u14
CALLS	u14, u15
CALLS	u15, u16
CALLS	u16, u17
CALLS	u17, u18
CALLS	u18, u19
CALLS	u19, u20
LEAF	u20, 4000

user_syscall:
	movabs	$s01, %rbx
1:	call	v01
user_syscall_ret:
	WARM
	jmp	1b

user_nested:
	movabs	$n01, %rbx
1:	call	v01
user_nested_ret:
	WARM
	jmp	1b

	CHAIN10	v
FUNC_BEGIN v10
	WORK	16
	syscall
v10_ret:
	WORK	16
FUNC_END v10

user_interrupt:
	call	w01
user_interrupt_ret:
	WARM
	jmp	user_interrupt

	CHAIN10	w
FUNC_BEGIN w10
	WORK	16
	int	$0x80
w10_ret:
	WORK	16
FUNC_END w10

user_cold:
	movabs	$ucold_frame2, %rbp
	lea	d02_ret(%rip), %rax
	push	%rax
	jmp	d03
user_cold_ret:				/* where d01 would return to */
	hlt
CALLS	d01, d02
CALLS	d02, d03
FUNC_BEGIN d03
	WARM
98:	call	d04
d03_ret:
	jmp	98b
FUNC_END d03
LEAF	d04, 2000

user_device:
	WARM
	movabs	$udevice_page + 32, %rsp
	movabs	$udevice_frame, %rbp
user_device_body:
	WORK	2000
	jmp	user_device_body
user_device_tail:

/* The cost of an exit below frames that the VMM has made (tinyvmm -w). */
user_worst:
	movabs	$WORST_FRAME - 32, %rsp
	movabs	$WORST_FRAME, %rbp
	TIME_EXITS user_results, user_worst_cpuid
	jmp	user_worst

	.balign	8
user_results:
	.skip	RESULTS * 8

/* A 32-bit process of the 64-bit guest. */
	.code32
	.set	bits, 32
user_compat:
	call	x01
user_compat_ret:
	WARM
	jmp	user_compat

	CHAIN10	x
LEAF	x10, 2000

	.balign	4096
	.skip	4096 - 256
ustack32_top:
	.skip	256
