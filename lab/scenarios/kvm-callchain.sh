# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# perf kvm-callchain as a newcomer uses it, with two guests: list, mount, record,
# the guests shut down, report.
load_kvm
cmd="$perf kvm-callchain"
mkdir -p /root/.ssh
printf 'StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n' > /root/.ssh/config
printf 'ControlPath /run/ssh-%%p\n' >> /root/.ssh/config

expect kvm-callchain-doctor-without-guests sh -c "! $cmd doctor > /out/doctor-0.txt"
start_guest -name guest=alpha,debug-threads=on
alpha=$guest_pid
start_guest -name beta
beta=$guest_pid
umount "$guestmount/$alpha" "$guestmount/$beta"

$cmd list > /out/list-0.txt
expect kvm-callchain-list-names sh -c "grep -q ' alpha ' /out/list-0.txt && grep -q ' beta ' /out/list-0.txt"
expect kvm-callchain-doctor-without-mounts sh -c "! $cmd doctor > /out/doctor-1.txt"

$cmd mount alpha root@127.0.0.1:2201 >&2
$cmd mount "$beta" root@127.0.0.1:2202 >&2
$cmd list > /out/list.txt
$cmd list --json > /out/list.json
expect kvm-callchain-list-mounts [ "$(grep -c frame-pointers /out/list.txt)" = 2 ]
expect kvm-callchain-doctor sh -c "$cmd doctor > /out/doctor.txt"

# Emulated twice over, copying kallsyms through sshfs takes minutes: for the recording
# mount a directory that has the guests' files.
copy_guest() {
	local to=/tmp/copy-$1
	mkdir -p "$to"
	guest_n "$1" 'cd /; mkdir /tmp/save; cp --parents proc/kallsyms proc/modules proc/version /tmp/save
		cp -r --parents lib/modules/*/extra /tmp/save; tar -C /tmp/save -c .' | tar -C "$to" -x
	$cmd umount "$2" >&2
	$cmd mount "$2" "$to" >&2
}
copy_guest 1 alpha
copy_guest 2 beta
cp /tmp/copy-1/proc/kallsyms /out/kallsyms-alpha

for n in 1 2; do
	guest_n $n 'guestwork > /dev/console 2>&1 < /dev/null &'
done
cd /tmp || exit
$cmd record -a -F 1000 -- sleep 5 > /out/record.txt 2>&1
expect kvm-callchain-record grep -Eq 'alpha: [0-9]+ samples, [0-9]+ with callchain' /out/record.txt
cp -r perf.data.guests /out/
$cmd record --guest alpha --exits -o exits.data -- sleep 2 > /out/record-exits.txt 2>&1
expect kvm-callchain-record-exits grep -q 'alpha' /out/record-exits.txt

$cmd umount alpha >&2
$cmd umount "$beta" >&2
expect kvm-callchain-umount [ -z "$(ls /run/perf-kvm-callchain)" ]
stop_guests

# the guests are gone
$cmd report --stdio --sort comm,dso,sym -G > /out/report.txt
expect kvm-callchain-report-alpha grep -q 'guest/alpha.*gw_leaf_mix' /out/report.txt
expect kvm-callchain-report-beta grep -q 'guest/beta.*gw_leaf_mix' /out/report.txt
$cmd script -F comm,pid,tid,ip,sym,dso > /out/script.txt
$cmd exits -i exits.data > /out/exits.txt
expect kvm-callchain-exits grep -q 'alpha' /out/exits.txt
for program in guest-stacks guest-top guest-dump; do
	$cmd script -s "/src/scripts/python/$program.py" > "/out/$program.txt"
	expect "kvm-callchain-python-$program" [ -s "/out/$program.txt" ]
done
$cmd script --host -i exits.data -s /src/scripts/python/guest-exits.py > /out/guest-exits.txt
expect kvm-callchain-python-guest-exits grep -q alpha /out/guest-exits.txt
cp perf.data exits.data /out/
