#!/bin/bash
# Guest callchains, merged, in a recording that another perf reads
# SPDX-License-Identifier: GPL-2.0
#
# perf inject --guest-callchain: a perf that knows nothing of guest callchains shows of each
# sample what ours shows of the recording. In the file, nothing else is other than it was.

. "$(dirname "$0")/lib/guest_callchain.sh"
other=${OTHER_PERF:-/usr/bin/perf}
need "$other" zstd
make_up guest_callchain_data 9

guest=(--guestkallsyms kallsyms --guestmodules modules)

# chains PERF FIELDS FILE: the callchain of each sample on a line
chains() {
	"$1" script "${guest[@]}" -F "$2" -i "$3" > shown 2> errors ||
		failure "$1 script $3: status $?" errors
	awk -v RS= '{ $1 = $1; print }' shown
}

# merge ARGUMENT...: of perf inject
merge() {
	perf inject "${guest[@]}" "$@" 2> errors || failure "perf inject $*: status $?" errors
}

# the addresses of all, and names where the guest was interrupted
merge --guest-callchain -i perf.data -o merged.data
chains perf ip perf.data > expected
[ "$(wc -l < expected)" = 9 ] || failure "there are not 9 samples" expected
chains "$other" ip merged.data > got
same "$other script"
chains perf ip,sym perf.data | sed '/^1000 /d' > expected
chains "$other" ip,sym merged.data | sed '/^1000 /d' > got
same "$other script: names"
chains perf ip,sym perf.data | sed '/^1000 /d' > expected
chains perf ip,sym merged.data | sed '/^1000 /d' > got
same "perf script of what is merged"

"$other" kvm --host --guest "${guest[@]}" report --stdio -G --no-children --sort sym -n \
	-i merged.data > report 2> errors ||
	failure "$other report: status $?" errors
grep -c 'guest_entry\|guest_mid' report > got || :
echo 3 > expected
same "$other report: callers" report

merge --guest-callchain=hv -i perf.data -o hv.data
chains perf ip perf.data > expected
chains "$other" ip hv.data > got
same "$other script, =hv"
merge --guest-callchain=kernel -b -i perf.data -o build-ids.data
chains "$other" ip build-ids.data > got
same "$other script, -b"
merge --guest-callchain -i perf.data -o - > piped.data
# of a pipe it shows symbols, too
"$other" script "${guest[@]}" -F ip -i - < piped.data 2> errors |
	awk -v RS= '{ for (i = 1; i <= NF; i += 2) printf "%s%s", $i, i < NF - 1 ? " " : "\n" }' \
	> got
same "$other script, through a pipe"

# A field behind the callchain, a record that never came, the kernel's form of a sample, and a
# round that ends between a sample and its record
python3 - "$lib" <<-'END'
	import struct, sys
	sys.path.insert(0, sys.argv[1])
	import guest_callchain_data as g

	RAW, FINISHED_ROUND = 1 << 10, 68
	chain = [g.KERNEL, 0x1000, g.USER, 0x2000]

	def events():
	    yield g.comm(1)
	    yield g.sample(1000, g.MISC_KERNEL, 0x1000, [*chain, g.DEFERRED, 1], more=raw)
	    yield g.event(FINISHED_ROUND, 0, b"")
	    yield g.record(1001, 1, g.KERNEL_CHAIN)
	    yield g.sample(2000, g.MISC_KERNEL, 0x1000, [*chain, g.DEFERRED, 2], more=raw)
	    yield g.comm(3000)
	    yield g.sample(4000, g.MISC_GUEST_KERNEL, g.LEAF, [g.DEFERRED, 4], more=raw)
	    flat = g.sample(5000, g.MISC_GUEST_KERNEL, g.LEAF, [])[8:-8]
	    yield g.event(g.RECORD_SAMPLE, g.MISC_GUEST_KERNEL,
	                  flat + g.words(2, g.DEFERRED, 5) + raw)
	    yield g.record(5001, 5, g.KERNEL_CHAIN)
	    yield g.sample(6000, g.MISC_KERNEL, 0x1000, chain, more=raw)

	raw = struct.pack("<I12s", 12, b"what was raw")
	with open("odd.data", "wb") as file:
	    file.write(g.perf_data([*g.maps(False), *events()],
				   [g.attr(sample_type=g.SAMPLE_TYPE | RAW)]))

	# as large as an event can be: with room for two words, where the cookie was
	raw = struct.pack("<I65444s", 65444, b"raw")
	with open("full.data", "wb") as file:
	    file.write(g.perf_data([*g.maps(False), g.comm(1), g.sample(
	        1000, g.MISC_GUEST_KERNEL, g.LEAF, [g.DEFERRED, 1], more=raw),
	        g.record(1001, 1, g.KERNEL_CHAIN)], [g.attr(sample_type=g.SAMPLE_TYPE | RAW)]))
END
chains perf ip odd.data > expected
[ "$(wc -l < expected)" = 5 ] || failure "there are not 5 odd samples" expected
merge --guest-callchain -i odd.data -o odd-merged.data
chains "$other" ip odd-merged.data > got
same "$other script, odd ones"

merge --guest-callchain -i full.data -o full-merged.data
grep -q "Guest callchains: 1 cut" errors || failure "it does not say what was cut" errors
echo ffffffff81000110 > expected
chains "$other" ip full-merged.data > got
same "$other script, cut"

# with a host's kernel at the addresses of the guest's
python3 - "$lib" <<-'END'
	import sys
	sys.path.insert(0, sys.argv[1])
	import guest_callchain_data as g

	kernel = g.mmap(1, g.MISC_KERNEL, -1, 0xffffffff81000000, 0x700, 0xffffffff81000000,
	                "[kernel.kallsyms]_text")
	with open("host.data", "wb") as file:
	    file.write(g.perf_data([kernel, *g.maps(False), g.comm(1), *g.samples(9)]))
END
merge --guest-callchain -i host.data -o host-merged.data
of_guest=("${guest[@]}")
guest+=(--kallsyms kallsyms)
echo "1000 [unknown] 2000 [unknown]$(printf ' %x [unknown]' \
	$((0xffffffff81000110)) $((0xffffffff81000210)) $((0xffffffff81000310)) \
	$((0x401100)) $((0x401000)))" > expected
chains "$other" ip,sym host-merged.data | sed -n '/^1000 /p' | uniq > got
same "$other script: no names of the host's for what is the guest's"
guest=("${of_guest[@]}")

# a guest of its own, which a perf looks for if the table of build-ids has its kernel
mkdir -p mount/100/proc
cp kallsyms modules mount/100/proc/
python3 - "$lib" <<-'END'
	import struct, sys
	sys.path.insert(0, sys.argv[1])
	import guest_callchain_data as g

	BUILD_ID, FEATURE = 67, 2
	entry = g.event(BUILD_ID, g.MISC_GUEST_KERNEL, struct.pack(
	    "<i24s64s", g.PID, bytes(range(20)), f"[guest.kernel.kallsyms.{g.PID}]".encode()))
	with open("own.data", "wb") as file:
	    file.write(g.perf_data([*g.maps(True), g.comm(1), *g.samples(9)],
				   features=[(FEATURE, entry)]))
END
guest=(--guestmount "$PWD/mount")
chains perf ip,sym own.data | sed '/^1000 /d' > expected
grep -q guest_mid expected || failure "no names" expected
merge --guest-callchain -i own.data -o own-merged.data
chains "$other" ip,sym own-merged.data | sed '/^1000 /d' > got
same "$other script --guestmount: names"
guest=("${of_guest[@]}")

# what is in the files: all but the chains is as it was, and there is nothing of ours
cat > compare.py <<-'END'
	import struct, sys

	OURS = {2 ** 64 - 2176, 2 ** 64 - 2560, 2 ** 64 - 2688}
	GUEST_BITS = 3 << 62
	SAMPLE, EVENT_TYPE, FINISHED_ROUND = 9, 65, 68
	RAW = 1 << 10

	def read(name):
	    data = open(name, "rb").read()
	    attr_size, attrs, _, at, size = struct.unpack_from("<5Q", data, 16)
	    sample_type, = struct.unpack_from("<Q", data, attrs + 24)
	    flags, = struct.unpack_from("<Q", data, attrs + 40)
	    events, end = [], at + size
	    while at < end:
	        kind, misc, size = struct.unpack_from("<IHH", data, at)
	        events.append((kind, misc, data[at + 8:at + size]))
	        at += size
	    return flags, sample_type, events

	def without_chain(event, raw):
	    """Of a sample: what is before and behind its callchain, and that"""
	    kind, misc, body = event
	    if kind != SAMPLE:
	        return event, ()
	    nr, = struct.unpack_from("<Q", body, 48)
	    behind = 56 + 8 * nr
	    chain = struct.unpack_from(f"<{nr}Q", body, 56)
	    return (kind, misc, body[:48], body[behind:behind + 16 * raw]), chain

	_, sample_type, old = read(sys.argv[1])
	flags, new_type, new = read(sys.argv[2])
	raw = bool(sample_type & RAW)
	assert new_type == sample_type
	assert not flags & GUEST_BITS, "attribute"
	kept = [without_chain(e, raw)[0] for e in old if e[0] not in (EVENT_TYPE, FINISHED_ROUND)]
	assert [without_chain(e, raw)[0] for e in new if e[0] != FINISHED_ROUND] == kept, "event"
	rounds = [[e for e in events if e[0] == FINISHED_ROUND] for events in (old, new)]
	assert rounds[0] == rounds[1], "rounds"
	for event in new:
	    _, chain = without_chain(event, raw)
	    assert not OURS & set(chain), "context"
	    if event[0] == SAMPLE:
	        assert len(event[2]) == 56 + 8 * len(chain) + 16 * raw, "behind a sample"
END
for files in "perf merged" "perf hv" "odd odd-merged" "own own-merged"; do
	read -r old new <<< "$files"
	python3 compare.py "$old.data" "$new.data" 2> errors ||
		failure "$new.data is not $old.data with merged callchains" errors
done

# compressed, which is not handed on as it is
python3 - <<-'END'
	import struct, subprocess

	COMPRESSED, FEATURE = 81, 27
	data = open("perf.data", "rb").read()
	at, size = struct.unpack_from("<2Q", data, 40)
	packed = subprocess.run(["zstd", "-c"], input=data[at:at + size], check=True,
	                        capture_output=True).stdout
	packed = struct.pack("<IHH", COMPRESSED, 0, 8 + len(packed)) + packed
	section = struct.pack("<5I", 1, 1, 1, 1, 1 << 20)
	head = bytearray(data[:at])
	struct.pack_into("<Q", head, 48, len(packed))
	struct.pack_into("<Q", head, 72, 1 << FEATURE)
	table = struct.pack("<2Q", at + len(packed) + 16, len(section))
	open("packed.data", "wb").write(bytes(head) + packed + table + section)
END
chains perf ip perf.data > expected
chains perf ip packed.data > got
same "compressed"
merge --guest-callchain -i packed.data -o unpacked.data
chains "$other" ip unpacked.data > got
same "$other script, was compressed"
python3 compare.py perf.data unpacked.data 2> errors ||
	failure "unpacked.data is not perf.data with merged callchains" errors

# what cannot be done
refused() {
	local status=0
	perf inject "${@:2}" -i perf.data -o refused.data > said 2>&1 || status=$?
	[ $status != 0 ] || failure "perf inject ${*:2}: status 0" said
	grep -q -- "$1" said || failure "perf inject ${*:2}: it does not say '$1'" said
	[ ! -e refused.data ] || failure "perf inject ${*:2}: there is a file"
}
refused "guest-callchain=user: there is kernel, the default, and hv" --guest-callchain=user
refused "guest-callchain: not with --itrace" --guest-callchain --itrace
refused "guest-callchain: not with .*--sched-stat" --guest-callchain --sched-stat

perf record -o without.data -e cpu-clock -g -- true > /dev/null 2> errors ||
	failure "perf record" errors
merge --guest-callchain -i without.data -o still.data
grep -q "without.data was recorded without callchains of guests" errors ||
	failure "it does not say that there are no guests" errors

exit $failed
