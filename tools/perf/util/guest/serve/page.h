/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __PERF_GUEST_SERVE_PAGE_H
#define __PERF_GUEST_SERVE_PAGE_H

/** serve_page - the page, with @NONCE@ where a random number is to be. Made of page/ */
extern const char serve_page[];

#endif /* __PERF_GUEST_SERVE_PAGE_H */
