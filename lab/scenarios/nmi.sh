# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Samples by NMI, as a real PMU makes them (../nmi/labnmi.c), of a guest with two vCPUs, beside
# those of timers and of tracepoints: nmi.sh [SECONDS [MODULE-DIRECTORY]]
load_kvm
insmod "/src/build/lab/${2:-labnmi}/labnmi.ko" || fail "labnmi does not load"
guest_smp=2
start_guest
copy_guest
start_work
start_work
say "recording by NMI, timer and tracepoint"
# in the order that nmi.check has them
$perf kvm --guest --guestmount=$guestmount record -m 16M -g -a -c 20 -e labnmi/period=1/ \
	-e cpu-clock/freq=200/ -e kvm:kvm_exit -o /tmp/perf.data.guest -- sleep "${1:-8}" >&2
expect lab-nmi-record [ $? = 0 ]
grep NMI: /proc/interrupts >&2
walk_counters > /out/counters.txt
stop_work
save_guest
cp /tmp/perf.data.guest /out/
