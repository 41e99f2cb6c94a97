# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Samples of the host, in a vCPU's thread: which of them get the guest's chain, and
# whose. All exits and entries are recorded, and a competitor takes the CPU away. Probes
# behind a function's first instructions are breakpoints: their samples come as an NMI's.
load_kvm
tracing=/sys/kernel/tracing
mountpoint -q $tracing || mount -t tracefs tracefs $tracing
echo 0 > /proc/sys/debug/kprobes-optimization
cat > $tracing/kprobe_events <<'PROBES'
p:lab/handling kvm_amd:svm_handle_exit+9
p:lab/entering kvm:kvm_load_guest_xsave_state
p:lab/entering_nmi kvm:kvm_wait_lapic_expire+11
p:lab/leaving kvm:kvm_arch_vcpu_put
p:lab/leaving_nmi kvm:kvm_arch_vcpu_put+9
p:lab/walking_nmi kvm:kvm_arch_guest_callchain+9
PROBES
expect lab-hostside-probes [ "$(wc -l < $tracing/kprobe_events)" = 6 ]
# Their code is changed now, when no vCPU may be in it with interrupts blocked (CLGI)
echo 0 > $tracing/tracing_on
echo 1 > $tracing/events/lab/enable
for event in kvm/kvm_exit kvm/kvm_entry sched/sched_switch; do
	cp "$tracing/events/$event/format" "/out/${event#*/}.format"
done

start_guest
copy_guest
start_work --mix asrMI
taskset -a -p 2 "$guest_pid" >&2
taskset 2 sh -c 'while :; do :; done' &
competitor=$!

# in the order that hostside.check has them
events=(kvm:kvm_exit kvm:kvm_entry sched:sched_switch sched:sched_waking context-switches
	lab:handling lab:entering lab:entering_nmi lab:leaving lab:leaving_nmi lab:walking_nmi)
record() {	# record NAME [OPTION...]
	local name=$1; shift
	$perf kvm --host --guest --guestmount=$guestmount record -m 16M -g -c 1 \
		-e "$(IFS=,; echo "${events[*]}")" -e cpu-clock/freq=500/ "$@" \
		-o "/tmp/$name.data" -- $(workload 'guest "cat /proc/modules; sync; sleep 2; cat /proc/modules"') >&2
	expect "lab-hostside-record-$name" [ $? = 0 ]
	cp "/tmp/$name.data" /out/
}
say "recording all CPUs"
record all -a
say "recording the VMM"
record vmm -p "$guest_pid"
kill $competitor
