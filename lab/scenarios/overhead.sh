# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What callchains cost the guest: its own count of work done, sampled at 1 kHz without
# them, with them, and with the words of its kernel's stack as well, in short turns, so
# that whatever else the machine does hits all. The recordings are open all the time
# and enabled in turn; the guest's clock measures the windows.
#
# overhead [TURNS [SECONDS]]: how many, and how long each window of them is
turns=${1:-20} seconds=${2:-1}
load_kvm
start_guest
copy_guest

open_recording() {	# open_recording KIND [OPTION...]
	local kind=$1; shift
	mkfifo "/run/$kind.ctl" "/run/$kind.ack"
	$perf kvm --guest --guestmount=$guestmount record -q -e cpu-clock -F 1000 "$@" \
		-p "$guest_pid" -o "/tmp/$kind.data" -D -1 \
		--control "fifo:/run/$kind.ctl,/run/$kind.ack" >&2 &
	exec {ctl[$kind]}<> "/run/$kind.ctl" {ack[$kind]}<> "/run/$kind.ack"
	order "$kind" ping
}
order() { local reply; echo "$2" >&${ctl[$1]}; read -r -t 100 -u ${ack[$1]} reply || fail "perf is deaf"; }

window() {
	local from to
	order "$1" enable
	from=$(stat -c %s /out/l2.log)
	pause "$seconds"
	to=$(stat -c %s /out/l2.log)
	order "$1" disable
	tail -c +$((from + 1)) /out/l2.log | head -c $((to - from)) | sed '$d' | grep '^work ' |
		sed "s/^work/$1/" >> /out/work.txt
	echo "$1 end" >> /out/work.txt
}

declare -A ctl ack
open_recording flat
open_recording chains -g --guest-unwind=fp
open_recording words -g --guest-unwind=orc
start_work --report
say "$turns turns of $seconds s each: without callchains, with, and with stack words"
for ((turn = 0; turn < turns; turn++)); do
	window flat
	window chains
	window words
done
order flat stop
order chains stop
order words stop
