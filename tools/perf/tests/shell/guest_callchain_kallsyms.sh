#!/bin/bash
# Guest callchain symbols of an unusual kallsyms
# SPDX-License-Identifier: GPL-2.0
#
# Each symbol has its own name: with brackets in it, in something that is called a module
# but in no list of modules, or beside these. What is no kallsyms gives no names at all.

. "$(dirname "$0")/lib/guest_callchain.sh"
make_up guest_callchain_data
need gcc

# chain OWN ADDRESS...: ./perf.data has a sample with these addresses, outwards
chain() {
	python3 - "$lib" "$@" <<-'END'
		import sys
		sys.path.insert(0, sys.argv[1])
		import guest_callchain_data as g

		own, ips = sys.argv[2] == "own", [int(ip, 16) for ip in sys.argv[3:]]
		with open("perf.data", "wb") as file:
		    file.write(g.perf_data([
		        *g.maps(own), g.comm(1),
		        g.sample(1000, g.MISC_GUEST_KERNEL, ips[0], [g.DEFERRED, 1]),
		        g.record(1001, 1, [g.GUEST_KERNEL, *ips])]))
	END
}

names() {
	"$@" -F ip,sym 2> errors | awk 'NF == 2 { print $2 }' > got
}

# named NAME ADDRESS=SYMBOL...: as the default guest's, and as of one taken along
named() {
	printf '%s\n' "${@:2}" | sed 's/.*=//' > expected
	chain default $(printf '%s\n' "${@:2}" | sed 's/=.*//')
	names perf script --guestkallsyms=odd --guestmodules=modules
	same "$1" errors
	chain own $(printf '%s\n' "${@:2}" | sed 's/=.*//')
	taken_along
	cp odd perf.data.guests/100/proc/kallsyms
	cp modules perf.data.guests/100/proc/
	names perf kvm-callchain script
	same "$1, taken along" errors
	rm -r perf.data.guests
}

sed 's/^ffffffff81000200/ffffffff81000180 T [gap]\n&/' kallsyms > odd
named "a name with brackets" ffffffff81000110=guest_leaf ffffffff81000190=[gap] \
	ffffffff81000210=guest_mid ffffffff81000310=guest_entry

sed 's/guest_mid/&\t[gap]/' kallsyms > odd
named "a module in the kernel" ffffffff81000110=guest_leaf ffffffff81000210=guest_mid \
	ffffffff81000310=guest_entry ffffffffc0000010=mod_leaf

{
	cat kallsyms
	printf '%s\n' "ffffffffc0004000 t bpf_prog_6deef7357e7b4530_egress	[bpf]" \
		"ffffffffc0004080 t bpf_prog_7deef7357e7b4530_ingress	[bpf]" \
		"ffffffffc0004100 t ftrace_trampoline	[__builtin__ftrace]" \
		"ffffffffc0004200 t kprobe_insn_page	[__builtin__kprobes]" \
		"ffffffffc0008000 t bpf_prog_8deef7357e7b4530	[bpf]"
} > odd
named "what is in no list of modules" ffffffffc0004010=bpf_prog_6deef7357e7b4530_egress \
	ffffffffc0004090=bpf_prog_7deef7357e7b4530_ingress ffffffffc0004110=ftrace_trampoline \
	ffffffffc0004210=kprobe_insn_page ffffffffc0008010=bpf_prog_8deef7357e7b4530 \
	ffffffffc0000010=mod_leaf ffffffff81000310=guest_entry

# refused NAME PATTERN: ./odd has no names to give, and why is said
refused() {
	echo 0 > expected
	chain default ffffffff81000110 ffffffff81000310
	timeout -s KILL 20 perf script --guestkallsyms=odd --guestmodules=modules \
		-F ip,sym 2> errors |
		grep -c 'guest_\|mod_' > got || :
	same "$1" errors
	grep -q "$2" errors || failure "$1: not said" errors
	if timeout -s KILL 20 perf kvm --guest --guestkallsyms=odd \
		record -e cpu-clock -o new -- true \
		> errors 2>&1 || ! grep -q -- "^--guestkallsyms=odd: $2" errors; then
		failure "$1: recording" errors
	fi
}

sed 's/^[0-9a-f]*/0000000000000000/' kallsyms > odd
refused "addresses hidden" "hides addresses: .*kptr_restrict"
echo 'int main(void) { return 0; }' | gcc -x c -o odd -
refused "an ELF file" "is an ELF file: use --guestvmlinux"
rm odd
mkfifo odd
refused "a FIFO" "is no regular file"

exit $failed
