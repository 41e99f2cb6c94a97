#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# test.sh PERF: exported files in a browser, in pprof and by speedscope's schema. These, and
# screenshots, are left in build/web.
set -uo pipefail
web=$(realpath "$(dirname "$0")")
. "$web/../scripts/expect.sh"
perf=$(realpath "$1")
cd "${BUILD:-$web/../build}/web" || exit
export PYTHONDONTWRITEBYTECODE=1 NODE_PATH=$PWD/node_modules

# write RECORDING FORMAT: RECORDING.FORMAT
write() {
	"$perf" kvm-callchain export --format "$2" -i "$1.data" -o "$1.$2" 2> errors ||
		{ cat errors; return 1; }
}

# samples RECORDING [THREAD]: samples, as perf script counts them
samples() {
	"$perf" kvm-callchain script -F tid -i "$1.data" 2> /dev/null |
		awk -v thread="${2-}" 'NF && (thread == "" || $1 == thread) { n++ } END { print n + 0 }'
}

# pprof_has RECORDING SAMPLES [OPTION...]: so many, by go tool pprof
pprof_has() {
	go tool pprof -top -sample_index=samples -nodefraction=0 -nodecount=0 \
		"${@:3}" "$1.pprof" > pprof.txt 2>&1 ||
		{ cat pprof.txt; return 1; }
	diff <(sed -n 's/^Showing nodes accounting for \([0-9]*\),.*/\1/p' pprof.txt) <(echo "$2")
}

"$web/made-up.py" . || exit
for recording in hostile large; do
	all=$(samples $recording)
	for format in folded speedscope pprof html; do
		expect "web $recording, $format is written" write $recording $format
	done
	expect "web $recording, folded: samples" \
		diff <(awk '{ n += $NF } END { print n }' $recording.folded) <(echo "$all")
	expect "web $recording, folded: no frame is without a name" \
		diff <(grep -c ';_\[gk\]' $recording.folded) <(echo 0)
	expect "web $recording, pprof: samples" pprof_has $recording "$all"
	expect "web $recording, pprof: samples of a thread" \
		pprof_has $recording "$(samples $recording 101)" -tagfocus=thread=101
	expect "web $recording, speedscope: schema and samples" \
		node "$web/schema.cjs" $recording.speedscope "$all"
done
node "$web/browser.cjs" "$(samples hostile)" "$(samples hostile 101)" "$(samples large)" || failed=1
exit $failed
