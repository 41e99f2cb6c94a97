#!/bin/bash
# Guest callchain names of an initramfs
# SPDX-License-Identifier: GPL-2.0
#
# The files of a guest that has nothing but an initramfs, unpacked: there is no /proc in
# them. Its first program is linked for fixed addresses, so it is known what is there.

. "$(dirname "$0")/lib/guest_callchain_vmm.sh"
make_up guest_callchain_data
need gcc
make_guest web
rm -r "mounts/$vmm"
mkdir "mounts/$vmm"

# with symbols where the made-up samples have MAIN and CALLED
cat > init.S <<-'END'
	.globl work, _start
	.type _start, @function; _start: nop; .size _start, 0x100
	.org 0x100; .type work, @function; work: nop; .org 0x120; .size work, 0x20
END
gcc -nostdlib -static -no-pie -Wl,-Ttext=0x401000 -o "mounts/$vmm/init" init.S 2> log ||
	failure "init" log

"${record[@]}" --guest-files -o rec -- true > log 2>&1 || failure "record: status $?" log
grep -q "web: 1 processes, 1 files of theirs" log || failure "not taken" log
! grep "no guest mount" log || failure "record" log
grep -q "web: no /proc/kallsyms" log || failure "kallsyms: not said" log

# the made-up recording, as if it were of this guest
python3 "$lib/guest_callchain_data.py" . 2 own
mkdir perf.data.guests
mv "rec.guests/$vmm" perf.data.guests/100
echo 00000000000000a5 > perf.data.guests/id
perf kvm-callchain script -F ip,sym 2> errors | awk '$1 ~ /^401/ { print $2 }' | head -n 2 > got
printf '%s\n' work _start > expected
same "names" errors

# one that may be anywhere is not guessed to be somewhere
gcc -nostdlib -static-pie -o "mounts/$vmm/init" init.S 2> log || failure "init" log
"${record[@]}" --guest-files -o rec -- true > log 2>&1 || failure "record: status $?" log
[ ! -e "rec.guests/$vmm/processes" ] || failure "a position-independent program" log

exit $failed
