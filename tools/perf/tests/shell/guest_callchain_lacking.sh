#!/bin/bash
# Guest callchain recording says when there is no guest to record
# SPDX-License-Identifier: GPL-2.0

set -eu
tmp=$(mktemp -d /tmp/perf-guest-lacking.XXXXXX)
trap 'rm -rf "$tmp"' EXIT

cap_sys_ptrace=$((1 << 19))
if ! perf record -q -e cpu-clock -a -o "$tmp/perf.data" -- true > /dev/null 2>&1 ||
   ! (( 0x$(awk '/^CapEff/ { print $2 }' /proc/self/status) & cap_sys_ptrace )); then
	echo "the rights to record, and to see other users' processes, are needed"
	exit 2
fi
if perf kvm-callchain list | grep -q PID; then
	echo "a guest runs here"
	exit 2
fi
failed=0
as=()

# says TIMES COMMAND...: the line is there as often when this records
says() {
	local times=$1
	shift
	"${as[@]}" perf "$@" -e cpu-clock -a -o "$tmp/perf.data" -- true > "$tmp/out" 2>&1
	if [ "$(grep -cFx "$text" "$tmp/out")" != "$times" ]; then
		echo "FAILED: perf $*: $times times '$text'"
		cat "$tmp/out"
		failed=1
	fi
}

text="No KVM guest runs here: start one, or nothing of a guest will be recorded."
if [ ! -e /dev/kvm ]; then
	text="There is no /dev/kvm, so no guest runs: modprobe kvm_amd or kvm_intel."
fi
text+=" Recording all the same."

says 1 kvm --guest record
says 1 kvm --guest record -g
says 1 kvm --host --guest record
says 0 kvm --guest record -q
says 0 kvm --host --no-guest record
says 0 record

# who sees not all processes cannot know
as=(setpriv --bounding-set -sys_ptrace --inh-caps -sys_ptrace)
says 0 kvm --guest record
as=()

# this one has a line of its own for that
says 0 kvm-callchain record
text="No KVM guest runs here, or none that you may see: recording all the same."
says 1 kvm-callchain record

exit $failed
