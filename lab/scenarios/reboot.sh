# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# reboot: a guest that is reset while it is recorded, and boots again. Without KASLR, that
# nothing is named afterwards is not because of other addresses.
load_kvm
guest_reset=
boot_options+=" nokaslr"
start_guest -name web
start_work
copy_guest
copy=/run/guestcopy/$guest_pid
# What tells boots apart is read through sshfs, which has to connect anew: that takes longer,
# emulated, than perf waits for an answer.
mkdir /run/ssh
sshfs "${ssh_options[@]}" -p 2201 -o ControlPath=none,ro,direct_io,reconnect,ServerAliveInterval=5 \
	root@127.0.0.1:/ /run/ssh || fail "sshfs"
mkdir -p "$copy/proc/sys"
mount --bind /run/ssh/proc/sys "$copy/proc/sys"
: > "$copy/proc/uptime"
mount --bind /run/ssh/proc/uptime "$copy/proc/uptime"

boots() { [ "$(grep -c lab-guest-ready /out/l2.log)" = "$1" ]; }
reset_guest="
	pause 20
	cut -d' ' -f1 /proc/uptime > /out/reset
	qmp '{\"execute\": \"system_reset\"}'
	cut -d' ' -f1 /proc/uptime >> /out/reset
	wait_for 150 eval '[ \$(grep -c lab-guest-ready /out/l2.log) = 2 ]'
	ssh \"\${ssh_options[@]}\" -p 2201 -O exit root@127.0.0.1
	guest 'cat /proc/kallsyms' > /out/kallsyms-2
	start_work
	wait_for 60 cat /run/ssh/proc/uptime > /dev/null
	pause 2"
cd /tmp || exit
# shellcheck disable=SC2046
$perf kvm-callchain record --guestmount=/run/guestcopy --guest web -F 250 -- \
	$(workload "$reset_guest") > /out/record.txt 2>&1
expect reboot-record [ $? = 0 ]
expect reboot-boots boots 2
expect reboot-record-says grep -q 'web: rebooted while it was recorded' /out/record.txt
$perf kvm-callchain script -F comm,time,ip,sym > /out/script.txt 2> /out/script.err
expect reboot-script-says grep -q "after a reboot" /out/script.err
$perf kvm-callchain report --stdio --no-children -g none -s sym > /out/report.txt
cp "$copy/proc/kallsyms" /out/kallsyms-1
cp -r perf.data perf.data.guests /out/
