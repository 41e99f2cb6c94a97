#!/bin/bash
# Guest callchains by perf kvm-callchain and its Python programs
# SPDX-License-Identifier: GPL-2.0
#
# A made-up recording with a made-up guest taken along. The programs in
# scripts/python are compared with what is known of its samples.

. "$(dirname "$0")/lib/guest_callchain.sh"
programs=$lib/../../../scripts/python
if [ ! -d "$programs" ]; then
	echo "scripts/python are needed"
	exit 2
fi
make_up guest_callchain_data
taken_along alpha

script() { perf kvm-callchain script "$@" 2> /dev/null; }

kernel="[unknown]_[gu];[unknown]_[gu];[unknown]_[gk];[unknown]_[gk];[unknown]_[gk]"
module="[unknown]_[gu];[unknown]_[gk];[unknown]_[gk]"
printf '%s\n' "alpha;$module 2" "alpha;$kernel 2" > expected
script -s "$programs/guest-stacks.py" > got
same "guest-stacks.py"

# samples of the host while it handled an exit: the guest's frames, then the host's
printf '%s\n' "alpha;$module 2" "alpha;$kernel 2" \
	"alpha;$kernel;[unknown]_[h];[unknown]_[h] 2" > expected
script --host -s "$programs/guest-stacks.py" > got
same "guest-stacks.py with the host"

cat > expected <<-'END'
	guest alpha: 4 samples
	   50.00%        2 [0xffffffff81000110] < [0xffffffff81000210]
	   50.00%        2 [0xffffffffc0000010] < [0xffffffff81000310]
	guest alpha, vCPU thread 101: 4 samples
	   50.00%        2 [0xffffffff81000110] < [0xffffffff81000210]
	   50.00%        2 [0xffffffffc0000010] < [0xffffffff81000310]

END
script -s "$programs/guest-top.py" -- --depth 2 > got
same "guest-top.py"

printf '%s %s\n' '1000,alpha,100,101,0,1,0xffffffff81000110:gk:[unknown]' \
	'0xffffffff81000210:gk:[unknown]' > expected
script -s "$programs/guest-dump.py" | sed -n 2p | cut -d, -f1-5,7- | cut -d' ' -f1,2 > got
same "guest-dump.py"

echo 4 > expected
script -s "$programs/guest-dump.py" -- --json |
	python3 -c 'import json, sys
print(sum(json.loads(l)["guest"] == "alpha" for l in sys.stdin))' > got
same "guest-dump.py --json"

# in the columns of perf's own commands
perf kvm-callchain report --stdio -g none --sort comm 2> /dev/null |
	grep -o '\[guest/[a-z]*\]' | sort -u > got
echo '[guest/alpha]' > expected
same "report"

# as a command of another perf
other=/usr/bin/perf
if [ -x $other ]; then
	mkdir bin
	ln -s "$(command -v perf)" bin/perf-kvm-callchain
	PATH=$tmp/bin:$PATH $other kvm-callchain report --stdio -g none --sort comm 2> /dev/null |
		grep -o '\[guest/[a-z]*\]' | sort -u > got
	same "as a command of $other"
fi

# what there is, said by itself
usage() { # [OPTION]
	local status=0 command
	perf kvm-callchain "$@" > got 2>&1 || status=$?
	[ $status = 129 ] || failure "usage $*: status $status" got
	for command in $(perf kvm-callchain --list-cmds); do
		grep -Eq "^    $command +[a-z].*[a-z]$" got || failure "usage $*: $command" got
	done
}
usage
usage -h
usage frobnicate
grep -q "has no 'frobnicate'" got || failure "an unknown subcommand" got
perf --version > expected
perf kvm-callchain --version > got
same "version"

exit $failed
