#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# test.sh [SUITE...] [-- SUITE...]: run test suites and count. Those before the "--" run as
# many at a time as there are CPUs, the others alone: emulators want all CPUs.
#
# A suite is `make test-SUITE`. It prints a line per test: "ok NAME",
# "not ok NAME" or "skip NAME # why"; whatever else it prints is shown too, of
# one beside others when it has ended. A suite that fails without a "not ok" line
# counts as one failure.
set -uo pipefail
cd "$(dirname "$0")/.."
logs=${BUILD:-build}/test
mkdir -p "$logs"
trap 'kill $(jobs -p) 2> /dev/null' EXIT
trap 'exit 143' TERM INT

# counts SUITE: how many tests have passed, failed and been skipped
counts() {
	echo "$(grep -c '^ok ' "$logs/$1.log") $(grep -c '^not ok ' "$logs/$1.log") $(
		grep -c '^skip ' "$logs/$1.log")"
}

# closing SUITE STATUS SECONDS: its last line, and one before that if it failed without a word
closing() {
	local suite=$1 status=$2 seconds=$3 ok bad skip
	read -r ok bad skip <<< "$(counts "$suite")"
	if [ "$status" != 0 ] && [ "$bad" = 0 ] || [ $((ok + bad + skip)) = 0 ]; then
		echo "not ok $suite: exit status $status, see $logs/$suite.log" | tee -a "$logs/$suite.log"
		bad=$((bad + 1))
	fi
	echo "== $suite: $ok passed, $bad failed, $skip skipped in $seconds s"
}

alone() {
	local start=$SECONDS
	echo "== $1"
	make "test-$1" < /dev/null 2>&1 | tee "$logs/$1.log"
	closing "$1" "${PIPESTATUS[0]}" $((SECONDS - start))
}

beside_others() {
	local start=$SECONDS status
	make "test-$1" < /dev/null > "$logs/$1.log" 2>&1
	status=$?
	flock "$logs" cat - "$logs/$1.log" <<< "== $1"
	closing "$1" $status $((SECONDS - start))
}

ran=() running=0 jobs=$(nproc)
for suite; do
	if [ "$suite" = -- ]; then
		wait
		jobs=0
		continue
	fi
	ran+=("$suite")
	if [ "$jobs" = 0 ]; then
		alone "$suite"
		continue
	fi
	if [ $running -ge "$jobs" ]; then
		wait -n
		running=$((running - 1))
	fi
	echo "== $suite begins"
	beside_others "$suite" &
	running=$((running + 1))
done
wait

passed=0 failed=0 skipped=0
for suite in "${ran[@]}"; do
	read -r ok bad skip <<< "$(counts "$suite")"
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
	grep '^not ok ' "$logs/$suite.log"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
