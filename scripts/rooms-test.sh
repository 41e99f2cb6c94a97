#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The rooms of tools/perf/util/guest: each knows only those that come after it in the
# README's table, and every X.c has its X.h.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
. scripts/expect.sh
cd "${1:-tools/perf/util/guest}" || exit
order=" $(sed -n 's/^| `\([a-z]*\)\/` .*/\1/p' README.md | tr '\n' ' ')"

all_are_listed() { diff <(printf '%s\n' */ | tr -d /) <(tr -s ' ' '\n' <<< "$order" | sed '/^$/d' | sort); }

# what "FILE:#include "guest/ROOM/..." goes up to
no_way_up() {
	local room other up=
	while IFS=/: read -r room _ _ other _; do
		[[ "${order%% "$room" *} " == *" $other "* ]] && up+="$room knows $other"$'\n'
	done < <(grep -o '#include "guest/[a-z]*/' ./*/*.[ch] | sed 's/^\.\///')
	[ -z "$up" ] || { sort <<< "$up" | uniq -c; return 1; }
}

every_c_has_its_h() {
	local file alone=
	for file in */*.c; do
		[ -f "${file%.c}.h" ] && grep -q "#include \"guest/${file%.c}.h\"" "$file" || alone+=" $file"
	done
	[ -z "$alone" ] || { echo "no header:$alone"; return 1; }
}

expect "rooms: all are in the README" all_are_listed
expect "rooms: no circles" no_way_up
expect "rooms: X.c has X.h" every_c_has_its_h
exit $failed
