# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# kvm-callchain [VERSION]: perf kvm-callchain as a newcomer uses it, with two guests:
# list, mount, record, the guests shut down, report. The second guest's kernel is
# Debian's, without frame pointers. While it is recorded, the first one loads a module.
version=${1:-6.12}
load_kvm
cmd="$perf kvm-callchain"
mkdir -p /root/.ssh
printf 'StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n' > /root/.ssh/config
printf 'ControlPath /run/ssh-%%p\n' >> /root/.ssh/config

expect kvm-callchain-doctor-without-guests sh -c "! $cmd doctor > /out/doctor-0.txt"
start_guest -name guest=alpha,debug-threads=on
alpha=$guest_pid
debian_guest "$version"
start_guest -name beta
beta=$guest_pid
umount "$guestmount/$alpha" "$guestmount/$beta"

$cmd list > /out/list-0.txt
expect kvm-callchain-list-names sh -c "grep -q ' alpha ' /out/list-0.txt && grep -q ' beta ' /out/list-0.txt"
expect kvm-callchain-doctor-without-mounts sh -c "$cmd doctor > /out/doctor-1.txt"
expect kvm-callchain-doctor-hints-at-mounts \
	[ "$(grep -c 'no guest mount: names of its kernel alone' /out/doctor-1.txt)" = 2 ]

$cmd mount alpha root@127.0.0.1:2201 >&2
$cmd mount "$beta" root@127.0.0.1:2202 >&2
$cmd list > /out/list.txt
$cmd list --json > /out/list.json
expect kvm-callchain-list-frame-pointers grep -q ' alpha .* frame-pointers ' /out/list.txt
expect kvm-callchain-list-orc grep -q ' beta .* orc ' /out/list.txt
expect kvm-callchain-doctor sh -c "$cmd doctor > /out/doctor.txt"

# Emulated twice over, copying kallsyms through sshfs takes minutes: for the recording
# mount a directory that has the guests' files.
for n in 1 2; do
	copy_guest_n $n "/tmp/copy-$n"
done
$cmd umount alpha >&2
$cmd umount beta >&2
$cmd mount alpha /tmp/copy-1 >&2
$cmd mount beta /tmp/copy-2 >&2

start_work
guest_n 1 'perl -e "1 while time" > /dev/null 2>&1 < /dev/null & echo $!' > /run/clock.pid
# but these two processes, their files and their vDSO, through sshfs
mkdir /run/ssh-1
sshfs "${ssh_options[@]}" -p 2201 -o ro,direct_io root@127.0.0.1:/ /run/ssh-1 || fail "sshfs"
for pid in $(cat /run/guestwork.pid /run/clock.pid); do
	mkdir "/tmp/copy-1/proc/$pid"
	mount --bind "/run/ssh-1/proc/$pid" "/tmp/copy-1/proc/$pid"
done
mount --bind /run/ssh-1/usr /tmp/copy-1/usr
guest_n 2 'guestwork --mix asmrwpg > /dev/console 2>&1 < /dev/null &'
cd /tmp || exit
on_terminal() {
	python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' \
		"$@" < /dev/null
}
load_late="pause 3; guest 'insmod /src/guestlate.ko'; pause 2
	fetch 1 /tmp/copy-1 'cd /; rm -rf /tmp/copy; mkdir /tmp/copy
		cp --parents proc/kallsyms proc/modules sys/module/guestlate/sections/.text /tmp/copy
		tar -C /tmp/copy -c .'"
# shellcheck disable=SC2046
on_terminal $cmd record -a -F 500 --guest-files -- $(workload "$load_late") > /out/record.txt
expect kvm-callchain-record [ $? = 0 ]
expect kvm-callchain-record-files grep -q 'beta: [0-9]* symbols, [0-9]* modules, [1-9][0-9]* with their files' \
	/out/record.txt
expect kvm-callchain-record-late-module grep -q 'alpha: 1 modules loaded meanwhile' /out/record.txt
cp /tmp/copy-1/proc/kallsyms /out/kallsyms-alpha
cp /tmp/copy-2/proc/kallsyms /out/kallsyms-beta
guest_n 1 "grep vdso /proc/$(cat /run/clock.pid)/maps" > /out/vdso.maps
guest_n 1 "dd if=/proc/$(cat /run/clock.pid)/mem bs=4096 count=2 \
	skip=$((0x$(cut -d- -f1 /out/vdso.maps) / 4096)) 2> /dev/null" > /out/vdso.so
guest_n 1 "rmmod guestlate; kill $(cat /run/clock.pid)"
cp -r perf.data perf.data.guests /out/
on_terminal timeout -s INT 30 $cmd top --guest alpha --stdio -d 2 > /out/top.txt
expect kvm-callchain-top grep -q gw_leaf_mix /out/top.txt
$cmd record --guest alpha --exits -o exits.data -- sleep 2 > /out/record-exits.txt 2>&1
expect kvm-callchain-record-exits grep -q 'alpha' /out/record-exits.txt
# what tells boots apart is not among what was copied
mkdir -p /tmp/copy-2/proc/sys/kernel/random
guest_n 2 'cat /proc/sys/kernel/random/boot_id' > /tmp/copy-2/proc/sys/kernel/random/boot_id
$cmd record --guest beta -o again.data -- sleep 1 > /out/record-again.txt 2>&1
$cmd record --guest beta -o again.data -- sleep 1 >> /out/record-again.txt 2>&1
expect kvm-callchain-record-kept grep -q 'beta: .* symbols, .*, kept since an earlier recording' /out/record-again.txt

$cmd umount alpha >&2
$cmd umount beta >&2
expect kvm-callchain-umount [ -z "$(ls /run/perf-kvm-callchain)" ]
stop_guests

# the guests are gone
$cmd report --stdio --sort comm,dso,sym -G > /out/report.txt
expect kvm-callchain-report-alpha grep -q 'guest/alpha.*gw_leaf_mix' /out/report.txt
expect kvm-callchain-report-beta grep -q 'guest/beta.*vfs_write' /out/report.txt
$cmd report --stdio --no-children --sort guest -n -g none > /out/report-guest.txt
$cmd script -F comm,pid,tid,ip,sym,dso > /out/script.txt
$cmd exits -i exits.data > /out/exits.txt
expect kvm-callchain-exits grep -q 'alpha' /out/exits.txt
$cmd diff --sort comm,dso,sym perf.data perf.data > /out/diff.txt
expect kvm-callchain-diff grep -q '+0.00% .*guest/alpha.*gw_leaf_mix' /out/diff.txt
for program in guest-stacks guest-top guest-dump; do
	$cmd script -s "/src/tools/perf/scripts/python/$program.py" > "/out/$program.txt"
	expect "kvm-callchain-python-$program" [ -s "/out/$program.txt" ]
done
$cmd script --host -i exits.data -s /src/tools/perf/scripts/python/guest-exits.py > /out/guest-exits.txt
expect kvm-callchain-python-guest-exits grep -q alpha /out/guest-exits.txt
cp -r exits.data exits.data.guests /out/
cp /proc/kallsyms /out/kallsyms
