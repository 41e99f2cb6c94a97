#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# To be run, or sourced for its function.
#
# progress LABEL LOG COMMAND...: run a long step with its output in LOG, and show what
# it does: on a terminal a line that moves, elsewhere one every 20 seconds. How far it is
# comes from the output: "[n/m]" as ninja prints it, or its lines as a share of about
# $PROGRESS_LINES. Returns the command's status; if that is not 0 the log's end is shown.
progress() {
	local label=$1 log=$2 start=$SECONDS shown=-17 child status
	shift 2
	mkdir -p "$(dirname "$log")"
	"$@" > "$log" 2>&1 &
	child=$!
	# a command in the background does not get the terminal's Ctrl-C
	trap 'kill "$child" 2> /dev/null; exit 130' INT TERM
	while kill -0 $child 2> /dev/null; do
		if [ -t 2 ]; then
			printf '\r\033[K%s: %d s%s' "$label" $((SECONDS - start)) "$(progress__far "$log")" >&2
		elif [ $((SECONDS - start - shown)) -ge 20 ]; then
			shown=$((SECONDS - start))
			echo "$label: $shown s$(progress__far "$log")" >&2
		fi
		sleep 0.5
	done
	wait $child && status=0 || status=$?
	trap - INT TERM
	if [ -t 2 ]; then printf '\r\033[K' >&2; fi
	if [ $status = 0 ]; then
		[ $((SECONDS - start)) -lt 5 ] || echo "$label: done in $((SECONDS - start)) s" >&2
	else
		tail -n 30 "$log" >&2
		echo "$label: failed ($status), see $log" >&2
	fi
	return $status
}

progress__far() {
	local of lines
	of=$(tail -n 1 "$1" | sed -n 's/^\[\([0-9]*\/[0-9]*\)\].*/\1/p')
	if [ -n "$of" ]; then
		echo ", ${of/\// of } files"
	elif [ -n "${PROGRESS_LINES:-}" ]; then
		lines=$(wc -l < "$1")
		echo ", about $((lines < PROGRESS_LINES ? 100 * lines / PROGRESS_LINES : 99)) %"
	fi
}

[ "${BASH_SOURCE[0]}" != "$0" ] || progress "$@"
