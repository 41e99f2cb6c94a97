/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The 32-bit guest with PAE: ring 0, one path, edi says whether the VMM gave the
 * segments a base other than zero (which changes nothing in here).
 */
	.set	bits, 32
#include "frames.S"

	.section .kernel, "awx"
	.code32
	.globl kernel_entry, run_pae_ret
kernel_entry:
	mov	$kstack_top, %esp
	xor	%ebp, %ebp
	xor	%esi, %esi
	sti
run_pae:
	call	p01
run_pae_ret:
	WARM
	jmp	run_pae

CALLS	p01, p02
CALLS	p02, p03
CALLS	p03, p04
CALLS	p04, p05
CALLS	p05, p06
CALLS	p06, p07
CALLS	p07, p08
CALLS	p08, p09
CALLS	p09, p10
LEAF	p10, 2000

	.section .kstack, "aw"
	.skip	8192 - 256
kstack_top:
	.skip	256
