# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What scenarios use; sourced in the lab's host (L1). A scenario's standard
# output goes to the terminal of lab/run, its standard error to l1.log, what it
# leaves in /out to build/lab/NAME. Its exit status is the number of failures.

perf=/src/build/perf/perf
guestmount=/run/guestmount	# perf's --guestmount: a directory per VMM pid
failures=0
trap 'stop_guests; exit $((failures > 99 ? 99 : failures))' EXIT

say() { echo "lab: $*"; }
fail() { say "$*"; failures=$((failures + 1)); exit; }

# Test results, in the form scripts/test.sh counts.
ok() { echo "ok $*"; }
not_ok() { echo "not ok $*"; failures=$((failures + 1)); }
skip() { echo "skip $1 # $2"; }
# expect NAME COMMAND...: one test
expect() { local name=$1; shift; if "$@"; then ok "$name"; else not_ok "$name"; fi; }

# Sleeping without a process, which costs the emulation more than a guest's second
exec {never}<> <(:)
pause() { read -r -t "$1" -u $never || :; }

# wait_for SECONDS COMMAND...: until it succeeds
wait_for() {
	local end=$((SECONDS + $1)); shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		pause 0.3
	done
}

# A guest that shuts itself down by a triple fault ends its VMM without a word: its last
# entries are kept, and what was injected. Not its exits: with a second user of that tracepoint
# its samples are in another function of the host. And emulated, a walk takes a hundred times as
# long as on a processor: perf would lower the rate of samples because of that.
kvm_ring=/sys/kernel/tracing/instances/lab
load_kvm() {
	local event
	modprobe kvm_amd || fail "kvm_amd does not load"
	echo 0 > /proc/sys/kernel/perf_cpu_time_max_percent
	mkdir $kvm_ring
	echo 256 > $kvm_ring/buffer_size_kb
	# KVM_EXIT_SHUTDOWN
	echo 'traceoff if reason == 8' > $kvm_ring/events/kvm/kvm_userspace_exit/trigger
	for event in kvm_entry kvm_inj_exception kvm_inj_virq kvm_userspace_exit; do
		echo 1 > $kvm_ring/events/kvm/$event/enable
	done
}

# vmm_ended WHAT: say so, and save what KVM did last
vmm_ended() {
	say "$*; what KVM did before: kvm-events.txt"
	[ -f /out/kvm-events.txt ] || cp $kvm_ring/trace /out/kvm-events.txt
}

# start_guest [QEMU-OPTION...]: boot a guest, wait for its sshd, mount its files.
# Sets guest_pid. The n-th guest has ssh port 2200 + n and the log l2.log, l2-2.log ...
# debian_guest makes it another kernel than the host's.
guests=()
guest_ends=no		# yes: the scenario has its guest end
start_guest() {
	local n=$((${#guests[@]} + 1)) log port
	port=$((2200 + n))
	log=/out/l2$([ $n = 1 ] || echo "-$n").log
	say "booting guest $n"
	qemu-system-x86_64 -nodefaults -no-user-config $guest_reset -display none \
		-accel kvm -cpu host -smp "${guest_smp:-1}" -m "${guest_memory:-512M}" \
		-kernel "$guest_kernel" \
		-append "console=ttyS0 root=/dev/vda ro init=/sbin/lab-boot lab=l2 panic=-1 quiet $boot_options" \
		-drive file=/dev/vda,format=raw,if=virtio,readonly=on \
		-drive file=/dev/vdb,format=raw,if=virtio,readonly=on \
		-netdev "user,id=net,hostfwd=tcp:127.0.0.1:$port-:22$guest_forward" \
		-device virtio-net-pci,netdev=net,romfile= \
		-qmp "unix:/run/qmp-$n,server=on,wait=off" \
		-serial "file:$log" "${guest_files[@]}" "$@" < /dev/null >&2 &
	guest_pid=$!
	guests+=("$guest_pid")
	wait_for 200 guest_ready "$log" || fail "guest $n does not come up"
	mount_guest $n
}
boot_options="no_timer_check rcupdate.rcu_expedited=1 8250.nr_uarts=1"
guest_reset=-no-reboot	# what its VMM does when the guest resets itself: end
guest_kernel=/src/build/host/arch/x86/boot/bzImage
guest_files=()		# QEMU options of the kernel's own initrd and disk
guest_forward=		# more ports of the guest's

# debian_guest VERSION: have start_guest boot Debian's kernel of that version, with
# an empty disk besides, and the guest's port 80 at the host's 8080
debian_guest() {
	local dir=/src/build/lab/debian-disks/$1
	[ -f "$dir/disk.img" ] || fail "no $dir: make lab-debian"
	guest_kernel=$dir/vmlinuz
	truncate -s 128M /tmp/scratch.img
	guest_files=(-initrd "$dir/initrd"
		-drive "file=$dir/disk.img,format=raw,if=virtio,readonly=on"
		-drive "file=/tmp/scratch.img,format=raw,if=virtio,cache=unsafe")
	guest_forward=,hostfwd=tcp:127.0.0.1:8080-:80
}

guest_ready() {
	kill -0 "$guest_pid" 2> /dev/null || { vmm_ended "the guest's VMM has ended"; fail "no guest"; }
	local text=
	[ -s "$1" ] && read -r -d '' text < "$1"
	[[ $text == *lab-guest-ready* ]]
}

ssh_options=(-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR
	     -o ControlPath=/run/ssh-%p -o Ciphers=aes128-gcm@openssh.com
	     -o KexAlgorithms=curve25519-sha256)	# the cheapest to emulate

# One ssh connection per guest serves everything after it.
mount_guest() {
	local port=$((2200 + $1)) dir=/run/guestmount/$guest_pid
	ssh "${ssh_options[@]}" -M -N -f -p $port root@127.0.0.1 || fail "no ssh to guest $1"
	mkdir -p "$dir"
	sshfs "${ssh_options[@]}" -p $port -o direct_io root@127.0.0.1:/ "$dir" ||
		fail "sshfs of guest $1"
}

# guest COMMAND...: in the first guest; guest_n N COMMAND... in another one
guest() { guest_n 1 "$@"; }
guest_n() { local n=$1; shift; ssh "${ssh_options[@]}" -n -p $((2200 + n)) root@127.0.0.1 "$@"; }

# start_work [GUESTWORK-OPTION...]: the known program, in the first guest, until
# the guest ends; its reports go to the guest's console
start_work() {
	guest "guestwork $* > /dev/console 2>&1 < /dev/null & echo \$!" > /run/guestwork.pid ||
		fail "guestwork does not start"
	pause 1
}
stop_work() { guest "kill $(cat /run/guestwork.pid)"; }

# fetch N TO COMMANDS: unpack the tar archive that these write in the n-th guest
fetch() { guest_n "$1" "$3" | tar -C "$2" -x || fail "copying the files of guest $1"; }

# copy_guest_n N TO: what perf wants of the n-th guest's files
copy_guest_n() {
	mkdir -p "$2"
	fetch "$1" "$2" 'cd /; rm -rf /tmp/copy; mkdir /tmp/copy
	       cp --parents proc/kallsyms proc/modules proc/version sys/kernel/notes /tmp/copy
	       cp -r --parents sys/module/*/sections sys/module/*/notes/.note.gnu.build-id /tmp/copy
	       tar -c -C /tmp/copy . -C / $(ls -d boot/vmlinuz-* boot/config-* 2> /dev/null) \
		       lib/modules/$(uname -r) usr/local/bin'
}

# copy_guest: have perf use a copy of the first guest's files from here on. A mount
# gives kallsyms a few KiB per round trip, and perf reads it several times; under
# this emulation, and beside a busy guest, that takes minutes.
copy_guest() {
	copy_guest_n 1 "/run/guestcopy/$guest_pid"
	guestmount=/run/guestcopy
}

# copy_processes: to that copy, the maps of the first guest's processes and the files in them
copy_processes() {
	fetch 1 "/run/guestcopy/$guest_pid" 'cd /; rm -rf /tmp/copy; mkdir /tmp/copy
	       cp --parents proc/[0-9]*/maps /tmp/copy 2> /dev/null
	       tar -c -C /tmp/copy . -C / $(cat /tmp/copy/proc/[0-9]*/maps |
		       awk "\$2 ~ /x/ && \$6 ~ /^.usr/ { print substr(\$6, 2) }" | sort -u)'
}

# workload COMMANDS: a command line for perf record that runs these, with the
# functions of this file, while it records; perf may take long to start
workload() {
	echo ". /src/lab/lib/host.sh; trap - EXIT; guest_pid=$guest_pid; $1" > /run/workload
	echo bash /run/workload
}

# qmp COMMAND...: to the first guest's VMM, JSON as in QEMU's manual
qmp() { python3 /src/lab/lib/qmp.py /run/qmp-1 "$@" >&2; }

# save_guest: leave that copy, and the host's kallsyms, with the results
save_guest() {
	[ -d "/run/guestcopy/$guest_pid" ] || copy_guest
	mkdir -p /out/guestmount
	cp -r "/run/guestcopy/$guest_pid" /out/guestmount/
	cp /proc/kallsyms /out/kallsyms
}

# The kernel's counters, summed over the guests that run: "name value" lines
walk_counters() {
	local f
	for f in /sys/kernel/debug/kvm/guest_callchain_*; do
		[ ! -f "$f" ] || echo "${f##*/} $(< "$f")"
	done
}

stop_guests() {
	local pid dir
	for dir in /run/guestmount/*/; do
		[ -d "$dir" ] && umount -l "$dir"
	done
	for pid in "${guests[@]}"; do
		if ! kill "$pid" 2> /dev/null && [ "$guest_ends" = no ]; then
			vmm_ended "a guest's VMM has ended"
			not_ok "lab: a guest ends by itself"
		fi
		wait "$pid"
	done
	guests=()
}
