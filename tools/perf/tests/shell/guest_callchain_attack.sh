#!/bin/bash
# Guest callchain recordings where others may write
# SPDX-License-Identifier: GPL-2.0
#
# In a directory of somebody else's, who puts links in the place of what perf makes: it
# writes nothing anywhere else, whoever wins the race.

. "$(dirname "$0")/lib/guest_callchain_vmm.sh"
make_up guest_callchain_data
make_guest web
chmod 755 .
mkdir theirs victim
chown 65534:65534 theirs

cat > attack.py <<'END'
import os, sys

def attempt(what, *args):
    try:
        what(*args)
        return True
    except OSError:
        return False

victim = os.path.abspath("victim")
os.chdir("theirs")
swapped = turn = 0
while True:
    turn += 1
    attempt(os.mkdir, "perf.data.guests", 0o777)
    attempt(os.chmod, "perf.data.guests", 0o777)
    for name in os.listdir("."):
        if ".guests" not in name or name.startswith("gone"):
            continue
        if os.path.isdir(name) and not os.path.islink(name):
            inside = []
            try:
                inside = [f"{name}/{pid}" for pid in os.listdir(name) if pid.isdigit()]
            except OSError:
                pass
            # the directory itself in every second turn
            for path in inside or ([name] if turn % 2 else []):
                if attempt(os.rename, path, f"gone{swapped}"):
                    attempt(os.symlink, victim, path)
                    swapped += 1
        elif os.path.islink(name):
            attempt(os.unlink, name)
END
PATH=/usr/bin:/bin setpriv --reuid=65534 --regid=65534 --clear-groups \
	python3 attack.py > attack.log 2>&1 &
attack=$!
pids+=($attack)
for i in {1..12}; do
	status=0
	"${record[@]}" -o theirs/perf.data -- true > log 2>&1 || status=$?
	if [ -n "$(ls -A victim)" ]; then
		failure "try $i: written through a link" log
		find victim
		break
	fi
	# not having been able to, it says so
	if [ $status != 0 ] && ! grep -q 'theirs/perf.data' log; then
		failure "try $i: $status without a reason" log
	fi
done
kill -0 $attack || failure "the attack has ended" attack.log
exit $failed
