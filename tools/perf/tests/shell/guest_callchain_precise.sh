#!/bin/bash
# Guest callchain events are not precise
# SPDX-License-Identifier: GPL-2.0
#
# A precise event (PEBS) finds no guest, or crashes one: none that samples guests is opened.

. "$(dirname "$0")/lib/guest_callchain_vmm.sh"
make_up guest_callchain_data
make_guest web

events() {
	perf evlist -v -i rec 2> /dev/null | grep -v 'dummy\|^#'
}

# records NR SAID COMMAND...: so many events are in ./rec, so many lines say a thing
records() {
	"${@:3}" -o rec -- true > log 2>&1 || failure "${*:3}: exit status $?" log
	events > got || :
	[ "$(grep -c . got)" = "$1" ] || failure "${*:3}: not $1 events" got log
	[ "$(grep -c "precise events cannot sample guests" log)" = "$2" ] ||
		failure "${*:3}: not said $2 times" log
}

# guests NR SAID COMMAND...: they are of guests only, and not precise
guests() {
	records "$@"
	[ "$(grep -c 'exclude_host: 1' got)" = "$1" ] || failure "${*:3}: of the host, too" got
	! grep 'precise_ip\|exclude_guest' got || failure "${*:3}: precise, or not of guests" got
}

ours=(perf kvm-callchain record --guestmount="$tmp/mounts")
for modifier in p pp ppp P Gpp GP; do
	guests 1 1 "${ours[@]}" -e "cpu-clock:$modifier"
done
guests 2 2 "${ours[@]}" -e cpu-clock:pp -e task-clock:P
guests 2 1 "${ours[@]}" -e cpu-clock -e task-clock:pp
guests 2 2 "${ours[@]}" -e '{cpu-clock:pp,task-clock:pp}'
guests 1 1 perf kvm --guest record -e cpu-clock:pp
guests 1 0 perf kvm --guest record -e cpu-clock

# with the host as well, and of the host alone
records 1 1 "${ours[@]}" --host -e cpu-clock:pp
! grep 'precise_ip\|exclude_' got || failure "--host" got
records 1 0 perf kvm --host --no-guest record -e cpu-clock:pp
grep -q 'precise_ip.*2' got || failure "of the host" got
records 1 0 perf record -e cpu-clock:pp
grep -q 'precise_ip.*2' got || failure "perf record" got
records 1 0 perf record -e cpu-clock:P
grep -q 'precise_ip.*3' got || failure "perf record, as precise as can be" got
records 1 1 perf record -e cpu-clock:ppG
! grep precise_ip got || failure "perf record of guests" got

# perf's default event, as perf tries to open it
perf kvm --guest record -vv -g -a -o rec -- true > log 2>&1 || :
grep -q perf_event_attr log || failure "nothing was opened" log
! grep precise_ip log || failure "the default event" log

perf record -vv -o rec -- true > log 2>&1 || :
grep -q precise_ip log || failure "perf record's default event" log
! grep "precise events cannot" log || failure "perf record's default event" log

# who asks for the host alone is told that there will be no guest
says() {
	local times=$1
	shift
	"$@" -o rec -- true > log 2>&1 || failure "$*: exit status $?" log
	[ "$(grep -c "samples the host only, so there will be no callchains" log)" = "$times" ] ||
		failure "$*: not said $times times" log
}
says 1 "${ours[@]}" -e cpu-clock:H
says 1 perf kvm --guest record -g -e cpu-clock:H
says 0 "${ours[@]}" -e cpu-clock
says 0 "${ours[@]}" -e cpu-clock:H -e task-clock:G
says 0 perf record -e cpu-clock:H

# nothing of a guest was recorded: in this one nothing runs
explained() {
	local times=$1
	shift
	"$@" -o rec -- true > log 2>&1 || failure "$*: exit status $?" log
	[ "$(grep -c "^No sample is of a guest: " log)" = "$times" ] ||
		failure "$*: not explained $times times" log
}
explained 1 perf kvm --guest record -e cpu-clock -a
explained 1 perf kvm --host --guest record -e cpu-clock -a
explained 1 "${ours[@]}" -e cpu-clock
explained 0 perf kvm --host --no-guest record -e cpu-clock -a
explained 0 perf record -e cpu-clock -a

exit $failed
