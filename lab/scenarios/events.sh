# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Per-task events with a 64-bit and a 32-bit process in the guest, several events
# at once, a tracepoint inside KVM_RUN.
load_kvm
start_guest
copy_guest
start_work --mix asMI --depth 24
guest 'guestwork32 --mix asmrM --depth 12 > /dev/null 2>&1 < /dev/null &'
say "recording the VMM with three events"
$perf kvm --guest --guestmount=$guestmount record -c 20 -e cpu-clock/freq=250/ \
	-e task-clock/freq=100/ -e kvm:kvm_exit -g -p "$guest_pid" -o /tmp/perf.data.guest -- sleep 6 >&2
expect lab-events-record [ $? = 0 ]
walk_counters > /out/counters.txt
stop_work
guest 'kill $(pidof guestwork32)'
save_guest
cp /tmp/perf.data.guest /out/
