# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# debian VERSION: a guest that runs Debian's own kernel, without frame pointers, and
# a load as on a real machine. Its chains must be right by what its files say of its
# code, and agree with what its own perf record -g says of itself at the same time.
version=${1:-6.12}
load_kvm
debian_guest "$version"
start_guest
guest 'uname -r' > /out/release
say "the guest runs $(cat /out/release)"
guest '/src/load.sh prepare > /dev/console 2>&1' || fail "the load does not start"
# Its modules are all loaded, and it has nothing else to do
copy_guest
python3 /src/lab/lib/kcore.py "/run/guestmount/$guest_pid/proc/kcore" "$guestmount/$guest_pid" ||
	fail "no copy of the guest's code"

# The guest's own recording begins before ours and ends after it, so that there is
# nothing in ours that it could not have seen, such as its perf's beginning.
guest 'nice -n -20 /src/perf record -q -N -B -e cpu-clock -F 99 -a -g -o /tmp/self.data -- \
       sh -c "echo > /tmp/recording; exec sleep 3000" > /dev/null 2>&1 &
       until [ -f /tmp/recording ]; do sleep 0.5; done
       /src/load.sh start' || fail "the guest does not record"
ab -q -c 2 -t 3000 -n 1000000 http://127.0.0.1:8080/ > /out/ab.txt 2>&1 &
ab=$!
say "recording from the host, and in the guest"
$perf kvm --guest --guestmount=$guestmount record -e cpu-clock -F 400 -a -g \
	-o /tmp/perf.data.guest -- sleep 9 >&2
expect lab-debian-record [ $? = 0 ]
kill -INT $ab
guest 'kill -INT $(pidof perf); while pidof perf > /dev/null; do sleep 0.3; done
       gzip -1 < /tmp/self.data' > /out/self.data.gz
walk_counters > /out/counters.txt
# A kernel as it is, to record on
guest '/src/perf kvm --guest record -g -e cpu-clock -F 100 -a -o /tmp/flat.data -- sleep 0.1 2>&1
       echo "status $?"; /src/perf evlist -v -i /tmp/flat.data' > /out/flat.txt
expect lab-debian-stock-says grep -q '^The kernel has no guest callchains: recording guests without' /out/flat.txt
expect lab-debian-stock-records grep -q '^status 0' /out/flat.txt
expect lab-debian-stock-flat eval 'grep -q "^cpu-clock.*CALLCHAIN" /out/flat.txt &&
	! grep -q guest_callchain /out/flat.txt'
# One file: there are some hundreds, and each costs a share's round trips
tar -C $guestmount -cf /out/guestmount.tar .
cp /tmp/perf.data.guest /out/
