#!/bin/bash
# Guest callchains in perf lock, c2c, sched, timechart and data convert
# SPDX-License-Identifier: GPL-2.0
#
# Made-up events of the host, with the guest's frames behind the host's: those of its
# module merged from a record, others inline, or none because their record was lost.

. "$(dirname "$0")/lib/guest_callchain.sh"
# the events are tracepoints
need_feature libtraceevent
make_up guest_callchain_tools

# Locks are the host's: whatever the guest had called, there is one caller
contention() {
	perf lock contention -i tracepoints.data --kallsyms host "$@" 2>&1 |
		awk '$1 == 4 { print $1, $NF } $1 ~ /^0x/ { print $2 }'
}

echo "4 host_caller+0x10" > expected
contention --stack-skip 0 > got
same "perf lock contention"

echo "4 Unknown" > expected
contention --stack-skip 2 > got
same "perf lock contention, all of the host's frames skipped"

printf '%s\n' "4 host_caller+0x10" host_caller+0x10 host_outer+0x10 > expected
contention --stack-skip 0 -v -S host_outer > got
same "perf lock contention, callstack"

: > expected
contention --stack-skip 0 -S host_not > got
same "perf lock contention, the host's functions at the guest's addresses"

# The others show the guest's frames; the host's are there without names
cat > expected <<-'END'

	guest_leaf guest_mid guest_entry ? ?
	mod_leaf guest_entry ?
END

perf sched timehist -i tracepoints.data --kallsyms host 2> /dev/null |
	sed -n 's/.*host_caller <- host_outer\( <- \)\?//p' | sed 's/ <- / /g; s/\[unknown\]/?/g' |
	sort -u > got
same "perf sched timehist"

perf timechart -i tracepoints.data -o timechart.svg > /dev/null 2>&1
awk '/<desc>/ { frames = 0 }
     /^\.\.\.\.\. / { if (++frames > 2) printf "%s ", ($3 == "" ? "?" : $3) }
     /<\/desc>/ { print "" }' timechart.svg | sed 's/ $//' | sort -u > got
same "perf timechart"

perf data convert --to-json json -i tracepoints.data > /dev/null 2>&1
python3 -c 'import json
for sample in json.load(open("json"))["samples"]:
    print(*(frame.get("symbol", "?") for frame in sample["callchain"][2:]))' | sort -u > got
same "perf data convert --to-json"

perf c2c report -i memory.data --stdio -g folded,callee,0.5 2> /dev/null |
	sed -n 's/^ *[0-9.]*% [^;]*;[^;]*;\?//p' |
		sed 's/0x[0-9a-f]* \[g\]/?/g; s/ \[g\]//g; s/;/ /g' |
	sort -u > got
same "perf c2c report"

exit "$failed"
