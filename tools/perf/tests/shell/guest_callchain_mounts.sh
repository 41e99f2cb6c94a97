#!/bin/bash
# Guest callchain mounts of directories
# SPDX-License-Identifier: GPL-2.0
#
# perf kvm-callchain mount PID DIRECTORY: a path is a path, however it is written.

. "$(dirname "$0")/lib/guest_callchain_vmm.sh"
make_up guest_callchain_data
make_guest web
mv "mounts/$vmm" root
mount=(perf kvm-callchain mount --guestmount="$tmp/mounts" "$vmm")

# linked DIRECTORY: it is where the guest's files are found from now on
linked() {
	"${mount[@]}" "$1" > log 2>&1 || failure "$1: status $?" log
	[ "$(readlink "mounts/$vmm")" = "$tmp/root" ] || failure "$1: not linked" log
	! grep . log || failure "$1: something is said" log
	perf kvm-callchain list --guestmount="$tmp/mounts" > list
	grep -q "6.1.0" list || failure "$1: not found" list
}

linked "$tmp/root"
linked root
linked ./root
linked root/../root/
mkdir here
(cd here && "${mount[@]}" ../root) > log 2>&1 || failure "../root" log
linked ./root

# refused PATH MESSAGE: status 1, and what was linked stays so
touch file
refused() {
	local status=0
	"${mount[@]}" "$1" > got 2>&1 || status=$?
	echo "$1: $2" > expected
	same "$1"
	[ $status = 1 ] || failure "$1: status $status"
	[ "$(readlink "mounts/$vmm")" = "$tmp/root" ] || failure "$1: the link is gone"
}
refused none/there "No such file or directory"
refused ./none "No such file or directory"
refused /none "No such file or directory"
refused file "Not a directory"
refused "$tmp/file" "Not a directory"

# what is not a guest's root directory is told what it lacks, and gives way to what is
mkdir empty
"${mount[@]}" empty > log 2>&1 || failure "an empty directory: status $?" log
grep -q "^empty has no proc/kallsyms" log || failure "an empty directory" log
linked root

exit $failed
