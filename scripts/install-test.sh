#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make install, into a directory: what is there works, by both of its names.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
dest=$(realpath "${BUILD:-build}")/test/install
built=$(realpath "${BUILD:-build}")/perf/perf
failed=0

# expect NAME COMMAND...: one test
expect() {
	local name=$1
	shift
	if "$@"; then
		echo "ok install $name"
	else
		echo "not ok install $name"
		failed=1
	fi
}

rm -rf "$dest"
make -s install DESTDIR="$dest" PREFIX=/usr || exit
cd "$dest/usr/bin" || exit

expect perf cmp perf "$built"
expect "completion" grep -q kvm-callchain "$dest/etc/bash_completion.d/perf"
# by the name under which another perf looks for the command
expect "perf-kvm-callchain" diff <(./perf-kvm-callchain list 2>&1) <("$built" kvm-callchain list 2>&1)
usage=$(./perf-kvm-callchain -h 2>&1)
expect "perf-kvm-callchain, its own usage" grep -q 'Usage: perf kvm-callchain .*|doctor|' <<< "$usage"
exit $failed
