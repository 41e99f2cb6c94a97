/* SPDX-License-Identifier: GPL-2.0 */
/*
 * void host_path(const char *pages, uint64_t *results, unsigned int nr)
 *
 * As many frames as the guest's path to m20 has, in an ordinary process: h20
 * touches the pages, one fault each, and stores what each took by the TSC.
 */
	.set	bits, 64
#include "frames.S"

	.text
	.globl host_path
host_path:
	push	%rbp
	push	%rbx
	mov	%rsi, %rbx
	mov	%edx, %r10d
	xor	%ebp, %ebp
	call	h01
	pop	%rbx
	pop	%rbp
	ret

CALLS	h01, h02
CALLS	h02, h03
CALLS	h03, h04
CALLS	h04, h05
CALLS	h05, h06
CALLS	h06, h07
CALLS	h07, h08
CALLS	h08, h09
CALLS	h09, h10
CALLS	h10, h11
CALLS	h11, h12
CALLS	h12, h13
CALLS	h13, h14
CALLS	h14, h15
CALLS	h15, h16
CALLS	h16, h17
CALLS	h17, h18
CALLS	h18, h19
CALLS	h19, h20
FUNC_BEGIN h20
1:	rdtsc
	mov	%eax, %r9d
	mov	(%rdi), %al
	rdtsc
	sub	%r9d, %eax
	mov	%rax, (%rbx)
	add	$8, %rbx
	add	$4096, %rdi
	dec	%r10d
	jnz	1b
h20_ret:
FUNC_END h20

	.section .note.GNU-stack, "", @progbits
