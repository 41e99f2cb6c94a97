# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Who gets guests' callchains, what asking for them costs, and what is left when nobody asks.
# The guest is the small one of vmx/; the events are those that perf does not make.
parts=/src/build/lab/vmx
ask() {		# ask NAME [OPTION...]: its counts are then ${got[...]}
	local name=$1 line; shift
	declare -gA got=()
	line=$(/src/build/lab/askguest "$@"); status=$?
	echo "# $name: $line"
	[ $status != 0 ] || read -ra line <<< "$line"
	[ $status != 0 ] || for ((i = 0; i < ${#line[@]}; i += 2)); do got[${line[i]}]=${line[i + 1]}; done
}
in_guest() { [ "$status" = 0 ] && [ "${got[guest]}" -ge 50 ]; }
answered() { in_guest && [ "${got[cookies]}" -ge "${got[guest]}" ] && [ "${got[records]}" -ge 50 ]; }
unasked() { in_guest && [ "${got[cookies]}" = 0 ] && [ "${got[records]}" = 0 ]; }
# per-CPU memory of the size of sections: "alloc PTR" and "free PTR" lines
tracing=/sys/kernel/tracing
sections() {
	sed -n 's/.*percpu_alloc_percpu: .* size=1[0-9]\{4\} .* ptr=\([^ ]*\).*/alloc \1/p
		s/.*percpu_free_percpu: .* ptr=\([^ ]*\).*/free \1/p' $tracing/trace |
		awk '$1 == "alloc" { print; mine[$2] = 1 } $1 == "free" && mine[$2] { print; delete mine[$2] }'
}
# on CPU 0, whose cookies askguest prints
start_small_guest() { taskset 1 $parts/tinyvmm -t 300000 $parts/guest64 0 >&2 & small=$!; pause 1; }
stop_small_guest() { kill $small; wait $small; }

for event in percpu_alloc_percpu percpu_free_percpu; do
	echo 1 > $tracing/events/percpu/$event/enable
done
load_kvm
start_small_guest
ask plain
expect lab-ask-plain answered
highest=${got[highest]}
expect lab-ask-memory-none [ -z "$(sections)" ]
ask words -w
expect lab-ask-words answered
has_sections() { [ "$(sections | wc -l)" = "$1" ]; }
expect lab-ask-memory has_sections 1
# what is there because of an event goes a second after it
expect lab-ask-memory-freed wait_for 10 has_sections 2
cp $tracing/trace /out/percpu.txt
for event in percpu_alloc_percpu percpu_free_percpu; do
	echo 0 > $tracing/events/percpu/$event/enable
done

ask exclude-guest -x
expect lab-ask-exclude-guest unasked
parameter=/sys/module/kvm/parameters/guest_callchain
expect lab-ask-parameter [ "$(cat $parameter)" = Y ]
echo N > $parameter
ask switched-off
expect lab-ask-switched-off unasked
echo Y > $parameter
switch=$(echo /sys/kernel/debug/kvm/*-*/guest_callchain_off)
echo Y > "$switch"
ask vm-switched-off
expect lab-ask-vm-switched-off unasked
echo N > "$switch"
ask switched-on
expect lab-ask-switched-on answered

# programs that decide about samples
ask bpf-pass -p pass
expect lab-ask-bpf-pass answered
walks=$(walk_counters | sed -n 's/guest_callchain_walks //p')
ask bpf-drop -p drop
expect lab-ask-bpf-drop eval '[ $status = 0 ] && [ "${got[samples]}" = 0 ] && [ "${got[records]}" = 0 ]'
expect lab-ask-bpf-drop-walks [ "$walks" = "$(walk_counters | sed -n 's/guest_callchain_walks //p')" ]
ask bpf-stackid -p stackid
expect lab-ask-bpf-stackid answered
expect lab-ask-bpf-stackid-no-cookie eval '[ "${got[stacks]:-0}" -gt 0 ] && [ "${got[deferred]}" = 0 ]'

# perf's own limit holds for walks: the rate goes down until they take that part of the time
echo 1 > /proc/sys/kernel/perf_cpu_time_max_percent
rate=$(cat /proc/sys/kernel/perf_event_max_sample_rate)
ask limited -F 4000 -t 3000
limited=$(cat /proc/sys/kernel/perf_event_max_sample_rate)
echo "# the highest rate was $rate and is $limited"
expect lab-ask-limited [ "$limited" -lt "$rate" ]
echo "$rate" > /proc/sys/kernel/perf_event_max_sample_rate
echo 0 > /proc/sys/kernel/perf_cpu_time_max_percent

# a cookie is never used again, not after KVM was away either
stop_small_guest
expect lab-ask-unload rmmod kvm_amd kvm
load_kvm
start_small_guest
ask reloaded
expect lab-ask-reloaded answered
expect lab-ask-cookies-go-on [ "${got[lowest]:-0}" -gt "$highest" ]

mountpoint -q /sys/kernel/security || mount -t securityfs securityfs /sys/kernel/security
echo confidentiality > /sys/kernel/security/lockdown
ask lockdown
expect lab-ask-lockdown-frames answered
ask lockdown-words -w
expect lab-ask-lockdown-words [ "$status" = 1 ]
stop_small_guest
