#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check.sh HEADERS: the module builds for each kernel whose headers are in HEADERS, without a
# warning; and its style. What it does is the lab's to test (lab/scenarios/module.sh).
set -uo pipefail
cd "$(dirname "$0")/../.."
. scripts/expect.sh
build=${BUILD:-$PWD/build}
linux=$build/linux
log=$build/test/module-check.log
mkdir -p "$build/test"

builds() { kernel/module/build.sh "$build/module-$1" "$2" KCFLAGS=-Werror; }
# compat.h compares versions, which the kernel's own code has no need of
style() {
	GIT_DIR=none "$linux/scripts/checkpatch.pl" --root "$linux" --terse --no-summary \
		--ignore FILE_PATH_CHANGES,LINUX_VERSION_CODE,CONSTANT_COMPARISON -f kernel/module/*.[ch]
}
documented() { ! "$linux/scripts/kernel-doc" -Wall -none kernel/module/*.[ch] 2>&1 | grep -E 'warning|error'; }
says_what_is_missing() {
	local said
	! said=$(make module KDIR=/nonexistent 2>&1) &&
		[[ $said == *"no kernel headers in /nonexistent: install linux-headers-$(uname -r)"* ]]
}

# shown COMMAND...: if it fails, what it says
shown() { "$@" > "$log" 2>&1 || { tail -40 "$log"; return 1; }; }

if make -s "$1/fetched"; then
	for kdir in "$1"/*-amd64; do
		expect "module: builds for ${kdir##*/}" shown builds "${kdir##*/}" "$kdir"
	done
else
	echo "skip module: builds # the headers cannot be downloaded"
fi
expect "module: checkpatch" shown style
expect "module: kernel-doc" shown documented
expect "module: says which headers are missing" says_what_is_missing
exit $failed
