# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For tests of guest callchains on made-up data: sourced, with the working directory one
# that is removed at the end.

set -eu
lib=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
tmp=$(mktemp -d /tmp/perf-guest-callchain.XXXXXX)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
export PYTHONDONTWRITEBYTECODE=1
failed=0

# need TOOL...: or the test is skipped
need() {
	local tool
	for tool; do
		if ! command -v "$tool" > /dev/null; then
			echo "$tool is needed"
			exit 2
		fi
	done
}

# need_feature LIBRARY: in perf
need_feature() {
	if ! perf version --build-options | grep -q "$1.*on"; then
		echo "a perf with $1 is needed"
		exit 2
	fi
}

# make_up PROGRAM [ARGUMENT...]: the data, by one of the programs beside this file
make_up() {
	need python3
	python3 "$lib/$1.py" "$tmp" "${@:2}"
}

# taken_along [NAME]: make the directory ./perf.data.guests of the made-up data, with a guest
taken_along() {
	mkdir -p perf.data.guests/100/proc
	echo 00000000000000a5 > perf.data.guests/id
	printf 'name %s\nvmm qemu\n' "${1:-web}" > perf.data.guests/100/guest
}

# failure NAME [FILE...]: what is in the files tells why
failure() {
	echo "FAILED: $1"
	[ $# = 1 ] || cat "${@:2}"
	failed=1
}

# same NAME [FILE...]: compare ./expected with ./got
same() {
	diff -u expected got || failure "$@"
}
