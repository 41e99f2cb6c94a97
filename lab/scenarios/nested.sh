# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A guest's guest: the lab's guest loads KVM itself and runs the small guest of vmx/, whose
# paths are known, behind two sets of page tables.
load_kvm
start_guest
parts=/src/build/lab/vmx
modules=$(modinfo -n irqbypass kvm kvm_amd) || fail "no modules of KVM"
mkdir -p /tmp/parts
# shellcheck disable=SC2086
cp $modules $parts/tinyvmm $parts/guest64 /tmp/parts
tar -C /tmp/parts -c . | ssh "${ssh_options[@]}" -p 2201 root@127.0.0.1 'tar -C /tmp -x'
guest 'cd /tmp && insmod irqbypass.ko && insmod kvm.ko && insmod kvm-amd.ko && test -c /dev/kvm' ||
	fail "no KVM in the guest"

# the numbers that the small guest has for them
for number in 0 1 2 3; do
	say "recording what number $number does"
	guest "/tmp/tinyvmm -t 5000 /tmp/guest64 $number 2>&1" > "/out/vmm-$number.txt" &
	vmm=$!
	pause 1
	$perf kvm --guest record -e cpu-clock -F 400 -g -p "$guest_pid" \
		-o "/tmp/nested-$number.data" -- sleep 3 >&2
	expect "lab-nested-record-$number" [ $? = 0 ]
	wait $vmm
	expect "lab-nested-vmm-$number" [ $? = 0 ]
	cp "/tmp/nested-$number.data" /out/
done
cp $parts/guest64 /out/

# Samples of the host, where KVM takes the guest from its guest into its hypervisor and back,
# and where its thread loses the CPU meanwhile
cp /sys/kernel/tracing/events/kvm/kvm_exit/format /out/kvm_exit.format
taskset -a -p 2 "$guest_pid" >&2
taskset 2 sh -c 'while :; do :; done' &
competitor=$!
say "recording the host, too"
guest "/tmp/tinyvmm -t 60000 /tmp/guest64 0 2>&1" >&2 &
vmm=$!
pause 8		# two do with one CPU
# in the order that nested.check has them
$perf kvm --host --guest record -m 16M -g -c 1 -e kvm:kvm_exit,sched:sched_switch \
	-e cpu-clock/freq=400/ -p "$guest_pid" -o /tmp/host.data -- sleep 8 >&2
expect lab-nested-record-host [ $? = 0 ]
walk_counters > /out/counters.txt
kill $competitor $vmm
cp /tmp/host.data /out/
