#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# test.sh NAME LAB-RUN-ARGUMENTS: lab/run, for tests. The emulation of a host and its guest
# goes wrong now and then in ways that have nothing to do with us (lab/README.md): a
# scenario that fails is tried once more. What is wrong with the code fails twice. What
# the first try printed is in build/test/NAME.first.
set -uo pipefail
name=$1 first=${BUILD:-build}/test/$1.first
shift
mkdir -p "$(dirname "$first")"
here=$(dirname "$0")

echo "lab: $name"
if "$here/run" "$@" > "$first" 2>&1; then
	cat "$first"
	exit 0
fi
echo "lab: $name failed once, see $first"
exec "$here/run" "$@"
