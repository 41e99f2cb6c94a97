# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The demo's load on a kernel with PROVE_LOCKING, PROVE_RCU, DEBUG_ATOMIC_SLEEP and
# KASAN: not one complaint. The guest runs the ordinary kernel.
for config in PROVE_LOCKING PROVE_RCU DEBUG_ATOMIC_SLEEP KASAN; do
	expect "lab-debug-has-$config" grep -q "^CONFIG_$config=y" <(zcat /proc/config.gz)
done
load_kvm
start_guest
copy_guest
start_work
# Slow as this kernel is, fewer samples a second leave time for work between them
$perf kvm --guest --guestmount=$guestmount record --guest-unwind=orc -e cpu-clock -F 200 -a -g \
	-o /tmp/perf.data.guest -- sleep 10 >&2
expect lab-debug-record [ $? = 0 ]
$perf kvm --guest --guestmount=$guestmount record -c 20 -e cpu-clock/freq=100/ \
	-e kvm:kvm_exit -g -p "$guest_pid" -o /tmp/perf.data.task -- sleep 5 >&2
expect lab-debug-record-task [ $? = 0 ]
$perf kvm --guest --guestmount=$guestmount record --call-graph dwarf --guest-unwind=orc \
	-e cpu-clock -F 100 -a -o /tmp/perf.data.user -- sleep 5 >&2
expect lab-debug-record-user [ $? = 0 ]
walk_counters > /out/counters.txt
cp /tmp/perf.data.guest /tmp/perf.data.task /tmp/perf.data.user /out/
stop_guests
dmesg | grep -E 'BUG:|WARNING:|INFO: (possible|lockdep|rcu|inconsistent|suspicious)|suspicious RCU|KASAN:|Oops|rcu.*stall|lockup|sleeping function|Call Trace' > /out/splats.txt
expect lab-debug-no-splat [ ! -s /out/splats.txt ]
