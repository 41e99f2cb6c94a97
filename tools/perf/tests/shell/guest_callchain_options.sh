#!/bin/bash
# Guest callchain command lines are parsed by perf record
# SPDX-License-Identifier: GPL-2.0
#
# perf kvm-callchain record adds what was not given. What was given, in whichever of its
# spellings, is what perf record takes it for.

. "$(dirname "$0")/lib/guest_callchain_vmm.sh"
make_up guest_callchain_data
make_guest web
web=$vmm
make_guest db
record=(perf kvm-callchain record --guestmount="$tmp/mounts")

# attributes FILE: of its events, but for those that perf adds for itself
attributes() {
	perf evlist -v -i "$1" 2> /dev/null | grep -v dummy
}

# has NAME PATTERN EVENTS OPTION...: with these options each of so many events matches it
has() {
	rm -rf rec rec.guests
	"${record[@]}" "${@:4}" > log 2>&1 || failure "$1: exit status $?" log
	attributes rec > got || :
	[ "$(grep -c . got)" = "$3" ] && [ "$(grep -c -e "$2" got)" = "$3" ] ||
		failure "$1: not $3 events with $2" got log
}

for bundle in -ga -ag -vga -qa; do
	has "$bundle" CALLCHAIN 1 $bundle -e cpu-clock -o rec -- true
done
has "no -g" CALLCHAIN 1 -a -e cpu-clock -o rec -- true
has "an abbreviated --event" "^cpu-clock" 1 --ev cpu-clock --outp rec -- true
[ -e "rec.guests/$web" ] || failure "an abbreviated --output" log
has "values in the same word" "^cpu-clock.*sample_freq }: 99" 1 -vF99 -ecpu-clock -orec -- true
has "options of the command's" CALLCHAIN 1 -e cpu-clock -o rec true --no-call-graph --host
has "only the guest" "exclude_host: 1" 1 -e cpu-clock -o rec -- true
has "--host, early" "PERIOD" 1 --host -e cpu-clock -o rec -- true
has "--host, late" "PERIOD" 1 -e cpu-clock --host -o rec -- true
! grep exclude_host got || failure "--host, late" log
has "what the user says of it, though" "exclude_host: 1" 1 -e cpu-clock:G --host -o rec -- true
has "two events" CALLCHAIN 2 -e cpu-clock -e task-clock -o rec -- true

has "--no-call-graph" "^cpu-clock" 1 -e cpu-clock --no-call-graph -o rec -- true
! grep CALLCHAIN got || failure "--no-call-graph" got

# whose files are taken along with it
files() {
	has "$1" . 2 -o rec "${@:2}" -- true
	[ -e "rec.guests/$web/user/usr/bin/init" ] || failure "$1: no files were taken" log
}
files "--call-graph dwarf" -e cpu-clock -e task-clock --call-graph dwarf
files "of one event" -e cpu-clock/call-graph=dwarf/ -e task-clock
files "of the other one" -e cpu-clock -e task-clock/call-graph=dwarf/
files "--guest-files" -e cpu-clock -e task-clock --guest-files
has "without" . 1 -e cpu-clock -o rec -- true
[ ! -e "rec.guests/$web/user/usr" ] || failure "files that nobody needs" log

# which guests
of() {
	has "$1" CALLCHAIN 1 -e cpu-clock -o rec "${@:3}" -- true
	[ "$(cd rec.guests; echo [0-9]*)" = "$2" ] || failure "$1: $(ls rec.guests)" log
}
of "all" "$(printf '%s\n' "$web" "$vmm" | sort | xargs)"
of "-p" "$web" -p "$web"
of "-qp" "$web" -qp"$web"
of "--pid, twice" "$(printf '%s\n' "$web" "$vmm" | sort | xargs)" --pi "$web" --pid="$vmm"
of "--guest" "$vmm" --guest db
of "--guest and -p" "$(printf '%s\n' "$web" "$vmm" | sort | xargs)" --guest=db -p "$web"

# what is for all guests' stacks is recorded if one of those that are chosen needs it
echo "CONFIG_FRAME_POINTER=y" > frame-pointers
for pid in "$web" "$vmm"; do mkdir -p "mounts/$pid/boot"; done
cp frame-pointers "mounts/$web/boot/config-6.1.0"
of "with frame pointers" "$web" -p "$web"
! grep guest_stack_words got || failure "words of the stack of who has frame pointers" got

# the other commands: ours are taken out, wherever they are
cp rec.guests/id id
perf kvm-callchain report --stdio --ho -i rec > /dev/null 2> log || failure "report --ho" log
perf kvm-callchain report --help > log 2>&1 && failure "report --help"
grep -q 'perf report' log || failure "report --help" log

exit $failed
