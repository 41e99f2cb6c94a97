#!/bin/bash
# Guest callchain recording checks the files that options name
# SPDX-License-Identifier: GPL-2.0

. "$(dirname "$0")/lib/guest_callchain.sh"
touch file
mkdir dir
as=()

# says MESSAGE OPTION...: it is all that is said, and nothing is recorded
says() {
	local status=0
	"${as[@]}" perf kvm "${@:2}" record -e cpu-clock -o perf.data -- touch ran 2> got ||
		status=$?
	echo "$1" > expected
	same "perf kvm ${*:2} record"
	if [ $status != 255 ] || [ -e perf.data ] || [ -e ran ]; then
		failure "perf kvm ${*:2} record: status $status, or something recorded"
		rm -f perf.data ran
	fi
}

says "--guestkallsyms=$tmp/none: No such file or directory" --guest "--guestkallsyms=$tmp/none"
says "--guestmodules=dir: Is a directory" --guestkallsyms=file --guestmodules=dir
says "--guestvmlinux=file/none: Not a directory" --host --guest --guestvmlinux=file/none
mkfifo fifo
says "--guestkallsyms=fifo: is no regular file" --guest --guestkallsyms=fifo
says "--guestmount=none: No such file or directory" --guest --guestmount none
says "--guestmount=file: Not a directory" --guest --guestmount=file
says "--guestkallsyms=none: No such file or directory
--guestmodules=none: No such file or directory" --guestkallsyms=none --guestmodules=none

# as one who may read less, if that one may run perf
as=(setpriv --reuid=65534 --clear-groups --bounding-set=-all --inh-caps=-all)
chmod 711 .
chmod 600 file
chmod 700 dir
if "${as[@]}" perf version > /dev/null 2>&1; then
	says "--guestkallsyms=file: Permission denied" --guest --guestkallsyms=file
	says "--guestmount=dir: Permission denied" --guest --guestmount=dir
fi

# says_nothing OPTION...: about files. What else there is to recording is tested elsewhere.
says_nothing() {
	perf kvm "$@" record -e cpu-clock -o perf.data -- true > got 2>&1 || :
	if grep -q '^--guest' got; then
		failure "perf kvm $*" got
	fi
}

cp /proc/kallsyms kallsyms
: > modules
says_nothing --guest --guestkallsyms=kallsyms --guestmodules=modules --guestmount=dir
says_nothing --host --no-guest --guestkallsyms=none

exit $failed
