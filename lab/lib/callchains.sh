#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# callchains.sh DIR PERF.DATA: what perf kvm-callchain shows of that recording in DIR: every chain,
# for scriptdata.py, and a report.
command=("$BUILD/perf/perf" kvm-callchain)
"${command[@]}" script -i "$1/$2" --host --ns -F time,ip > "$1/chains.txt" 2> "$1/chains.err"
"${command[@]}" report -i "$1/$2" --stdio --no-children --percent-limit 1 \
	> "$1/report.txt" 2> "$1/report.err"
