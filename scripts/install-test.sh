#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make install, into a directory: what is there works, by both of its names.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
. scripts/expect.sh
dest=$(realpath "${BUILD:-build}")/test/install
built=$(realpath "${BUILD:-build}")/perf/perf

rm -rf "$dest"
make -s install DESTDIR="$dest" PREFIX=/usr || exit
cd "$dest/usr/bin" || exit

expect "install perf" cmp perf "$built"
expect "install completion" grep -q kvm-callchain "$dest/etc/bash_completion.d/perf"
# by the name under which another perf looks for the command
expect "install perf-kvm-callchain" diff <(./perf-kvm-callchain list 2>&1) <("$built" kvm-callchain list 2>&1)
usage=$(./perf-kvm-callchain -h 2>&1)
expect "install perf-kvm-callchain, its own usage" grep -q 'Usage: perf kvm-callchain .*|doctor|' <<< "$usage"
exit $failed
