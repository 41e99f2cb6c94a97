#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# sources.sh OUT: copy what the module is built of to OUT, as it lies in the repository.
set -euo pipefail

mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
exec cp -u --parents -t "$out" kernel/module/Kbuild kernel/module/*.[ch] kernel/unwind/*.[ch] \
	kernel/arch/x86/kvm/guest_page.h \
	kernel/include/linux/perf_guest_callchain.h kernel/include/uapi/linux/perf_guest_callchain.h
