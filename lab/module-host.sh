#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# module-host.sh HEADERS PACKAGE ROOT OUT: a host for the scenario `module`. OUT gets a kernel of
# Debian's to boot (debian-guest.sh --host), the module for it, built with HEADERS, and, in
# plan, the guests to run, and, in
# perf/, this machine's perf, which is Debian's, with the libraries that ROOT has not.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
headers=$1 package=$2 root=$3 out=$4

[ "$out/vmlinuz" -nt "$here/debian-guest.sh" ] && [ "$out/vmlinuz" -nt "$package" ] ||
	"$here/debian-guest.sh" --host "$package" "$root" "$out"
"$here/../kernel/module/build.sh" "$out/module" "$headers"
strip -g -o "$out/kvm_callchain.ko" "$out/module/kernel/module/kvm_callchain.ko"
"$here/lib/check_module.py" --plan > "$out/plan"
mkdir -p "$out/perf"
cp -u /usr/bin/perf "$out/perf/"
# libc and libm are as old as their loader, which is ROOT's
ldd /usr/bin/perf | awk '$3 ~ /^\// && $1 !~ /^lib[cm]\.so/ { print $3 }' | xargs cp -uL -t "$out/perf"
