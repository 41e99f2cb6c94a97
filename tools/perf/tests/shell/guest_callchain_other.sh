#!/bin/bash
# Guest callchains in a recording that another perf reads
# SPDX-License-Identifier: GPL-2.0
#
# A perf that knows nothing of guest callchains shows all samples, the host's with all of
# their frames, the guest's with their addresses, and nothing that is none.

. "$(dirname "$0")/lib/guest_callchain.sh"
other=${OTHER_PERF:-/usr/bin/perf}
need "$other"
make_up guest_callchain_data 9

guest=(--guestkallsyms kallsyms --guestmodules modules)

# shown FILE: the addresses of each sample, and on a line of its own its callchain, if any
shown() {
	"$other" script "${guest[@]}" -G -F ip,sym -i "$1" > shown 2> errors ||
		failure "$other script -G: status $?" errors
	sed 's/^ *//' shown
	"$other" script "${guest[@]}" -F ip -i "$1" > shown 2> errors ||
		failure "$other script: status $?" errors
	awk -v RS= '{ $1 = $1; print }' shown
}

for _ in 1 2 3; do
	printf '%s\n' 'ffffffff81000110 guest_leaf' 'ffffffffc0000010 mod_leaf' '1000 [unknown]'
done > samples
printf '%s\n' "1000 2000" "1000 2000" "1000 2000" | cat samples - > expected
shown perf.data > got
same "$other script"

"$other" inject -b -i perf.data -o through.data 2> errors || failure "$other inject" errors
shown through.data > got
same "$other inject -b"

"$other" kvm --host --guest "${guest[@]}" report --stdio -g none --no-children --sort sym -n \
	-i perf.data > report 2> errors ||
	failure "$other report: status $?" errors
awk '$1 ~ /%$/ { n += $2 } END { print n }' report > got
echo 9 > expected
same "$other report: samples"

"$other" report --stdio -D -i perf.data > dump 2> errors || failure "$other report -D" errors
grep -c 'PERF_RECORD_SAMPLE' dump > got || :
same "$other report -D: samples"

# with a field behind the callchain, too
python3 - "$lib" <<-'END'
	import struct, sys
	sys.path.insert(0, sys.argv[1])
	import guest_callchain_data as g

	RAW = 1 << 10
	chain = [g.KERNEL, 0x1000, g.USER, 0x2000]

	def events():
	    yield g.comm(1)
	    for i in range(1, 4):
	        yield g.sample(i * 1000, g.MISC_KERNEL, 0x1000, [*chain, g.DEFERRED, i],
	                       more=struct.pack("<I12s", 12, b"what was raw"))
	        yield g.record(i * 1000 + 1, i, g.KERNEL_CHAIN)

	with open("raw.data", "wb") as file:
	    file.write(g.perf_data(events(), [g.attr(sample_type=g.SAMPLE_TYPE | RAW)]))
END
printf '%s\n' "1000 2000" "1000 2000" "1000 2000" > expected
"$other" script -F ip -i raw.data > shown 2> errors || failure "$other script: status $?" errors
awk -v RS= '{ $1 = $1; print }' shown > got
same "$other script, fields behind the callchain"

# what is recorded here, where there is no guest
perf record -o recorded.data -e cpu-clock,context-switches -g -- true > /dev/null 2> errors ||
	failure "perf record" errors
"$other" script -G -F tid,time,event -i recorded.data > shown 2> errors ||
	failure "$other script: status $?" errors
sed 's/^ *//' shown > got
perf script -G -F tid,time,event -i recorded.data 2> errors | sed 's/^ *//' > expected
[ -s expected ] || failure "perf script: no samples" errors
same "$other script of what perf has recorded"

exit $failed
