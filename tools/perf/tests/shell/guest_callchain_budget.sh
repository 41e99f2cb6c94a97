#!/bin/bash
# Guest callchains: what one guest's files take is not another's loss
# SPDX-License-Identifier: GPL-2.0
#
# A guest has programs with a million functions each, more than perf keeps of a guest: those
# of another one have names all the same. And files larger than the disk: they are left out,
# and the recording is made.

. "$(dirname "$0")/lib/guest_callchain_vmm.sh"
make_up guest_callchain_data
make_guest web

cat > budget.py <<'END'
import struct, sys
sys.path.insert(0, sys.argv[1])
import guest_callchain_data as g

SYMBOLS, START, PROGRAMS = 1 << 20, 0x400000, 5

def section(name, kind, offset, size, link=0, entry=0):
    return struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, offset, size, link, 1, 8, entry)

def program(number):
    """A million functions of 16 bytes each, of one name."""
    strings = b"\0.symtab\0.strtab\0" + b"function%d\0" % number
    name = strings.index(b"function")
    start = START + (number << 28)
    symbols = bytes(24) + b"".join(
        struct.pack("<IBBHQQ", name, 0x12, 0, 1, start + 16 * i, 16) for i in range(SYMBOLS))
    at = 64 + 56
    tables = at + len(symbols) + len(strings)
    header = b"\x7fELF\2\1\1".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, start, 64, tables, 0, 64, 56, 1, 64, 3, 2)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, start, start, 16 * SYMBOLS, 16 * SYMBOLS, 4096)
    return (header + load + symbols + strings + bytes(64) +
            section(1, 2, at, len(symbols), 2, 24) + section(9, 3, at + len(symbols), len(strings)))

def samples(pid, numbers, time):
    for number in numbers:
        ip = START + (number << 28) + 4
        yield g.sample(time + number, 5, ip, [g.GUEST_USER, ip]).replace(
            struct.pack("<II", g.PID, g.TID_VCPU), struct.pack("<II", pid, pid + 1))

for number in range(PROGRAMS):
    with open(f"program{number}", "wb") as file:
        file.write(program(number))
with open("perf.data", "wb") as file:
    file.write(g.perf_data([*samples(100, range(PROGRAMS), 1000), *samples(200, [0], 2000)]))
END
python3 budget.py "$lib"

# guest PID NAME PROGRAM...: one that has these
guest() {
	local dir=perf.data.guests/$1 program at
	mkdir -p "$dir"/{proc,processes,user/bin}
	printf 'name %s\nvmm qemu\n' "$2" > "$dir/guest"
	for program in "${@:3}"; do
		ln "$program" "$dir/user/bin/"
		at=$((0x400000 + (${program#program} << 28)))
		printf '%x-%x 0 /bin/%s\n' $at $((at + 0x1000000)) "$program"
	done > "$dir/processes/1"
}
taken_along
guest 100 greedy program{0..4}
guest 200 modest program0
perf script -F comm,ip,sym > out 2> errors || failure "perf script" errors
grep -A1 'guest/modest' out | grep -q function0 || failure "names of the modest guest's" out errors
[ "$(grep -c 'function[0-4]' out)" = 5 ] || failure "names of functions" out errors
grep -q "No symbols of the guest's /bin/program4: Disk quota exceeded" errors ||
	failure "it does not say what has no symbols" errors

# a module that is larger than the disk, of a guest that is recorded
modules=mounts/$vmm/lib/modules/6.1.0
mkdir -p "$modules" recordings
truncate -s 8M "$modules/guestmod.ko"
echo guestmod.ko: > "$modules/modules.dep"
mount -t tmpfs -o size=4m tmpfs recordings
"${record[@]}" -o recordings/perf.data -- true > log 2>&1 || failure "no recording" log
grep -q "web: 1 of its files were left out" log || failure "left out, and not said" log
cmp kallsyms "recordings/perf.data.guests/$vmm/proc/kallsyms" || failure "the rest is not there"
[ -z "$(find recordings -name '*.ko')" ] || failure "half a module"

exit $failed
