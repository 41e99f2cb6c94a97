#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# test.sh PERF: exported files in a browser, in pprof, in the Firefox Profiler and by speedscope's
# schema. These, and screenshots, are left in build/web.
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

# pprof_has FILES SAMPLES [OPTION...]: so many, by go tool pprof
pprof_has() {
	local files
	read -ra files <<< "$1"
	go tool pprof -top -sample_index=samples -nodefraction=0 -nodecount=0 \
		"${@:3}" "${files[@]/%/.pprof}" > pprof.txt 2>&1 ||
		{ cat pprof.txt; return 1; }
	diff <(sed -n 's/^Showing nodes accounting for \([0-9]*\),.*/\1/p' pprof.txt) <(echo "$2")
}

# firefox_has RECORDING THREAD...: all samples of these threads, by the Firefox Profiler
firefox_has() {
	local thread
	node "$web/firefox.cjs" "$1.firefox" > firefox.txt || return
	diff <(sed -n 's/^.*|\([0-9]* [0-9]*\)$/\1/p' firefox.txt | sort) \
		<(for thread in "${@:2}"; do echo "$thread $(samples "$1" "$thread")"; done)
}

# mapped RECORDING: what go tool pprof says of mappings
mapped() {
	go tool pprof -raw "$1.pprof" 2> pprof.txt | sed -n '/^Mappings/,$p'
}

"$web/made-up.py" . || exit
for recording in north south; do
	expect "web $recording, pprof is written" write $recording pprof
	expect "web $recording, pprof is compressed" gzip -t < $recording.pprof
done
north=$(samples north) south=$(samples south)
expect "web pprof: two hosts" pprof_has "north south" $((north + south))
expect "web pprof: one of two hosts" pprof_has "north south" "$north" -tagfocus=host=north
expect "web pprof: a guest" pprof_has "north south" "$south" -tagfocus=guest=south-web
expect "web pprof: its vCPU" pprof_has "north south" $((north + south)) -tagfocus='vcpu=^3$'
expect "web pprof: no such vCPU" pprof_has "north south" 0 -tagfocus='vcpu=^4$'
expect "web pprof: mode" pprof_has north $((north / 2)) -tagfocus='mode=guest module'
expect "web pprof: mappings" diff <(mapped north) - <<-END
	Mappings
	1: 0xffffffff81000000/0xffffffff81002000/0x0 [guest.kernel/north-web] 0102030405060708090a0b0c0d0e0f1011121314 [FN]
	2: 0xffffffffc0000000/0xffffffffc0004000/0x0 [guestmod]  [FN]
END
expect "web firefox is written" write hostile firefox
expect "web firefox: samples of each thread" firefox_has hostile 101 102
expect "web firefox of another kind of recording" write north firefox
expect "web firefox: process and thread" eval \
	'node "$web/firefox.cjs" north.firefox | grep -qFx "north-web|vCPU 3|101 $north"'
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

# with the host's: when the first sample was is all that they are for
write timed html && write timed folded || failed=1
for whose in "" --host; do
	"$perf" kvm-callchain script -F tid,time --ns -i timed.data $whose 2> /dev/null |
		awk '{ sub(":", "", $2); split($2, at, "."); print $1, at[1] at[2] }' \
		> "times${whose#-}"
done
node "$web/timeline.cjs" timed times times-host || failed=1
for recording in before after; do
	write $recording folded || failed=1
done
"$perf" kvm-callchain flamegraph -i after.data --diff before.data -o diff.html > flamegraph.txt 2>&1 ||
	{ cat flamegraph.txt; failed=1; }
node "$web/diff.cjs" diff after.folded before.folded || failed=1
node "$web/browser.cjs" "$(samples hostile)" "$(samples hostile 101)" "$(samples large)" || failed=1
exit $failed
