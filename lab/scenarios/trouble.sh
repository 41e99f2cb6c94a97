# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What goes wrong on real hosts: nothing may crash, hang or be lost silently, and
# the exit status and a message say what is missing. The recordings are judged by
# trouble.check.
record() {	# record NAME [OPTION...] -- COMMAND...: status in $status, text in NAME.err
	local name=$1; shift
	timeout -k 5 60 $perf kvm --guest --guestmount=$guestmount record \
		-e cpu-clock -F "${rate:-400}" -g -o "/tmp/$name.data" "$@" > "/tmp/$name.err" 2>&1
	status=$?
	cp "/tmp/$name.err" /out/
	[ ! -f "/tmp/$name.data" ] || cp "/tmp/$name.data" /out/
}
ended_well() { [ "$status" = 0 ]; }
# Refused: an error, not a crash (a signal's status) or the time limit, and a reason
refused() {
	case $status in 0|124|13[0-9]) return 1 ;; esac
	grep -Eqi "$1" "/tmp/$2.err"
}

mkdir -p $guestmount
record no-kvm -a -- sleep 0.5
expect lab-trouble-no-kvm ended_well
expect lab-trouble-no-kvm-says grep -q 'There is no /dev/kvm, so no guest runs: modprobe' /tmp/no-kvm.err
record no-kvm-tracepoint -e kvm:kvm_exit -a -- sleep 0.5
expect lab-trouble-no-kvm-tracepoint refused 'kvm|event' no-kvm-tracepoint

load_kvm
record no-guest -a -- sleep 0.5
expect lab-trouble-no-guest ended_well
expect lab-trouble-no-guest-says grep -q 'No KVM guest runs here: start one' /tmp/no-guest.err

nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
as_nobody() {
	local name=$1 paranoid=$2
	echo "$paranoid" > /proc/sys/kernel/perf_event_paranoid
	mkdir -p -m 777 /tmp/nobody
	timeout -k 5 60 "${nobody[@]}" $perf kvm --guest record -e cpu-clock -g -a \
		-o /tmp/nobody/perf.data -- sleep 0.5 > "/tmp/$name.err" 2>&1
	status=$?
	cp "/tmp/$name.err" /out/
	echo 2 > /proc/sys/kernel/perf_event_paranoid
}
as_nobody not-root 2
expect lab-trouble-not-root refused 'paranoid|permission' not-root
as_nobody not-root-allowed -1
expect lab-trouble-not-root-allowed ended_well

start_guest
copy_guest
start_work --mix asrMI
save_guest
rate=8000 record small-buffer -m 1 -a -- sleep 3
expect lab-trouble-small-buffer ended_well
expect lab-trouble-guest-nothing-said eval '! grep -q "guest runs" /tmp/small-buffer.err'

say "a CPU of the host goes offline while recorded"
cpu1=/sys/devices/system/cpu/cpu1/online
record cpu-offline -a -- $(workload "sleep 1; echo 0 > $cpu1; sleep 1; echo 1 > $cpu1; sleep 1")
expect lab-trouble-cpu-offline ended_well

say "a program whose frame pointers are garbage"
stop_work
start_work --mix Xa
record garbage -a -- sleep 3
expect lab-trouble-garbage ended_well
walk_counters > /out/counters.txt

say "the VMM is killed while recorded"
guest_ends=yes
record vmm-killed -a -- $(workload "sleep 2; kill -9 $guest_pid; sleep 1")
expect lab-trouble-vmm-killed ended_well

# What the kernel thinks of all this
! dmesg | grep -E 'BUG:|WARNING:|Oops|general protection|rcu.*stall|lockup|Call Trace' > /out/splats.txt
expect lab-trouble-no-splat [ ! -s /out/splats.txt ]
