#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests of lab/run: made-up scenarios, and a script for an emulator.
set -uo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/scripts/expect.sh"
work=$(mktemp -d /tmp/lab-run.XXXXXX)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lab/scenarios" "$work/bin" "$work/build"
cp "$top/lab/run" "$work/lab/"
export BUILD=$work/build PATH=$work/bin:$PATH

# scenario NAME EMULATOR CHECK: bodies of shell scripts. The emulator finds itself where
# the scenario's results go.
scenario() {
	: > "$work/lab/scenarios/$1.sh"
	printf '#!/bin/bash\ncd "%s/lab/%s" && echo last words > l1.log\n%s\n' \
		"$BUILD" "$1" "$2" > "$work/bin/qemu-system-x86_64"
	printf '#!/bin/bash\n%s\n' "$3" > "$work/lab/scenarios/$1.check"
	chmod +x "$work/bin/qemu-system-x86_64" "$work/lab/scenarios/$1.check"
}
# these numbers of seconds are ours alone
sleepers() { pgrep -f '^sleep 98[0-9]\.625$' > /dev/null; }
says() { grep -qF -- "$1" "$work/said"; }
# told COMMAND...: if it fails, what lab/run has said
told() { "$@" || { cat "$work/said"; return 1; }; }
run() { "$work/lab/run" "$@" > "$work/said" 2>&1; }

passes() { run good && says "ok in" && ! says "last words"; }
scenario good "echo 0 > status" "exit 0"
expect "lab-run-passes" told passes

fails() { run bad; [ $? = 3 ] && says "failed (3)" && says "last words"; }
scenario bad "echo 3 > status" "exit 0"
expect "lab-run-fails, with the log's tail" told fails

check_fails() { run wrong; [ $? = 1 ] && says "failed (1)"; }
scenario wrong "echo 0 > status" "exit 1"
expect "lab-run-fails by its check" told check_fails

host_gone() { run gone; [ $? = 125 ] && says "went down before the scenario ended"; }
scenario gone "exit 0" "exit 0"
expect "lab-run-without its host" told host_gone

hangs() { run --timeout 2 hang; [ $? = 124 ] && says "stopped after 2 s" && ! sleepers; }
scenario hang "exec sleep 980.625" "exit 0"
expect "lab-run-ends in time" told hangs

check_hangs() { run --timeout 2 endless; [ $? = 124 ] && says "endless.check: stopped" && ! sleepers; }
scenario endless "echo 0 > status" "sleep 981.625 & sleep 982.625"
expect "lab-run-ends its check in time, and all of it" told check_hangs

# start SCENARIO: in the background, up to where its sleeper is; sets pid
start() {
	"$work/lab/run" "$1" > "$work/said" 2>&1 &
	pid=$!
	for _ in {1..100}; do
		sleepers && return
		sleep 0.1
	done
	return 1
}
stop() { kill "$pid"; wait "$pid"; }

ended() { start "$1" && { stop; [ $? = 143 ]; } && ! sleepers; }
expect "lab-run-ends with its check when told" told ended endless
scenario endless2 "exec sleep 983.625" "exit 0"
expect "lab-run-ends with its emulator when told" told ended endless2

twice() {
	start endless2 || return
	run endless2
	local status=$?
	stop
	[ $status = 1 ] && says "already running"
}
expect "lab-run-refuses to run twice at a time" told twice
exit $failed
