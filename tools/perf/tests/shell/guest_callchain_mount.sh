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

# -y shows the path of each descriptor, the one returned as well
strace -f -y -s 200 -e trace=openat2 -o "$log" \
	perf test "Guest callchain mount, links out of it" > /dev/null 2>&1

opened=$(grep -c 'openat2(.* = [0-9]' "$log")
if [ "$opened" = 0 ]; then
	echo "FAILED: nothing was opened with openat2"
	exit 1
fi
if grep 'openat2(' "$log" | grep -v 'RESOLVE_IN_ROOT'; then
	echo "FAILED: not confined to the mount"
	exit 1
fi
if grep 'openat2(.* = [0-9]' "$log" | grep -v ' = [0-9]*</tmp/perf-guest-mount-[^ ]*>$'; then
	echo "FAILED: opened outside of the mount"
	exit 1
fi
