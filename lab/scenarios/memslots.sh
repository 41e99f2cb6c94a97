# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A VMM changes its memory slots all the time, and copies its guest's memory by the dirty log,
# as a migration does, while each exit of the guest and each switch of the VMM's threads is a
# walk: memslots [CHANGES].
changes=${1:-5000}
number=19		# guest64.S: run_slots
parts=/src/build/lab/vmx
load_kvm
say "recording $changes changes of memory slots"
$perf kvm --host --guest record -m 16M -g -c 1 -e kvm:kvm_exit,sched:sched_switch \
	-e cpu-clock/freq=500/ -o /tmp/memslots.data -- \
	$parts/tinyvmm -t 3600000 -m "$changes" $parts/guest64 $number > /out/vmm.txt
expect lab-memslots-record [ $? = 0 ]
cp /tmp/memslots.data $parts/guest64 /out/
dmesg | grep -E 'BUG:|WARNING:|INFO: (possible|lockdep|rcu|inconsistent|suspicious)|suspicious RCU|KASAN:|Oops|rcu.*stall|lockup|sleeping function|Call Trace' > /out/splats.txt
expect lab-memslots-no-splat [ ! -s /out/splats.txt ]
