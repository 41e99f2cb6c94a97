#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# soak.sh N SCENARIO [ARG...]: run a scenario N times and say how often it failed. What a
# failed run has left is kept in build/lab/soak/SCENARIO-ARG/, one directory a run, with all
# it printed in "said". SOAK_TIMEOUT, 900, is a run's time limit in seconds; with SOAK_LOAD=1
# a second load keeps the machine busy.
set -uo pipefail
runs=$1
shift
here=$(dirname "$0")
name=$(tr ' /' '--' <<< "$*")
kept=${BUILD:-build}/lab/soak/$name
rm -rf "$kept"
mkdir -p "$kept"

if [ "${SOAK_LOAD:-0}" = 1 ]; then
	setpriv --pdeathsig KILL sh -c 'while :; do :; done' &
	load=$!
	trap 'kill $load' EXIT
fi

failed=0
for ((run = 1; run <= runs; run++)); do
	out=$kept/$run
	start=$SECONDS
	if "$here/run" --timeout "${SOAK_TIMEOUT:-900}" --out "$out" "$@" > "$kept/said" 2>&1; then
		result=ok
		rm -rf "$out"
	else
		result="failed: $(grep -E '^not ok|^lab: .*(stopped|stuck|went down|ended)' "$kept/said" | sort -u | tr '\n' ';')"
		failed=$((failed + 1))
		mv "$kept/said" "$out/said"
	fi
	echo "soak: $*: run $run of $runs: $result ($((SECONDS - start)) s)"
done
echo "soak: $*: $failed of $runs runs failed"
[ $failed = 0 ]
