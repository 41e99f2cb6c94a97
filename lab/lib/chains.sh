#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# chains.sh DIR: perf's own idea of every chain in DIR/perf.data.guest, for
# check.py to compare with the file's.
"$BUILD/perf/perf" script "--guestmount=$1/guestmount" -i "$1/perf.data.guest" --ns -F time,ip \
	> "$1/chains.txt" 2> "$1/chains.err"
