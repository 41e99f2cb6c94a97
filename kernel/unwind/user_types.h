/* SPDX-License-Identifier: GPL-2.0 */
/* What the unwinder takes from the kernel's headers, for user space. */
#ifndef _GUEST_UNWIND_USER_TYPES_H
#define _GUEST_UNWIND_USER_TYPES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#ifndef __always_inline
#define __always_inline	inline __attribute__((__always_inline__))
#endif
#ifndef __uninitialized
#define __uninitialized
#endif
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define OPTIMIZER_HIDE_VAR(var)	__asm__ ("" : "=r" (var) : "0" (var))
#define ror64(w, n)	((u64)(w) >> (n) | (u64)(w) << (64 - (n)))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

#endif /* _GUEST_UNWIND_USER_TYPES_H */
