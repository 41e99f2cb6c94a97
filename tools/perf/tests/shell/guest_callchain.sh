#!/bin/bash
# Guest callchains in reports and scripts
# SPDX-License-Identifier: GPL-2.0
#
# Made-up samples of a guest, in the ways perf shows samples: each has the
# callchain that came in its record, with symbols of the guest.

. "$(dirname "$0")/lib/guest_callchain.sh"
make_up guest_callchain_data
guest="--guestkallsyms kallsyms --guestmodules modules"

frames() {
	grep -o '[0-9a-f]* [a-z_[]*\]*$' | sed 's/^ *//; s/\[unknown\]/?/'
}

cat > kernel-chain <<-'END'
	ffffffff81000110 guest_leaf
	ffffffff81000210 guest_mid
	ffffffff81000310 guest_entry
	401100 ?
	401000 ?
END
cat > module-chain <<-'END'
	ffffffffc0000010 mod_leaf
	ffffffff81000310 guest_entry
	401000 ?
END
printf '%s\n' '1000 ?' '2000 ?' | cat - kernel-chain > host-chain
cat kernel-chain module-chain host-chain kernel-chain module-chain host-chain > chains

cp chains expected
# shellcheck disable=SC2086
perf script $guest -i perf.data -F ip,sym 2> /dev/null | frames > got
same "perf script"

perf inject -i perf.data -o injected.data 2> /dev/null
# shellcheck disable=SC2086
perf script $guest -i injected.data -F ip,sym 2> /dev/null | frames > got
same "perf inject"

# shellcheck disable=SC2086
perf inject -b -i perf.data -o - 2> /dev/null |
	perf script $guest -i - -F ip,sym 2> /dev/null |
	frames > got
same "perf inject -b, through a pipe"

# guest data of which nothing is merged: a round of events, and its end
python3 - "$lib" <<-'END'
	import struct, sys
	sys.path.insert(0, sys.argv[1])
	import guest_callchain_data as g

	FINISHED_ROUND = 68
	kernel = g.mmap(1, g.MISC_KERNEL, -1, g.LEAF & ~0xffffff, 4096, 0, "[kernel.kallsyms]_text")
	with open("guest.data", "wb") as file:
	    file.write(g.perf_data([kernel, g.comm(1), g.event(FINISHED_ROUND, 0, b"")]))
END
perf inject -i perf.data --guest-data=guest.data,100 -o both.data 2> errors || cat errors
cp chains expected
# shellcheck disable=SC2086
perf script $guest -i both.data -F ip,sym 2> /dev/null | frames > got
same "perf inject --guest-data"

echo 6 > expected
perf script -i injected.data -D 2> /dev/null |
	grep -c 'PERF_RECORD_GUEST_CALLCHAIN cookie: 0x[1-6] vcpu: 3 flags: 64-bit root: 0x1000' \
	> got
same "perf script -D"

perf report -D -i perf.data 2> /dev/null |
	grep -c ': PERF_RECORD_GUEST_CALLCHAIN cookie\|GUEST_CALLCHAIN cookie: 0x[1-6]' \
	> got || true
same "perf report -D"

cat > frames.py <<-'END'
	def process_event(event):
	    for frame in event["callchain"]:
	        print("%x %s" % (frame["ip"], frame.get("sym", {}).get("name", "?")))
END
cp chains expected
if perf version --build-options | grep -q 'libpython.*on'; then
	# shellcheck disable=SC2086
	perf script $guest -i perf.data -s frames.py 2> /dev/null | grep '^[0-9a-f]* ' > got
	same "Python"
fi

# shellcheck disable=SC2086
report() {
	perf kvm --host --guest $guest report --stdio --no-children -i perf.data "$@" 2> /dev/null |
		sed 's/^[ |-]*//; /^#/d; /^$/d; s/ *$//; s/  */ /g; s/0xffffffff[^ ]*/UNRESOLVED/'
}

cat > expected <<-'END'
	33.33% :101 [guest.kernel.kallsyms] [g] guest_leaf
	guest_leaf [g]
	guest_mid [g]
	guest_entry [g]
	0x401100 [g]
	0x401000 [g]
	33.33% :101 [guestmod] [g] mod_leaf
	mod_leaf [g]
	guest_entry [g]
	0x401000 [g]
	33.33% vcpu [unknown] [k] 0x0000000000001000
	0x1000
	0x2000
	guest_leaf [g]
	guest_mid [g]
	guest_entry [g]
	0x401100 [g]
	0x401000 [g]
END
report > got
same "perf kvm report, callees first"

cat > expected <<-'END'
	33.33% :101 [guest.kernel.kallsyms] [g] guest_leaf
	0x401000 [g]
	0x401100 [g]
	guest_entry [g]
	guest_mid [g]
	guest_leaf [g]
	33.33% :101 [guestmod] [g] mod_leaf
	0x401000 [g]
	guest_entry [g]
	mod_leaf [g]
	33.33% vcpu [unknown] [k] 0x0000000000001000
	0x401000 [g]
	0x401100 [g]
	guest_entry [g]
	guest_mid [g]
	guest_leaf [g]
	0x2000
	0x1000
END
report -g caller > got
same "perf kvm report, callers first"

cat > expected <<-'END'
	33.33% +0.00% [guest.kernel.kallsyms] [g] guest_leaf
	33.33% +0.00% [guestmod] [g] mod_leaf
	33.33% +0.00% [unknown] [k] 0x0000000000001000
END
# shellcheck disable=SC2086
perf kvm --host --guest $guest diff perf.data perf.data 2> /dev/null |
	sed 's/^ *//; /^#/d; /^$/d; s/ *$//; s/  */ /g' > got
same "perf diff"

echo "guest_callchain: 1" > expected
perf evlist -v -i perf.data 2> /dev/null | grep -o 'guest_callchain: 1' > got
same "perf evlist"

exit "$failed"
