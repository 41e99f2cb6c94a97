#!/bin/bash
# Guest callchain recordings of other hosts, and with other commands
# SPDX-License-Identifier: GPL-2.0
#
# The frames of a host are not named by the kernel that perf runs on, unless it is that
# host's. A command that leaves the samples of guests out says so.

. "$(dirname "$0")/lib/guest_callchain.sh"
make_up guest_callchain_data

cat > host.py <<-'END'
	import struct, sys
	sys.path.insert(0, sys.argv[1])
	import guest_callchain_data as g

	HOSTNAME, OSRELEASE = 3, 4
	text, ip = int(sys.argv[2], 16), int(sys.argv[3], 16)

	def string(text):
	    data = text.encode() + b"\0"
	    return struct.pack("<I", len(data)) + data

	kernel = g.mmap(1, g.MISC_KERNEL, -1, text, ip - text + 4096, text,
			"[kernel.kallsyms]_text")
	with open("host.data", "wb") as file:
	    file.write(g.perf_data([
	        kernel, g.comm(1), g.sample(1000, g.MISC_KERNEL, ip, [g.KERNEL, ip])],
	        features=((HOSTNAME, string(sys.argv[4])), (OSRELEASE, string(sys.argv[5])))))
END

read -r text _ < <(grep ' [Tt] _text$' /proc/kallsyms) || :
read -r at _ < <(grep ' [Tt] kernel_clone$' /proc/kallsyms) || :
if [ -z "${at-}" ] || [ $((0x$text)) = 0 ]; then
	echo "the addresses in /proc/kallsyms are needed"
	exit 2
fi

# host SYMBOL NAME RELEASE: what a frame in kernel_clone() is shown as, if recorded there
host() {
	python3 host.py "$lib" "$text" "$at" "$2" "$3"
	printf '%s\n' "$1" "$1" > expected
	perf script -i host.data -F ip,sym 2> errors | awk 'NF { print $2 }' > got
	head -n 1 expected > one
	sort -u got | diff -u one - || failure "recorded on $2, $3" errors
	if [ "$1" = "[unknown]" ]; then
		grep -q "Recorded on $2 with $3, without the build-id of that kernel" errors ||
			failure "recorded on $2, $3: not said" errors
	fi
}

host kernel_clone "$(uname -n)" "$(uname -r)"
host "[unknown]" elsewhere.example "$(uname -r)"
host "[unknown]" "$(uname -n)" 5.4.0-other

# 4 of the 6 samples are of the guest
left_out() {
	echo "$1" > expected
	"${@:2}" 2>&1 > out | grep -o '^[0-9]* samples of KVM guests were left out' |
		grep -o '^[0-9]*' > got || :
	same "${*:2}"
}
left_out 4 perf script -i perf.data
left_out 4 perf report -i perf.data --stdio
: > expected
for command in "perf kvm --guest report -i perf.data --stdio" "perf kvm-callchain script" \
	"perf inject -i perf.data -o injected.data"; do
	$command > out 2> errors || failure "$command" errors
	! grep "left out" errors || failure "$command" errors
done

exit $failed
