/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __PERF_GUEST_EXPORT_PAGE_H
#define __PERF_GUEST_EXPORT_PAGE_H

/** export_page - page.html as it is, with "@NONCE@" and "@RECORDING@" in it */
extern const char export_page[];

#endif /* __PERF_GUEST_EXPORT_PAGE_H */
