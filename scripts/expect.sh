# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For scripts with tests, sourced: test lines as test.sh counts them. $failed is the
# script's exit status.
failed=0

# expect NAME COMMAND...: one test
expect() {
	local name=$1
	shift
	if "$@"; then
		echo "ok $name"
	else
		echo "not ok $name"
		failed=1
	fi
}
