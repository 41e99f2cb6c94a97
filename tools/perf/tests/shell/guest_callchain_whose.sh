#!/bin/bash
# Guest callchain symbols are those taken along with the recording
# SPDX-License-Identifier: GPL-2.0
#
# Recordings get other names, are copied, and replaced by newer ones: what is beside them is
# theirs, or a line says why there are no symbols.

. "$(dirname "$0")/lib/guest_callchain.sh"
make_up guest_callchain_data 6 own
taken_along
cp kallsyms modules perf.data.guests/100/proc/
cp -r perf.data.guests ours

# gives NAME SYMBOL TEXT PERF-DATA [OPTION...]: the frame's symbol, and what is said
gives() {
	echo "$2" > expected
	perf script -i "$4" -F ip,sym "${@:5}" 2> said |
		awk '$1 == "ffffffff81000110" { print $2; exit }' > got
	same "$1" said
	if [ -n "$3" ]; then
		grep -q -- "$3" said || failure "$1: it does not say '$3'" said
		[ "$(grep -c -e "$3" said)" = 1 ] || failure "$1: it says it more than once" said
	elif grep guests said; then
		failure "$1: there is nothing to be said"
	fi
}

gives "as it was recorded" guest_leaf "" perf.data
mv perf.data other.data
gives "by another name" guest_leaf "" other.data
mkdir dir
cp other.data dir/
gives "in another place" '[unknown]' \
	"dir/other.data: what was taken of its guests is not beside it" dir/other.data
gives "told where it is" guest_leaf "" dir/other.data --guestmount="$PWD/perf.data.guests"
cp -r perf.data.guests dir/
gives "with it" guest_leaf "" dir/other.data
perf inject -i other.data -o injected.data 2> /dev/null
gives "perf inject" guest_leaf "" injected.data
mkdir asdir
cp other.data asdir/data
gives "a directory" guest_leaf "" asdir
mv other.data perf.data.2026112902153000
gives "--switch-output" guest_leaf "" perf.data.2026112902153000
mv perf.data.2026112902153000 perf.data

# a recording without guests, and one of others
no_id='import sys; sys.path.insert(0, sys.argv[1]); import guest_callchain_data as g
open(sys.argv[2], "wb").write(g.perf_data([*g.maps(True), g.comm(1), *g.samples(6)],
					  (g.attr(taken_id=int(sys.argv[3])),)))'
mv perf.data perf.data.old
python3 -c "$no_id" "$lib" perf.data 0
gives "perf record, later" '[unknown]' \
	"perf.data.guests is of another recording: not used" perf.data
gives "what is old by then" guest_leaf "" perf.data.old
python3 -c "$no_id" "$lib" perf.data 7
gives "another one with guests" '[unknown]' \
	"perf.data: what was taken of its guests is not beside it" perf.data

# from before there were ids
python3 -c "$no_id" "$lib" perf.data 0
rm perf.data.guests/id
gives "without an id" '[unknown]' "perf.data.guests does not say of which recording it is" perf.data
gives "and the user's word" guest_leaf "" perf.data --guestmount="$PWD/perf.data.guests"
rm -r perf.data.guests
gives "nothing at all" '[unknown]' "samples of KVM guests were left out" perf.data

# of root's recording the user has got the file only
if [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null; then
	mv perf.data.old perf.data
	mv ours perf.data.guests
	chmod 755 .
	chmod 700 perf.data.guests
	chown 65534 perf.data
	as_user() {
		echo '[unknown]' > expected
		setpriv --reuid=65534 --clear-groups --inh-caps=-all \
			perf script -i "$tmp/perf.data" -F ip,sym "$@" 2> said |
			awk '$1 == "ffffffff81000110" { print $2; exit }' > got
	}
	as_user
	same "root's recording" said
	grep -q 'perf.data.guests: Permission denied: no symbols of the guests' said ||
		failure "root's recording: no reason" said
	chown 1 perf.data.guests
	chmod 755 perf.data.guests
	as_user
	same "somebody else's"
	grep -q "is not yours or root's" said || failure "somebody else's: no reason" said
fi
exit $failed
