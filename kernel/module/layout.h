/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KVM_CALLCHAIN_LAYOUT_H
#define _KVM_CALLCHAIN_LAYOUT_H

int check_layout(void);

#endif /* _KVM_CALLCHAIN_LAYOUT_H */
