# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# dwarf [VERSION]: user code without frame pointers, on Debian's kernel: a program whose
# paths are known, and Debian's nginx and redis at work.
load_kvm
debian_guest "${1:-6.12}"
start_guest -name web
guest '/src/load.sh prepare > /dev/console 2>&1' || fail "the load does not start"
guest 'while :; do /src/load.sh redis; done > /dev/null 2>&1 < /dev/null &
       guestwork-nofp --mix asmrwpg > /dev/null 2>&1 < /dev/null &'
ab -q -c 2 -t 3000 -n 1000000 http://127.0.0.1:8080/ > /out/ab.txt 2>&1 &
ab=$!
pause 1
copy_guest
copy_processes
$perf kvm-callchain mount web "$guestmount/$guest_pid" >&2
cd /tmp || exit
$perf kvm-callchain record --guest web -F 500 --call-graph dwarf -- sleep 12 > /out/record.txt 2>&1
expect dwarf-record [ $? = 0 ]
kill -INT $ab
$perf kvm-callchain umount web >&2
stop_guests

# One file each: there are some hundreds, and each costs a share's round trips
tar -cf /out/recording.tar perf.data perf.data.guests
tar -C $guestmount -cf /out/guestmount.tar .
