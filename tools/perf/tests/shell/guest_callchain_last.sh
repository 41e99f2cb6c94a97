#!/bin/bash
# Guest callchain recordings that fail leave the last one as it was
# SPDX-License-Identifier: GPL-2.0
#
# Whatever goes wrong, perf.data and what was taken along with it are as before, and so are
# the ones before these; nothing else is left, and the exit status tells.

. "$(dirname "$0")/lib/guest_callchain_vmm.sh"
make_up guest_callchain_data
make_guest web

# earlier: record twice in an empty directory, which is ./recordings
earlier() {
	rm -rf recordings/*
	mkdir -p recordings
	cd recordings
	for _ in 1 2; do
		"${record[@]}" -- true > ../log 2>&1 || failure "record" ../log
	done
	for name in perf.data.guests perf.data.old.guests; do
		cmp "$name/$vmm/proc/kallsyms" ../kallsyms || failure "$name: kallsyms"
	done
	state > ../before
	cd ..
}

# unchanged NAME: within seconds, as what cleans up may outlive perf for a moment
unchanged() {
	local i
	for i in {1..50}; do
		(cd recordings; state) > after
		cmp -s before after && return
		sleep 0.1
	done
	diff before after > differences || failure "$1: what is left" differences log
}

# fails STATUS NAME COMMAND...
fails() {
	local status=0
	(cd recordings; "${@:3}") > log 2>&1 || status=$?
	[ "$status" = "$1" ] || failure "$2: exit status $status, not $1" log
	unchanged "$2"
}

# says TEXT: and the reason is named
says() {
	grep -q -- "$1" log || failure "it does not say '$1'" log
}

earlier
for _ in 1 2; do
	fails 129 "--help" "${record[@]}" --help
	fails 129 "an option that there is not" "${record[@]}" --nosuch
	fails 129 "an event that there is not" "${record[@]}" -e cyclse -- true
	fails 255 "a program that there is not" "${record[@]}" -- ./nosuch
	says nosuch
	fails 255 "a guest that there is not" "${record[@]}" --guest nosuch -- true
	fails 255 "no file" "${record[@]}" -o - -- true
	# found out when the file is open already
	fails 255 "no rights" setpriv --bounding-set=-all --inh-caps=-all "${record[@]}" -- true
	says "perf.data is as it was"
done

# who may write here may give any directory the name of one that recording removes
for name in perf.data.old perf.data.old.guests; do
	earlier
	rm -rf "recordings/$name"
	mkdir -p "recordings/$name"
	echo precious > "recordings/$name/file"
	(cd recordings; state) > before
	fails 255 "somebody's directory $name" "${record[@]}" -- true
	says "$name is a directory that no recording has made"
done
earlier

# ended while the guest's files are copied, for which these are large
yes 'ffffffff81000100 T guest_leaf' | head -n 4000000 >> "mounts/$vmm/proc/kallsyms"
for signal in INT TERM HUP QUIT KILL; do
	(cd recordings; exec env --default-signal "${record[@]}" -- true) > log 2>&1 &
	perf=$!
	for _ in {1..100}; do
		compgen -G "recordings/perf.data.guests.*" > /dev/null && break
		sleep 0.02
	done
	sleep 0.1
	if ! kill -$signal $perf; then
		failure "SIG$signal: it was too late"
	fi
	status=0
	wait $perf 2> /dev/null || status=$?
	[ $status = $((128 + $(kill -l $signal))) ] || failure "SIG$signal: $status" log
	unchanged "SIG$signal"
done

# what does not fit is not there half
umount recordings 2> /dev/null || :
mount -t tmpfs -o size=2m tmpfs recordings
head -n 20 kallsyms > "mounts/$vmm/proc/kallsyms"
earlier
yes 'ffffffff81000100 T guest_leaf' | head -n 100000 >> "mounts/$vmm/proc/kallsyms"
fails 255 "a full disk" "${record[@]}" -- true
says "No space left on device"

exit $failed
