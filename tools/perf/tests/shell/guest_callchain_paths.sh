#!/bin/bash
# Guest callchain mounts, wherever they are
# SPDX-License-Identifier: GPL-2.0
#
# A path may be long, and have characters in it that JSON does not.

. "$(dirname "$0")/lib/guest_callchain_vmm.sh"
make_up guest_callchain_data
make_guest web

# listed DIRECTORY: as where the guest's files are
listed() {
	perf kvm-callchain list --json --guestmount="$1" > list 2> errors ||
		failure "list" errors
	python3 -c 'import json, sys
print([guest["mount"] for guest in json.load(open("list")) if guest["name"] == "web"] ==
      [sys.argv[1]])' "$1/$vmm" > got 2>> errors || :
	echo True > expected
	same "listed" list errors
}

long=$(printf 'x%.0s' {1..200})
mkdir -p "$long/$long"
ln -s "$tmp/mounts/$vmm" "$long/$long/$vmm"
listed "$tmp/$long/$long"

odd=$'a "line",\n\\and\t\001another'
mkdir "$odd"
ln -s "$tmp/mounts/$vmm" "$odd/$vmm"
listed "$tmp/$odd"

# what perf would not read is not written: more bytes than came, as addresses are short
awk 'BEGIN { for (i = 0; i < 7000000; i++) print "1 t a" }' >> "mounts/$vmm/proc/kallsyms"
"${record[@]}" -- true > log 2>&1 || failure "record" log
size=$(stat -c %s "perf.data.guests/$vmm/proc/kallsyms")
[ "$size" -gt 130000000 ] && [ "$size" -lt $((128 << 20)) ] || failure "$size bytes of kallsyms" log

exit $failed
