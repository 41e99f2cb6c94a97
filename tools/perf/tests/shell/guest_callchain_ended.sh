#!/bin/bash
# Guest callchain recording does not wait in a loop for threads that have ended
# SPDX-License-Identifier: GPL-2.0
#
# Threads of a VMM end all the time. Whatever perf record polls then: it is asked a few
# times, not as often as the CPU can.

set -eu
if ! command -v strace > /dev/null || ! command -v python3 > /dev/null; then
	echo "strace and python3 are needed"
	exit 2
fi
tmp=$(mktemp -d /tmp/perf-guest-ended.XXXXXX)
pid=
trap 'kill $pid 2> /dev/null; rm -rf "$tmp"' EXIT

python3 -c 'import threading, time
threading.Thread(target=time.sleep, args=(2,)).start()
time.sleep(9)' &
pid=$!
sleep 1
strace -f -e trace=poll -o "$tmp/log" \
	perf record -q -e cpu-clock -F 100 -p $pid -o "$tmp/perf.data" -- sleep 4 > /dev/null 2>&1
polls=$(grep -c 'poll(' "$tmp/log")
# a second is what the sideband thread waits at most, a record's end some more
if [ "$polls" -lt 1 ] || [ "$polls" -gt 200 ]; then
	echo "FAILED: polled $polls times in 4 seconds"
	exit 1
fi
