#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build.sh OUT KDIR [MAKE-ARGUMENT...]: build the module in OUT for the kernel whose headers are
# in KDIR. From a copy of the sources, as kbuild puts what it makes beside them.
set -euo pipefail

out=$1 headers=$2
shift 2
[ -f "$headers/Makefile" ] || {
	echo "module: no kernel headers in $headers: install linux-headers-$(uname -r)," \
		"or say where they are (make module KDIR=DIRECTORY)" >&2
	exit 1
}
"$(dirname "$0")/sources.sh" "$out"
out=$(cd "$out" && pwd)
headers=$(cd "$headers" && pwd)
exec make -s -C "$headers" M="$out/kernel/module" "$@" modules
