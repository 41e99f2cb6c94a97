# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Record a guest that runs the known program, and show its call stacks: once as perf kvm
# does, with the guest's files at hand, once as perf kvm-callchain, which takes them along.
seconds=${1:-10}
load_kvm
start_guest -name web

# perf reads the guest's symbols through the mount when it starts: the program
# starts after that.
say "recording $seconds s: perf kvm --guest record -e cpu-clock -F 1000 -a -g"
$perf kvm --guest --guestmount=$guestmount record -e cpu-clock -F 1000 -a -g \
	-o /tmp/perf.data.guest -- $(workload "start_work; sleep $seconds; stop_work") >&2 || fail "perf record"
walk_counters > /out/counters.txt
say "copying the guest's symbols"
save_guest
cp /tmp/perf.data.guest /out/

start_work
copy_processes
say "recording 3 s: perf kvm-callchain record --guest web --guest-files -F 1000"
$perf kvm-callchain record --guestmount=$guestmount --guest web --guest-files -F 1000 \
	-o /tmp/perf.data -- sleep 3 >&2 || fail "perf kvm-callchain record"
cp -r /tmp/perf.data /tmp/perf.data.guests /out/
