# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced by test.sh: kvm-callchain-profile, with a perf that has a recording at once.

mkdir -p profile bin
# record: what the options are goes to the file "options", the recording to -o
cat > bin/perf <<-'END'
	#!/bin/bash
	if [ "$2" != record ]; then
		exec "$REAL_PERF" "$@"
	fi
	echo "$@" > "$OPTIONS"
	while [ "$1" != -o ]; do
		shift
	done
	cp "$RECORDING" "$2" && cp -r "$RECORDING.guests" "$2.guests" || exit
	[ -z "${FULL-}" ] || kill -TERM $$
END
chmod +x bin/perf

# profile ASSIGNMENT...: run it, with this environment
profile() {
	env PERF="$PWD/bin/perf" REAL_PERF="$perf" OPTIONS="$PWD/options" \
		STATE_DIRECTORY="$PWD/profile" RECORDING="$PWD/host-0-3.data" "$@" \
		"$fleet/kvm-callchain-profile" 2> errors
}

refused() {
	! profile "$2" && grep -q "$1" errors && [ -z "$(ls profile)" ]
}

leaves_two_files() {
	profile FREQUENCY=19 DURATION=7 FORMATS="pprof rows" RECORD="-e cycles -g" ||
		{ cat errors; return 1; }
	ls -A profile > files
	diff <(sed 's/^.*\.[0-9]\{8\}T[0-9]\{6\}Z\././' files) - <<-END
		.lock
		.pprof.gz
		.rows.gz
	END
}

asks_for() {
	diff <(sed "s/ -o .*perf.data/ -o FILE/" options) <(echo kvm-callchain record -F 19 \
		-k CLOCK_MONOTONIC --max-size=1024M -e cycles -g -o FILE -- sleep 7)
}

has_all_samples() {
	"$perf" kvm-callchain export --format rows -i host-0-3.data 2> errors |
		diff - <(zcat profile/*.rows.gz)
}

# of files of a MiB, the newest stay, and what is none of ours
keeps() {
	local i
	rm -f profile/*.gz
	for ((i = 0; i < 6; i++)); do
		head -c 1M /dev/zero > "profile/host.2026113${i}T000000Z.pprof.gz"
		touch -d "2026-11-30 0$i:00" "profile/host.2026113${i}T000000Z.pprof.gz"
	done
	touch profile/other
	profile LIMIT=4 || { cat errors; return 1; }
	[ "$(du -cb profile/*.gz | awk 'END { print $1 }')" -le $((4 << 20)) ] &&
		diff <(printf 'profile/host.2026113%dT000000Z.pprof.gz\n' 3 4 5) \
			<(printf '%s\n' profile/host.2026*.gz) && [ -e profile/other ]
}

# perf dies of what it has ended its command by
full_is_kept() {
	rm -f profile/*
	profile FULL=1 && [ "$(ls profile)" != "" ]
}

too_large_is_refused() {
	rm -f profile/*
	touch profile/host.20261130T000000Z.pprof.gz
	cat > bin/large <<-'END'
		#!/bin/bash
		"$WRAPPED" "$@" || exit
		[ "$2" != export ] || head -c 3M /dev/urandom > pprof.gz
	END
	chmod +x bin/large
	! profile WRAPPED="$PWD/bin/perf" PERF="$PWD/bin/large" LIMIT=2 && grep -q "LIMIT, 2 MiB" errors &&
		[ "$(ls profile)" = host.20261130T000000Z.pprof.gz ]
}

nothing_of_no_samples() {
	rm -f profile/*
	python3 - "$fleet" <<-'END'
		import sys
		sys.path.insert(0, sys.argv[1] + "/../tools/perf/tests/shell/lib")
		import guest_callchain_data as g
		with open("none.data", "wb") as file:
		    file.write(g.perf_data([g.comm(1)]))
	END
	mkdir -p none.data.guests
	profile RECORDING="$PWD/none.data" && [ -z "$(ls profile)" ]
}

# of one that was killed, nothing is left, and two do not record at once
cleans_up() {
	mkdir -p profile/.recording.old
	(flock 8 && ! profile && grep -q "another one is recording" errors) 8> profile/.lock &&
		[ -e profile/.recording.old ] && profile && [ ! -e profile/.recording.old ] &&
		[ -z "$(find profile -name '.recording*')" ]
}

expect "fleet: profile: a frequency that is too high" refused "from 19 to 99" FREQUENCY=997
expect "fleet: profile: what is no number" refused "DURATION is 1m: " DURATION=1m
expect "fleet: profile: a format there is not" refused "there are pprof and rows" FORMATS=csv
expect "fleet: profile: a file in each format" leaves_two_files
expect "fleet: profile: what it records" asks_for
expect "fleet: profile: rows are those of the recording" has_all_samples
expect "fleet: profile: the oldest files go" keeps
expect "fleet: profile: a recording that has reached its limit" full_is_kept
expect "fleet: profile: a file larger than all may be" too_large_is_refused
expect "fleet: profile: no samples, no file" nothing_of_no_samples
expect "fleet: profile: ended early" cleans_up
if command -v systemd-analyze > /dev/null; then
	# the program is not where the unit has it
	mkdir -p units && cp "$fleet"/*.timer units/ &&
		sed "s,/usr/local/sbin,$fleet," "$fleet/kvm-callchain-profile.service" > \
			units/kvm-callchain-profile.service
	systemd-analyze verify units/*.timer units/*.service > units.out 2>&1
	expect "fleet: systemd's units" diff /dev/null units.out
fi
