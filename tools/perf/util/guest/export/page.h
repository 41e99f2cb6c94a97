/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __PERF_GUEST_EXPORT_PAGE_H
#define __PERF_GUEST_EXPORT_PAGE_H

/** export_page - page/ put together, with "@NONCE@" and "@RECORDING@" in it */
extern const char export_page[];

#endif /* __PERF_GUEST_EXPORT_PAGE_H */
