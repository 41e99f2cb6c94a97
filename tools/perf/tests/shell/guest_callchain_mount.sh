#!/bin/bash
# Guest callchains open nothing outside of a guest mount
# SPDX-License-Identifier: GPL-2.0
#
# strace watches the tests that read hostile mounts: what their children open is
# below the mount, or was refused.

set -eu
if ! command -v strace > /dev/null; then
	echo "strace is needed"
	exit 2
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# confined TEST: where its mount is /tmp/perf-guest-*; -y shows the path of each descriptor,
# the one returned as well. A child that has its root directory in a copy of the mount has
# paths in that.
confined() {
	strace -f -y -s 200 -e trace=openat2,open_tree,chroot -o "$log" \
		perf test "$1" > /dev/null 2>&1

	if ! grep -q 'openat2(.* = [0-9]' "$log"; then
		echo "FAILED: $1: nothing was opened with openat2"
		return 1
	fi
	if grep 'openat2(' "$log" |
	   grep -v 'RESOLVE_IN_ROOT\|RESOLVE_BENEATH.*RESOLVE_NO_SYMLINKS' |
	   grep -v 'RESOLVE_NO_SYMLINKS.*RESOLVE_BENEATH'; then
		echo "FAILED: $1: not confined to the mount"
		return 1
	fi
	if ! awk '
		/ open_tree\([0-9]+<\/tmp\/perf-guest-/ && / = [0-9]/ { copy[$1] = 1 }
		/ chroot\("\."\) += 0/ { inside[$1] = copy[$1] }
		/ openat2\(.* = [0-9]/ && !inside[$1] && !/ = [0-9]*<\/tmp\/perf-guest-[^ ]*>$/ {
			print
			bad = 1
		}
		END { exit bad }' "$log"; then
		echo "FAILED: $1: opened outside of the mount"
		return 1
	fi
}

confined "Guest callchain mount, links out of it"
confined "Guest callchain processes, taken along"
