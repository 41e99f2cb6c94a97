#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# test.sh NAME LAB-RUN-ARGUMENTS: lab/run, for tests. The emulation of a host and its guest
# goes wrong now and then in ways that have nothing to do with us (lab/README.md): a
# scenario that fails is tried once more, and a third time if a guest's kernel has
# panicked or its VMM has ended, or the host or the guest got stuck. What is wrong with the
# code fails each time. What a try printed that is not the last one is in
# build/test/NAME.first.
set -uo pipefail
name=$1 log=${BUILD:-build}/test/$1.first
shift
mkdir -p "$(dirname "$log")"
: > "$log"
here=$(dirname "$0")

# Did the emulation fail in the run that $1 is the output of?
went_wrong() {
	local dir
	grep -Eq "^lab: (.* the host is stuck|.* stopped after|a guest's VMM has ended)" "$1" && return
	dir=$(sed -n 's/^lab: .* failed .*, see //p' "$1" | tail -n 1)
	[ -n "$dir" ] && grep -qs 'Kernel panic' "$dir"/l2*.log
}

echo "lab: $name"
for try in 1 2; do
	if "$here/run" "$@" > "$log.now" 2>&1; then
		cat "$log.now"
		rm "$log.now"
		exit 0
	fi
	cat "$log.now" >> "$log"
	if [ $try = 2 ] && ! went_wrong "$log.now"; then
		cat "$log.now"
		rm "$log.now"
		exit 1
	fi
	echo "lab: $name failed, see $log"
done
rm "$log.now"
exec "$here/run" "$@"
