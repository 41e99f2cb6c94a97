# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A vCPU comes and goes while the guest is recorded; then all of it goes.
load_kvm
start_guest -smp 1,maxcpus=2
copy_guest
start_work --mix asrMI
say "a vCPU comes and goes while recorded"
$perf kvm --guest --guestmount=$guestmount record -e cpu-clock -F 400 -g \
	-o /tmp/perf.data.guest -p "$guest_pid" -- $(workload '
	qmp "{\"execute\": \"device_add\", \"arguments\": {\"driver\": \"host-x86_64-cpu\",
		\"id\": \"extra\", \"socket-id\": 0, \"core-id\": 1, \"thread-id\": 0}}"
	wait_for 10 guest "echo 1 > /sys/devices/system/cpu/cpu1/online"
	guest "timeout 3 taskset 2 guestwork --mix as"
	qmp "{\"execute\": \"device_del\", \"arguments\": {\"id\": \"extra\"}}"
	wait_for 10 guest "! [ -e /sys/devices/system/cpu/cpu1/online ]"
	sleep 1') >&2
expect lab-hotplug-record [ $? = 0 ]
expect lab-hotplug-guest-lives kill -0 "$guest_pid"
cp /tmp/perf.data.guest /out/

say "the guest powers off while recorded"
guest_ends=yes
$perf kvm --guest --guestmount=$guestmount record -e cpu-clock -F 400 -g -o /tmp/off.data \
	-p "$guest_pid" -- $(workload '
	sleep 1
	guest "sync; exec python3 -c \"import ctypes; ctypes.CDLL(None).reboot(0x4321fedc)\""
	wait_for 20 eval "! kill -0 $guest_pid"') >&2
# perf record ends with its target, and then the workload, as which it is seen to end
expect lab-hotplug-off-record [ $? = 143 ]
expect lab-hotplug-off eval '! kill -0 "$guest_pid"'
cp /tmp/off.data /out/
