# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# module-reload [TIMES]: an unmodified kernel of Debian's is the host, as in module. The module is
# loaded and unloaded over and over while guests run and perf records: it goes while walks are
# under way, and stays where perf has its tracepoint open.
module=/src/build/lab/debian-hosts/$(uname -r)/kvm_callchain.ko
times=${1:-200}
vmx=/src/build/lab/vmx
events=(-e kvm_callchain:guest_callchain -e cpu-clock/freq=100/)
ring=/sys/kernel/tracing/instances/reload
chains=0 silent=0

# Those who enable a tracepoint in a ring of their own do not hold its module.
reload() {
	local entries
	insmod "$module" || return
	echo 1 > $ring/events/kvm_callchain/guest_callchain/enable
	pause 0.1
	read -r _ entries < $ring/per_cpu/cpu0/stats
	chains=$((chains + entries))
	[ "$entries" -gt 0 ] || silent=$((silent + 1))
	rmmod kvm_callchain
}

in_use() { [ "$(< /sys/module/kvm_callchain/refcnt)" -gt 0 ]; }
unloads() { rmmod kvm_callchain 2> /dev/null; }
# perf's recording comes to its end: the module stays until then
reload_recorded() {
	local short
	insmod "$module" || return
	$perf record -q -a "${events[@]}" -o short.data -- sleep 1 >&2 &
	short=$!
	wait_for 60 in_use || return
	! unloads || return
	wait $short && wait_for 10 unloads
}

say "the host runs $(uname -r)"
load_kvm
mkdir $ring
cp $vmx/tinyvmm $vmx/guest64 /tmp
cd /tmp || fail "no /tmp"
vmms=()
for _ in 1 2; do
	./tinyvmm -t 6000000 guest64 3 > /dev/null &
	vmms+=($!)
done
$perf record -q -a -g -e cpu-clock/freq=250/ -o long.data >&2 &
long=$!
pause 3

say "loading and unloading the module $times times"
n=0
while [ $n -lt "$times" ]; do
	n=$((n + 1))
	if [ $((n % 20)) = 10 ]; then
		reload_recorded || break
	else
		reload || break
	fi
done
say "$n times, $chains chains in between, $silent times none"
expect lab-module-reload-$times-times [ $n = "$times" -a ! -e /sys/module/kvm_callchain ]
# on a host that is busy a guest may have no turn in that time
expect lab-module-reload-walks-were-under-way [ $((silent * 2)) -lt "$times" ]
kill -INT $long
wait $long
# of SIGINT, when all is written
expect lab-module-reload-recording [ $? = 130 ]
expect lab-module-reload-guests-run kill "${vmms[@]}"
dmesg | grep -E 'BUG:|WARNING:|Oops|Call Trace|rcu.*stall|lockup' >&2
expect lab-module-reload-no-splat [ $? = 1 ]
