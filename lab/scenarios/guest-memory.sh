# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# guest-memory [VERSION]: a guest that gives nothing. Without a mount, its kernel's names come
# out of its memory; what they are is compared with what it says itself. VERSION is a kernel of
# Debian's, which has BTF, so modules, and ORC tables. guest-memory.check compares the modules'.
load_kvm
[ -z "${1:-}" ] || debian_guest "$1"
start_guest -name web
[ -n "${1:-}" ] || start_work
cd /tmp || exit
slots=$(echo /sys/kernel/debug/kvm/"$guest_pid"-*/guest_callchain_slots)
expect guest-memory-slots-are-roots [ "$(stat -c %a "$slots")" = 400 ]
cat "$slots" > /out/slots.txt

# What /proc/kallsyms has, without what perf leaves out: symbols at 0, which are a sign of
# kptr_restrict, but for percpu ones. Of modules, which symbols are exported is not looked up.
# Programs of BPF, and what else is made while the kernel runs, are not taken.
normal() {
	awk '/\t\[(bpf|__builtin__.*)\]$/ || ($1 ~ /^0+$/ && $2 !~ /[Aa]/) { next }
	     /]$/ { $2 = tolower($2) }
	     { print $1, $2, $3, $4 }' "$1" | sort
}
guest 'sysctl -qw kernel.kptr_restrict=0; cat /proc/kallsyms' > /out/kallsyms.guest

if [ -n "${1:-}" ]; then
	# all in the kernel's image
	guest 'nohup sh -c "while :; do cat /proc/kallsyms; done" > /dev/null 2>&1 & echo $!' > /run/load
fi
start=${EPOCHREALTIME/./}
$perf kvm-callchain record -v -F 250 -- sleep 4 > /out/record.txt 2>&1
expect guest-memory-record [ $? = 0 ]
say "recording took $(((${EPOCHREALTIME/./} - start) / 1000)) ms, of which 4000 are its sleep"
expect guest-memory-says-so grep -q 'web: kernel .* symbols.* out of its memory' /out/record.txt
# by which the kernel that runs is told from another one in there
expect guest-memory-sees-page-tables grep -q 'web: page tables in use at 0x[1-9a-f]' /out/record.txt
taken=perf.data.guests/$guest_pid
same_symbols() {
	normal /out/kallsyms.guest > /tmp/guest.txt
	normal "$taken/proc/kallsyms" > /tmp/taken.txt
	[ -n "${1:-}" ] || { grep -v ']$' /tmp/guest.txt > /tmp/kernel.txt; mv /tmp/kernel.txt /tmp/guest.txt; }
	say "$(wc -l < /tmp/guest.txt) symbols in the guest, $(wc -l < /tmp/taken.txt) out of its memory"
	diff /tmp/guest.txt /tmp/taken.txt > /out/kallsyms.diff && [ "$(wc -l < /tmp/taken.txt)" -gt 10000 ]
}
expect guest-memory-same-symbols same_symbols "$@"
expect guest-memory-release grep -q "^Linux version $(guest uname -r) " "$taken/proc/version"
guest 'cat /sys/kernel/notes' > /out/notes.guest
build_id() {
	python3 -c 'import sys
notes = open(sys.argv[1], "rb").read()
at = notes.index(b"\3\0\0\0GNU\0") - 8
print(notes[at + 16:][:int.from_bytes(notes[at + 4:at + 8], "little")].hex())' "$1"
}
expect guest-memory-build-id [ "$(build_id /out/notes.guest)" = "$(build_id "$taken/sys/kernel/notes")" ]
modules() { cut -d' ' -f1,2,6 "$1" | sort; }
if [ -n "${1:-}" ]; then
	guest 'cat /proc/modules' > /out/modules.guest
	guest 'grep -H . /sys/module/*/sections/.*' > /out/sections.guest
	expect guest-memory-modules diff <(modules /out/modules.guest) <(modules "$taken/proc/modules")
fi

$perf kvm-callchain script -F ip,sym,dso > /out/script.txt 2> /out/script.err
expect guest-memory-report grep -q do_syscall_64 /out/script.txt
# the kernel's frames, by where its code begins and ends
named() {
	awk -v first="$(awk '$3 == "_stext" { print $1 }' "$taken/proc/kallsyms")" \
	    -v last="$(awk '$3 == "_etext" { print $1 }' "$taken/proc/kallsyms")" \
	    'length($1) == 16 && $1 >= first && $1 < last { all++; named += $2 != "[unknown]" }
	     END { print "lab: frames of the kernel: " all + 0 ", with names: " named + 0
		   exit !(all > 300 && named == all) }' /out/script.txt
}
expect guest-memory-frames-have-names named
# "Guest web: kernel stacks by ORC tables (...): 99.50 % of 1234 to a root, 0 with guesses"
to_roots() {
	grep -o 'kernel stacks by ORC tables.*' "$1"
	awk '/kernel stacks by ORC tables/ { for (i = 1; i < NF; i++) if ($(i + 1) == "%") share = $i }
	     END { exit !(share >= 95) }' "$1"
}
# Samples whose innermost frame is where modules are: find is in overlay's and ext4's code.
in_modules() {
	awk 'NF == 0 { inner = 1 }
	     inner && length($1) == 16 {
		inner = 0
		all++
		module += $1 >= "ffffffffc0000000" && $1 < "ffffffffff000000"
	     }
	     END { print "lab: samples in the kernel: " all + 0 ", in modules: " module + 0
		   exit !(module >= 30) }' /out/find.txt
}
if [ -n "${1:-}" ]; then
	expect guest-memory-chains-by-orc to_roots /out/script.err
	guest "kill $(cat /run/load); nohup sh -c 'while :; do find /usr -type f; done' > /dev/null 2>&1 &"
	$perf kvm-callchain record -o find.data -F 250 -- sleep 4 > /out/find.record.txt 2>&1
	$perf kvm-callchain script -i find.data -F ip,sym,dso > /out/find.txt 2> /out/find.err
	expect guest-memory-in-modules in_modules
	expect guest-memory-chains-through-modules to_roots /out/find.err
fi

$perf kvm-callchain record --no-guest-memory -o no.data -F 250 -- sleep 1 > /out/no.txt 2>&1
expect guest-memory-not-wanted [ ! -e "no.data.guests/$guest_pid/proc/kallsyms" ]
echo Y > "${slots%/*}/guest_callchain_off"
$perf kvm-callchain record -o off.data -F 250 -- sleep 1 > /out/off.txt 2>&1
expect guest-memory-not-allowed grep -q 'the administrator does not allow it' /out/off.txt
expect guest-memory-not-allowed-nothing [ ! -e "off.data.guests/$guest_pid/proc/kallsyms" ]
cp -r perf.data perf.data.guests /out/
