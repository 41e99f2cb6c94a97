# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Record a guest that runs the known program, and show its call stacks.
seconds=${1:-10}
load_kvm
start_guest

# perf reads the guest's symbols through the mount when it starts: the program
# starts after that.
say "recording $seconds s: perf kvm --guest record -e cpu-clock -F 1000 -a -g"
$perf kvm --guest --guestmount=$guestmount record -e cpu-clock -F 1000 -a -g \
	-o /tmp/perf.data.guest -- $(workload "start_work; sleep $seconds; stop_work") >&2 || fail "perf record"
walk_counters > /out/counters.txt
say "copying the guest's symbols"
save_guest
cp /tmp/perf.data.guest /out/
