#!/bin/bash
# Guest callchain mounts of guests that have ended
# SPDX-License-Identifier: GPL-2.0
#
# A mount is of a VMM, not of whichever process has its pid.

. "$(dirname "$0")/lib/guest_callchain_vmm.sh"
make_up guest_callchain_data

at=--guestmount=$tmp/mounts
list() { perf kvm-callchain list "$at" > list 2> log; }
# is_mounted PID, as list shows it
is_mounted() { grep -q "^ *$1 .* 6.1.0 " list; }

# mounted NAME: a guest whose files are a directory of their own, linked by us
mounted() {
	make_guest "$1"
	mkdir -p roots
	mv "mounts/$vmm" "roots/$1"
	perf kvm-callchain mount "$at" "$1" "roots/$1" > log 2>&1 || failure "mount $1" log
}
# ended PID
ended() {
	umount "/proc/$1/fd"
	kill "$1"
	wait "$1" 2> /dev/null || :
}
umounts() { # TARGET STATUS [MESSAGE]
	local status=0
	perf kvm-callchain umount "$at" "$1" > got 2>&1 || status=$?
	[ $status = "$2" ] || failure "umount $1: status $status" got
	[ $# = 2 ] || grep -qe "$3" got || failure "umount $1: what is said" got
}
# left PID...: the mounts that are there, and nothing else
left() {
	local pid
	{ for pid; do printf '%s\n' "$pid" ".$pid"; done; } | sort > expected
	find mounts -mindepth 1 -maxdepth 1 -printf '%f\n' | sort > got
	same "mounts left: $*"
}

mounted web
web=$vmm
mounted db
db=$vmm
list
is_mounted "$web" || failure "mounted" list
! grep ended list || failure "a guest that runs has ended"

# without its guest
ended "$web"
list
grep -q "^Mounts of guests that have ended: web ($web)\. .*umount --stale" list ||
	failure "list does not show a stale mount" list
is_mounted "$db" || failure "the other one" list
umounts web 0
left "$db"
list
! grep ended list || failure "stale after umount" list

# the same pid: as if db's process had got that of another guest, whose files are there
mounted old
mv "mounts/.$vmm" "mounts/.$db"
rm "mounts/$db"
mv "mounts/$vmm" "mounts/$db"
ended "$vmm"
list
! is_mounted "$db" || failure "another guest's files are shown as its own" list
grep -q "^$tmp/mounts/$db is of a guest that has ended: not used" log || failure "list" log
grep -q "ended: old ($db)" list || failure "list, the same pid" list
"${record[@]}" -o perf.data --guest db -- sleep 0.1 > log 2>&1 || failure "record" log
[ ! -e "perf.data.guests/$db/proc/kallsyms" ] || failure "another guest's symbols are taken"
# and its own take their place
perf kvm-callchain mount "$at" db roots/db > log 2>&1 || failure "mount instead of a stale one" log
list
is_mounted "$db" || failure "its own files" list
"${record[@]}" -o perf.data --guest db -- sleep 0.1 > log 2>&1 || failure "record" log
[ -e "perf.data.guests/$db/proc/kallsyms" ] || failure "its own symbols are not taken" log

# what only looks like a pid
mounted 7
seven=$vmm
umounts 7 0
left "$db"
umounts 7 1 "no mount of a guest '7'"
umounts "" 1 "no mount of a guest ''"
umounts 0 1 "no mount of a guest '0'"

# all, and those that are stale
perf kvm-callchain mount "$at" 7 roots/7 > log 2>&1 || failure "mount 7" log
mounted gone
ended "$vmm"
umounts --stale 0
left "$db" "$seven"
umounts --all 0
left

exit $failed
