#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# test.sh SUITE...: run test suites one after the other and count.
#
# A suite is `make test-SUITE`. It prints a line per test: "ok NAME",
# "not ok NAME" or "skip NAME # why"; whatever else it prints is shown too.
# A suite that fails without a "not ok" line counts as one failure.
set -uo pipefail
cd "$(dirname "$0")/.."
logs=${BUILD:-build}/test
mkdir -p "$logs"

ran=() passed=0 failed=0 skipped=0
for suite; do
	log=$logs/$suite.log
	ran+=("$log")
	start=$SECONDS
	echo "== $suite"
	make "test-$suite" < /dev/null 2>&1 | tee "$log"
	status=${PIPESTATUS[0]}
	ok=$(grep -c '^ok ' "$log")
	bad=$(grep -c '^not ok ' "$log")
	skip=$(grep -c '^skip ' "$log")
	if [ "$status" != 0 ] && [ "$bad" = 0 ] || [ $((ok + bad + skip)) = 0 ]; then
		echo "not ok $suite: exit status $status, see $log"
		bad=$((bad + 1))
	fi
	echo "== $suite: $ok passed, $bad failed, $skip skipped in $((SECONDS - start)) s"
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
done
grep -h '^not ok ' "${ran[@]}"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
