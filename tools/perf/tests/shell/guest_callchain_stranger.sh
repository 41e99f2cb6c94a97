#!/bin/bash
# Guest callchains in a recording of somebody else's
# SPDX-License-Identifier: GPL-2.0
#
# What is beside the recording has FIFOs and links in it, as perf would not make them: it is
# not used, which is said, and nothing waits.

. "$(dirname "$0")/lib/guest_callchain.sh"
make_up guest_callchain_data 6 own
guest=perf.data.guests/100

# make: what is beside the recording, as it should be
make() {
	rm -rf perf.data.guests real
	taken_along
	mkdir -p $guest/user/bin
	cp kallsyms modules $guest/proc/
}

# shown NAME [OPTION...]: the frames are
shown() {
	local status=0
	timeout 30 perf script -F comm,ip,sym "${@:2}" > out 2> errors < /dev/null || status=$?
	[ $status = 0 ] || failure "$1: status $status" errors
	grep -q ffffffff81000110 out || failure "$1: no frames" out
}

# used NAME [OPTION...]: with their names
used() {
	shown "$@"
	grep -q 'guest/web' out && grep -q guest_leaf out || failure "$1: not used" out errors
}

# refused NAME WHY: without
refused() {
	shown "$1"
	[ "$(grep -c "$2" errors)" = 1 ] || failure "$1: it does not say '$2', once" errors
	if grep 'guest/web\|guest_leaf' out; then
		failure "$1: is used"
	fi
}

make
used "as it should be"

for file in id guest proc/kallsyms proc/modules user/bin/program; do
	make
	rm -f $guest/$file perf.data.guests/$file
	[ $file = id ] && fifo=perf.data.guests/id || fifo=$guest/$file
	mkfifo $fifo
	[ $file = id ] && why="not beside it" || why="$fifo is no regular file"
	refused "FIFO $file" "$why"
done
make
rm -r perf.data.guests
mkfifo perf.data.guests
refused "FIFO for all" "perf.data.guests: Not a directory"

make
ln -s /etc/passwd $guest/user/bin/program
refused "link to a file" "program is a link"

make
ln -s /etc $guest/user/etc
refused "link to a directory" "etc is a link"

# another one's link is not followed; the user's own is
make
mv perf.data.guests real
ln -s real perf.data.guests
refused "link to another one" "perf.data.guests is a link"
grep -q -- --guestmount=perf.data.guests errors || failure "link: what to do about it" errors
used "link, with the user's word" --guestmount=perf.data.guests
mkfifo real/100/fifo
shown "FIFO behind a link" --guestmount=perf.data.guests
grep -q "fifo is no regular file" errors || failure "FIFO behind a link" errors

make
ln -s /etc/passwd "$guest/"$'\033[31m'
refused "a name with an escape sequence" "is a link"
if grep -q $'\033' errors; then
	failure "an escape sequence is shown" errors
fi

# one guest's files are no loss to another
make
mkdir -p perf.data.guests/101/proc
cp -r $guest/* perf.data.guests/101/
mkfifo perf.data.guests/101/proc/fifo
used "another guest's FIFO"
grep -q "101/proc/fifo is no regular file: no symbols of that guest" errors ||
	failure "another guest's FIFO: it does not say so" errors
make
mkdir -p perf.data.guests/101/many
(cd perf.data.guests/101/many; seq 140000 | xargs touch)
used "another guest's many files"
grep -q "one file too many: no symbols of that guest" errors ||
	failure "another guest's many files: it does not say so" errors

# nor to those that have no directory: 0 is what they have in common
make
rm -r $guest
mkdir perf.data.guests/0
mkfifo perf.data.guests/0/fifo
shown "a FIFO of guest 0"

# a sample has an id of its event, and a second one that is none's
cat > twice.py <<-'END'
	import struct, sys
	sys.path.insert(0, sys.argv[1])
	import guest_callchain_data as g

	IDENTIFIER, NONE = 1 << 16, 4242

	def twice(event):
	    kind, misc, _ = struct.unpack("<IHH", event[:8])
	    first = kind == g.RECORD_SAMPLE
	    own = g.words(g.EVENT_ID)
	    return g.event(kind, misc, own * first + event[8:] + own * (not first))

	sample = g.sample(1000, g.MISC_GUEST_KERNEL, g.LEAF, [g.DEFERRED, 1], NONE)
	record = g.record(1001, 1, g.KERNEL_CHAIN, NONE)
	events = [*g.maps(True), g.comm(1), sample, record]
	attr = g.attr(sample_type=g.SAMPLE_TYPE | IDENTIFIER)
	with open("perf.data", "wb") as file:
	    file.write(g.perf_data(map(twice, events), (attr, attr)))
END
cp perf.data once.data
make
python3 twice.py "$lib"
timeout 30 perf script > out 2> errors < /dev/null || failure "a second id" errors
mv once.data perf.data

# root unpacks an archive: the files are whose the archive says
if [ "$(id -u)" = 0 ]; then
	make
	chown 65534 $guest/proc
	refused "a directory of another user's" "$guest/proc is not yours or root's"
	used "and -f" -f
fi

exit $failed
