#!/bin/bash
# Guest callchains through modules that came or went
# SPDX-License-Identifier: GPL-2.0
#
# The file says that a module was there when recording began; beside it is what was
# known in the end.

. "$(dirname "$0")/lib/guest_callchain.sh"
make_up guest_callchain_data 6 own
guest=perf.data.guests/100
taken_along
cp kallsyms $guest/proc/

# is NAME SYMBOL: the symbol of the module's frame, by script and by report
is() {
	echo "$2" > expected
	perf kvm-callchain script -F ip,sym 2> /dev/null |
		awk '$1 == "ffffffffc0000010" { print $2; exit }' > got
	perf kvm-callchain report --stdio --no-children -g none -s dso,sym 2> /dev/null > report
	same "$1"
}

cp modules $guest/proc/
is "as it was" mod_leaf
grep -q '\[guestmod\].*mod_leaf' report || failure "report" report

# at its addresses was another one, too
: > $guest/proc/modules
is "left out" '[unknown]'
if grep -q 'guestmod\|mod_leaf' report; then
	failure "report of what was left out" report
fi

# another one came
sed -i 's/mod_leaf/late_leaf/; s/\[guestmod\]/[late]/' $guest/proc/kallsyms
echo "late 16384 0 - Live 0xffffffffc0000000" > $guest/proc/modules
is "came later" late_leaf

# a directory named by the user counts as what it is only if it is the file's own
cp -r perf.data.guests copy
cp -r perf.data.guests other
rm other/id
for mount in perf.data.guests copy other; do
	echo "$mount: $(perf script --guestmount="$PWD/$mount" -F comm 2> /dev/null |
		grep -o 'guest/web' | sort -u)"
done > got
printf '%s\n' "perf.data.guests: guest/web" "copy: guest/web" "other: " > expected
same "--guestmount"

exit $failed
