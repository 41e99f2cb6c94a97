# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# guesses [VERSION]: the last resort, for a kernel without frame pointers of which there
# are no tables. This one has some, to see how good guesses are.
load_kvm
debian_guest "${1:-6.12}"
start_guest -name web
guest '/src/load.sh prepare > /dev/console 2>&1' || fail "the load does not start"
copy_guest
# what guesses are judged by, over sshfs
touch "$guestmount/$guest_pid/proc/kcore"
mount --bind "/run/guestmount/$guest_pid/proc/kcore" "$guestmount/$guest_pid/proc/kcore"
guest '/src/load.sh start'
ab -q -c 2 -t 3000 -n 1000000 http://127.0.0.1:8080/ > /out/ab.txt 2>&1 &
ab=$!
cd /tmp || exit
$perf kvm-callchain record --guestmount=$guestmount --guest web -F 250 --guest-unwind=scan \
	-- sleep 6 > /out/record.txt 2>&1
expect guesses-record [ $? = 0 ]
kill -INT $ab
umount "$guestmount/$guest_pid/proc/kcore"
rm "$guestmount/$guest_pid/proc/kcore"
stop_guests

# One file each: there are some hundreds, and each costs a share's round trips
tar -cf /out/recording.tar perf.data perf.data.guests
tar -C $guestmount -cf /out/guestmount.tar .
