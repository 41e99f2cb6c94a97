#!/bin/bash
# Guest callchains of one guest among several
# SPDX-License-Identifier: GPL-2.0
#
# A recording of three guests, two of them with one name: --guest shows one's samples, by
# whichever command.

. "$(dirname "$0")/lib/guest_callchain.sh"
need python3
# PERFDATA PID:SAMPLES...: of guests, and a third as many of the host in their VMMs
make='import sys; sys.path.insert(0, sys.argv[1]); import guest_callchain_data as g
events = []
for guest in sys.argv[3:]:
	g.PID, nr = map(int, guest.split(":"))
	g.TID_VCPU = g.PID + 1
	events += [*g.maps(True), g.comm(1), *g.samples(nr)]
open(sys.argv[2], "wb").write(g.perf_data(events))'
python3 -c "$make" "$lib" perf.data 100:6 200:9 300:12
taken_along web
mkdir -p perf.data.guests/{200,300}/proc
printf 'name %s\n' db > perf.data.guests/200/guest
printf 'name %s\n' web > perf.data.guests/300/guest

report() { perf kvm-callchain report --stdio --no-children -g none -n "$@" 2> /dev/null; }
# samples of each guest, as report has them
counts() { report --sort comm "$@" | awk '/%/ && !/^#/ { print $3, $2 }' | sort; }

printf '[guest/%s\n' 'db] 6' 'web] 12' > expected
counts > got
same "all of them"
echo '[guest/db] 6' > expected
counts --guest db > got
same "report by name"
counts --guest 200 > got
same "report by pid"
echo '[guest/web] 8' > expected
counts --guest=300 > got
same "report by the pid of one of two with a name"
printf '[guest/%s\n' 'db] 6' 'web] 4' > expected
counts --guest 100 --guest db > got
same "two of them"
echo 9 > expected
report --host --guest db --sort sym | awk '/%/ && !/^#/ { n += $2 } END { print n }' > got
same "with its VMM's samples"

echo 200 > expected
perf kvm-callchain script --guest db -F pid 2> /dev/null | tr -d ' ' | sort -u > got
same "script"
echo 'db 6' > expected
stacks=$lib/../../../scripts/python/guest-stacks.py
perf kvm-callchain script --guest db -s "$stacks" 2> /dev/null |
	awk -F'[; ]' '{ n[$1] += $NF } END { for (g in n) print g, n[g] }' > got
same "script -s"
perf kvm-callchain export --format folded --guest db 2> said |
	sed 's/^\[guest\/\([^]]*\)\].* /\1 /' |
	awk '{ n[$1] += $2 } END { for (g in n) print g, n[g] }' > got
same "export" said
perf kvm-callchain flamegraph --guest 200 -o - 2> /dev/null |
	grep -o '\[guest/[a-z]*\]' | sort -u > got
echo '[guest/db]' > expected
same "flamegraph"

# db is another pid in an earlier recording
python3 -c "$make" "$lib" perf.data.old 100:3 200:6
mkdir -p perf.data.old.guests/{100,200}/proc
cp perf.data.guests/id perf.data.old.guests/id
printf 'name db\n' > perf.data.old.guests/100/guest
printf 'name web\n' > perf.data.old.guests/200/guest
perf kvm-callchain diff --guest db -s comm perf.data.old perf.data 2> /dev/null |
	awk '/%/ && !/^#/ { print $NF }' > got
same "diff"

# refused GUEST MESSAGE: status 1, and nothing is shown
refused() {
	local status=0
	perf kvm-callchain report --stdio --guest "$1" > got 2> said || status=$?
	[ $status = 1 ] || failure "$1: status $status" said
	[ ! -s got ] || failure "$1: something is shown" got
	echo "--guest=$1: $2" > expected
	grep -- '^--guest' said > got
	same "refused: $1" said
}
known="web (100), db (200), web (300)"
refused mail "no such guest in this recording: $known"
refused 201 "no such guest in this recording: $known"
refused "" "no such guest in this recording: $known"
refused web "several guests are called that: give the pid: $known"
rm -r perf.data.guests perf.data.old.guests
refused db "names of this recording's guests are not known: give the pid of its VMM"
echo 6 > expected
perf kvm-callchain report --stdio --no-children -g none -n --guest 200 2> /dev/null |
	awk '/%/ && !/^#/ { n += $2 } END { print n }' > got
same "without names, by pid"

exit $failed
