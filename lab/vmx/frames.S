/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions with frame pointers whose call path is known beforehand.
 *
 * NAME_body to NAME_tail is where the frame stands; NAME_ret is where the
 * callee returns to. The test takes its ground truth from these symbols.
 *
 * The symbol bits says what is being assembled: 32 or 64.
 */

/* Busy for \n rounds: gives a function its share of the samples. */
.macro WORK n
	movl	$\n, %ecx
99:	decl	%ecx
	jnz	99b
.endm

.macro FUNC_BEGIN name
	.globl \name, \name\()_body, \name\()_ret, \name\()_tail
	.type \name, @function
\name:
.if bits == 64
	push	%rbp
	mov	%rsp, %rbp
.else
	push	%ebp
	mov	%esp, %ebp
.endif
\name\()_body:
.endm

.macro FUNC_END name
.if bits == 64
	pop	%rbp
.else
	pop	%ebp
.endif
\name\()_tail:
	ret
	.size \name, . - \name
.endm

.macro CALLS name, callee
FUNC_BEGIN \name
	WORK	16
	call	\callee
\name\()_ret:
	WORK	16
FUNC_END \name
.endm

.macro LEAF name, rounds
FUNC_BEGIN \name
	WORK	\rounds
\name\()_ret:
FUNC_END \name
.endm

/* The first pass has touched every page: tell the VMM, once. */
#define PORT_WARM	0x10
/* Measurements are in memory, the first ones to be thrown away. */
#define PORT_DONE	0x11

.macro WARM
	test	%esi, %esi
	jnz	98f
	inc	%esi
	outb	%al, $PORT_WARM
98:
.endm
