#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# perf-test.sh PERF NAME: run the suites of perf's own tests that have NAME in
# their description, and print a line per test case.

set -uo pipefail
perf=$(realpath "$1")
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# shell tests are found from perf's source directory
cd "${BUILD:-build}/linux/tools/perf" || exit 1
# -v: what those that fail have said
"$perf" test -v "$2" > "$log" 2>&1
status=$?

awk -F: '
	function trim(s) { gsub(/^ +| +$/, "", s); return s }
	/^ *[0-9]+ *:/ && $NF ~ /^ *$/ { next }	# of several cases
	/^ *[0-9]+(\.[0-9]+)? *:/ {
		result = trim($NF)
		if (result ~ /Running/) next
		name = trim($2)
		if (result ~ /^Ok/) print "ok perf " name
		else if (result ~ /^Skip/) print "skip perf " name " # " result
		else { print "not ok perf " name; bad = 1 }
		n++
	}
	END { exit bad || !n }
' "$log"
failed=$?

if [ "$status" != 0 ] || [ "$failed" != 0 ]; then
	grep -avE '^ *[0-9]+(\.[0-9]+)? *:.*(: Ok|Running.*|Skip.*| :) *$' "$log"
	exit 1
fi
