#!/bin/bash
# Guest callchain symbols of another kernel
# SPDX-License-Identifier: GPL-2.0
#
# A guest's kernel has names if the symbols are its own. Those of another boot or another
# build give a name to each address, too: the recording tells that they do not fit. Each
# guest is judged by its own samples.

. "$(dirname "$0")/lib/guest_callchain.sh"
need python3

# recording FILE CHAINS OWN PID:SLIDE...: a file with chains of guests whose kernels have
# been moved by SLIDE; each chain is of a function that another one calls, and the entry code.
# Their maps are where perf record has seen them in ./kallsyms.
recording() {
	python3 - "$lib" "$@" <<-'END'
		import struct
		import sys
		sys.path.insert(0, sys.argv[1])
		import guest_callchain_data as g

		out, nr, own, guests = sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5:]
		flat = own == "flat"
		seen = int(next(line for line in open("kallsyms") if " _text" in line)[:16], 16)
		pids = [int(guest.split(":")[0]) for guest in guests] if own == "own" else [0]
		events = [g.mmap(1, g.MISC_GUEST_KERNEL, pid, seen, 0xb000, seen,
		                 f"[guest.kernel.kallsyms{f'.{pid}' if pid else ''}]_text")
		          for pid in pids]
		time = 1000
		for i in range(nr):
		    for guest in guests:
		        g.PID, slide = (int(part, 0) for part in guest.split(":"))
		        g.TID_VCPU = g.PID + 1
		        text = 0xffffffff81000000 + slide
		        leaf, caller = text + 0x110 + i % 50 * 0x100, text + 0x120 + i % 40 * 0x100
		        if own == "modules" and i % 3:
		            leaf += 0x40000000
		            caller += 0x40000000
		        chain = [g.GUEST_KERNEL, leaf, caller, text + 0xa010, g.GUEST_USER, g.MAIN]
		        events.append(g.sample(time, g.MISC_GUEST_KERNEL, leaf,
		                               [] if flat else [g.DEFERRED, time]))
		        if not flat:
		            events.append(g.record(time + 1, time, chain))
		        time += 1000
		# the table of build-ids has perf know that they are guests by themselves
		table = b""
		for pid in filter(None, pids):
		    name = f"[guest.kernel.kallsyms.{pid}]".encode()
		    table += g.event(67, g.MISC_GUEST_KERNEL,
		                     struct.pack("<i24s64s", pid, bytes(range(20)), name))
		with open(out, "wb") as file:
		    file.write(g.perf_data(events, features=[(2, table)] if table else []))
	END
}

# kernel SLIDE ENTRY: the kallsyms of a kernel with 150 functions
kernel() {
	local i at=$((0xffffffff81000000 + $1))

	printf '%x T %s\n' $at _text $at _stext
	for ((i = 0; i < 150; i++)); do
		printf '%x t fn_%d\n' $((at + (i + 1) * 0x100)) $i
	done
	printf '%x T %s\n' $((at + $2)) entry_SYSCALL_64 $((at + 0xa800)) fn_end \
		$((at + 0xb000)) _etext
}

# names NAME EXPECTED COMMAND...: which of the functions have their names, which of the
# guests' pids is in a line that these do not fit
names() {
	local name=$1

	echo "$2" | tr ' ' '\n' > expected
	shift 2
	"$@" > out 2> errors || failure "$name: status $?" out errors
	{
		grep -ow 'fn_[0-9]*\|entry_SYSCALL_64' out | sort -u | wc -l
		sed -n 's/^Guest \([0-9a-z]*\): .* not used: .*/\1/p' errors | sort
	} > got
	same "$name" errors
}

given=(--guestkallsyms=kallsyms)
script=(perf script --no-inline "${given[@]}" -F ip,sym -i perf.data)

kernel 0 0xa000 > kallsyms
recording perf.data 60 default 100:0
names "its own" 51 "${script[@]}"
names "its own, reported" 51 perf kvm --guest "${given[@]}" report --stdio -i perf.data

# of this boot's and of another one's: perf finds out by _text, and moves them
kernel 0x3000000 0xa000 > kallsyms
names "moved" 51 "${script[@]}"

# perf record has had the wrong ones already
recording perf.data 60 default 100:0
names "another boot" "0 100" "${script[@]}"
grep -q '^Guest 100: .* 0 of 41 return addresses' errors || failure "how many" errors
names "another boot, reported" "0 100" \
	perf kvm --guest "${given[@]}" report --stdio -i perf.data
perf inject --guest-callchain "${given[@]}" -i perf.data -o injected 2> errors ||
	failure "inject" errors
names "another boot, injected" "0 100" perf kvm --guest "${given[@]}" report --stdio -i injected
recording perf.data 15 default 100:0
names "few samples" 0 "${script[@]}"
recording perf.data 60 flat 100:0
names "without callchains" "0 100" "${script[@]}"

kernel 0 0x1040 > kallsyms
recording perf.data 60 default 100:0
names "another build" "0 100" "${script[@]}"
recording perf.data 19 default 100:0
names "another build, few samples" 20 "${script[@]}"

# modules and BPF programs need not be in a kallsyms that is right
kernel 0 0xa000 > kallsyms
recording perf.data 90 modules 100:0
names "modules without symbols" 44 "${script[@]}"

# with FRED, user code ends elsewhere
kernel 0 0x1040 > kallsyms
echo "ffffffff8100a000 T asm_fred_entrypoint_user" >> kallsyms
recording perf.data 60 default 100:0
names "FRED" 50 "${script[@]}"

# two guests, one of which it fits
kernel 0 0xa000 > kallsyms
recording perf.data 60 default 100:0 200:0x3000000
names "two guests" "51 200" "${script[@]}"
[ "$(grep -c entry_SYSCALL_64 out)" = 60 ] || failure "two guests: the one that fits" out
recording perf.data 60 default 100:0x5000 200:0 300:0x6080
names "overlapping" "51 100 300" "${script[@]}"
[ "$(grep -c entry_SYSCALL_64 out)" = 60 ] || failure "overlapping: the one that fits" out

# a guest by itself, none of whose files are there: the host's kallsyms is not its own
recording perf.data 60 own 100:0
names "a file for a guest by itself" 51 "${script[@]}"
names "no file" 0 perf kvm --guest report --stdio -i perf.data
if ! grep -q '\[g\] 0x' out || grep -q '\[g\] [^0]' out; then
	failure "no file: the host's" out errors
fi

# guests with symbols of their own
recording perf.data 60 own 100:0 200:0x3000000
taken_along
mkdir -p perf.data.guests/200/proc
printf 'name db\nvmm qemu\n' > perf.data.guests/200/guest
cp kallsyms perf.data.guests/100/proc/
cp kallsyms perf.data.guests/200/proc/
names "taken along" "51 db" perf kvm-callchain script --no-inline -F ip,sym -i perf.data
names "taken along, reported" "51 db" perf kvm-callchain report --stdio -i perf.data
# there is no code to show
perf kvm-callchain annotate --stdio -s fn_1 -i perf.data > out 2> errors || :
grep -q '^Guest db: .* not used: ' errors || failure "taken along, annotated" errors

# that they have been looked at does not lose what the user has named
mv perf.data.guests moved
names "named by --guestmount" "51 db" \
	perf kvm --guest --guestmount=moved report --stdio -i perf.data
grep -q '\[guest/web\]' out || failure "named by --guestmount: the guests' names" out errors

exit $failed
