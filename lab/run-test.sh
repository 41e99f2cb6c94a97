#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests of lab/run and lab/several: made-up scenarios, and a script for an emulator.
set -uo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/scripts/expect.sh"
work=$(mktemp -d /tmp/lab-run.XXXXXX)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lab/scenarios" "$work/bin" "$work/build"
cp "$top/lab/run" "$top/lab/several" "$work/lab/"
export BUILD=$work/build PATH=$work/bin:$PATH

# scenario NAME EMULATOR CHECK: bodies of shell scripts. The emulator finds itself where
# the scenario's results go, which it has from its own arguments.
cat > "$work/bin/qemu-system-x86_64" <<-'END'
	#!/bin/bash
	for out; do [[ $out == file:*/l1.log ]] && break; done
	out=${out#file:} out=${out%/l1.log}
	cd "$out" && echo last words > l1.log && . "$OLDPWD/${out##*/}.emulator"
END
chmod +x "$work/bin/qemu-system-x86_64"
cd "$work/bin" || exit
scenario() {
	: > "$work/lab/scenarios/$1.sh"
	echo "$2" > "$work/bin/$1.emulator"
	printf '#!/bin/bash\n%s\n' "$3" > "$work/lab/scenarios/$1.check"
	chmod +x "$work/lab/scenarios/$1.check"
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
several() { LAB_JOBS=${jobs:-1} "$work/lab/several" "$@" > "$work/said" 2>&1; }
all_run() { several good long "good --it"; [ $? = 0 ] && [ "$(grep -c "ok in" "$work/said")" = 3 ]; }
scenario long "sleep 1; echo 0 > status" "exit 0"
expect "lab-several-runs all" told all_run

one_fails() { several bad long wrong; [ $? = 1 ] && says "failed (3)" && says "failed (1)" && says "long: ok in"; }
expect "lab-several-fails with one of them" told one_fails

in_pairs() {
	jobs=2 several pair1 pair2
	[ $? = 0 ] || return
	# lines of one are not among those of the other
	[ "$(grep -o 'pair[12]' "$work/said" | uniq | wc -l)" = 2 ]
}
# each waits for the other to be there
scenario pair1 "touch ../1; until [ -f ../2 ]; do sleep 0.1; done; echo 0 > status" "echo pair1; sleep 1; echo pair1"
scenario pair2 "touch ../2; until [ -f ../1 ]; do sleep 0.1; done; echo 0 > status" "echo pair2; sleep 1; echo pair2"
expect "lab-several-runs two at a time" told in_pairs

several_ends() {
	"$work/lab/several" endless2 good > "$work/said" 2>&1 &
	pid=$!
	for _ in {1..100}; do
		sleepers && break
		sleep 0.1
	done
	stop
	for _ in {1..50}; do
		sleepers || return 0
		sleep 0.1
	done
	return 1
}
expect "lab-several-ends what it has started" told several_ends
exit $failed
