#!/bin/bash
# Guest callchain names of maps are printable
# SPDX-License-Identifier: GPL-2.0
#
# A guest's maps and build-ids come with names that hold escape sequences: none reaches the
# terminal.

. "$(dirname "$0")/lib/guest_callchain.sh"
make_up guest_callchain_data

cat > maps.py <<-'END'
	import struct, sys
	sys.path.insert(0, sys.argv[1])
	import guest_callchain_data as g

	ESCAPES = "\x1b]0;evil\x07\x1b[31m"
	MISC_GUEST_USER, RECORD_MMAP2, PROT, BUILD_ID = 5, 10, 5, 2

	def mmap(misc, start, size, name):
	    return g.mmap(1, misc, g.PID, start, size, 0, name)

	def mmap2(misc, start, size, name):
	    name = name.encode() + b"\0"
	    name = name.ljust((len(name) + 7) // 8 * 8, b"\0")
	    return g.event(RECORD_MMAP2, misc,
	                   struct.pack("<iI", g.PID, 0) + g.words(start, size, 0) +
	                   struct.pack("<IIQQII", 0, 0, 0, 0, PROT, 0) + name + g.sample_id(1))

	_, *kernel = g.maps(True)
	made = {"mmap": mmap, "mmap2": mmap2}[sys.argv[2]]
	maps = [made(g.MISC_GUEST_KERNEL, g.MODULE & ~0xfff, 16384, f"[mod{ESCAPES}]"), *kernel,
	        made(MISC_GUEST_USER, g.MAIN, 4096, f"/bin/{ESCAPES}")]
	# a table of build-ids: one, of a file that is not mapped
	name = f"/lib/{ESCAPES}".encode().ljust(64, b"\0")
	build_id = g.event(0, MISC_GUEST_USER, struct.pack("<i24s", g.PID, b"id" * 10) + name)
	with open("perf.data", "wb") as file:
	    file.write(g.perf_data([*maps, g.comm(1), *g.samples(6)],
	                           features=((BUILD_ID, build_id),)))
END

# shows NAMES COMMAND...: so many of the names, which are printable
shows() {
	perf "${@:2}" > got 2>&1 || :
	sed -i '/^\. /d' got		# report -D has the bytes, too
	if LC_ALL=C grep -q $'[\001-\010\013-\037]' got ||
	   [ "$(grep -c '?]0;evil??\[31m' got)" -lt "$1" ]; then
		failure "$kind: perf ${*:2}"
		cat -v got
	fi
}

for kind in mmap mmap2; do
	python3 maps.py "$lib" $kind
	taken_along
	# not the modules, whose names there are others
	cp kallsyms perf.data.guests/100/proc/
	shows 8 kvm-callchain script -F ip,sym,dso
	shows 2 kvm-callchain report --stdio --children -g none --sort dso
	shows 2 kvm-callchain script --show-mmap-events
	# not told that there are guests, perf takes these for the host's
	shows 2 script -F ip,sym,dso --show-mmap-events
	shows 2 report -D
	shows 1 buildid-list
done

# a kallsyms of the guest's with its kernel's symbols and two modules' in turns: perf would make
# a map of each part of the kernel, and sort all of them for each
taken_along
python3 - > perf.data.guests/100/proc/kallsyms <<-'END'
	print("ffffffff81000000 T _text")
	for at in range(0xffffffffc0000000, 0xffffffffc1000000, 0x100):
	    module = "othermod" if at & 0x100 else "guestmod"
	    print(f"{at:x} t mod_{at:x}\t[{module}]")
	    print(f"{at + 0x80:x} T kernel_{at:x}")
END
cat modules - > perf.data.guests/100/proc/modules <<-'END'
	othermod 16384 1 - Live 0xffffffffc2000000 (O)
END
cat > parts.py <<-'END'
	import sys
	sys.path.insert(0, sys.argv[1])
	import guest_callchain_data as g
	with open("perf.data", "wb") as file:
	    file.write(g.perf_data([*g.maps(True), g.comm(1), *g.samples(6)]))
END
python3 parts.py "$lib"
timeout 60 perf script -F ip,sym,dso > got 2> errors ||
	failure "kernel and modules in turns: status $?" errors
grep -q 'mod_ffffffffc0000000' got || failure "kernel and modules in turns" got errors

exit $failed
