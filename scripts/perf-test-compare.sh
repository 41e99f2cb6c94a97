#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# perf-test-compare.sh PERF: every test of perf's own that passes with Debian's
# unmodified perf has to pass with PERF, too.
#
# The unmodified perf is built from the pristine tarball with the same make
# flags ($PERF_FLAGS), its results are kept until it is built anew. A test that
# fails is tried again alone: many of them depend on timing.

set -euo pipefail
build=$(realpath "${BUILD:-build}")
perf=$(realpath "$1")
tarball=${LINUX_TARBALL:-/usr/src/linux-source-6.12.tar.xz}
stock=$build/stock
stock_perf=$build/stock-perf
ours=$build/test/perf-tests

build_stock() {
	local stamp top
	stamp="$(stat -c '%s %Y' "$tarball") ${PERF_FLAGS:-}"
	[ "$(cat "$stock_perf/.built" 2>/dev/null)" = "$stamp" ] && return
	echo "perf-test-compare: building the unmodified perf"
	rm -rf "$stock" "$stock_perf"
	mkdir -p "$stock" "$stock_perf"
	top=$(basename "$tarball" .tar.xz)
	# what tools/perf/MANIFEST lists
	tar -xf "$tarball" -C "$stock" --strip-components=1 --wildcards \
		"$top/tools/*" "$top/arch/arm64/tools/*" "$top/arch/*/include/uapi/asm/*" \
		"$top/scripts/bpf_doc.py" "$top/kernel/bpf/disasm.*"
	# shellcheck disable=SC2086
	make -C "$stock/tools/perf" O="$stock_perf/" -j"$(nproc)" ${PERF_FLAGS:-} \
		> "$stock_perf/build.log" 2>&1 || { tail -30 "$stock_perf/build.log"; exit 1; }
	echo "$stamp" > "$stock_perf/.built"
}

# The results of perf $1 run in source directory $2: "Ok|FAILED|Skip NAME" lines
results() {
	(cd "$2" && "$1" test ${3:+-S "$3"} 2>&1) < /dev/null | tr '\r' '\n' |
	sed 's/\x1b\[[0-9;]*[A-Za-z]//g' | awk -F ' : ' '
		/^ *[0-9]+: .*:$/ { suite = $0; gsub(/^ *[0-9]+: *| *:$/, "", suite); next }
		NF >= 2 && $1 ~ /^ *[0-9]+(\.[0-9]+)?:/ {
			name = $1; gsub(/^ *[0-9.]+: *| *$/, "", name)
			if ($1 ~ /^ *[0-9]+\./) name = suite ": " name
			if ($NF ~ /Running/) next
			split(substr($NF, match($NF, /[A-Za-z]/)), word, /[^A-Za-z]/)
			print word[1] " " name
		}'
}

passes_alone() {
	local suite=${1%%: *} try
	for try in 1 2 3; do
		results "$perf" "$build/linux/tools/perf" "$suite" | grep -qxF "Ok $1" && return
		sleep "$try"
	done
	return 1
}

build_stock
mkdir -p "$build/test"
if [ ! -s "$stock_perf/results" ] || [ "$stock_perf/results" -ot "$stock_perf/.built" ]; then
	echo "perf-test-compare: running the tests of the unmodified perf"
	results "$stock_perf/perf" "$stock/tools/perf" > "$stock_perf/results.new" &
fi
echo "perf-test-compare: running the tests of ours"
results "$perf" "$build/linux/tools/perf" > "$ours"
wait
[ ! -e "$stock_perf/results.new" ] || mv "$stock_perf/results.new" "$stock_perf/results"

bad=0
while read -r name; do
	if grep -qxF "Ok $name" "$ours" || passes_alone "$name"; then
		echo "ok perf as unmodified: $name"
	else
		echo "not ok perf as unmodified: $name"
		bad=1
	fi
done < <(sed -n 's/^Ok //p' "$stock_perf/results" | sort -u)
exit "$bad"
