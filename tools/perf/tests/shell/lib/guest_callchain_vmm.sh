# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For tests that record: a process that is taken for a VMM, as /proc shows descriptors of a
# VM and of a vCPU for it. Nothing runs in that guest. Sourced first: the test starts once
# more, with mounts of its own.

if [ "$(id -u)" != 0 ]; then
	echo "root is needed"
	exit 2
fi
if [ "${OWN_MOUNTS-}" != "$$" ]; then
	OWN_MOUNTS=$$ exec unshare --mount --propagation private "$BASH" "$0" "$@"
fi

. "$(dirname "${BASH_SOURCE[0]}")/guest_callchain.sh"
need python3 setpriv
pids=()
end() {
	kill "${pids[@]}" || :
	cd /
	awk -v dir="$tmp/" 'index($2, dir) == 1 { print $2 }' /proc/mounts | xargs -r umount || :
	rm -rf "$tmp"
}
trap 'end 2> /dev/null' EXIT

# be_guest PID: let that process be a VMM
be_guest() {
	mkdir -p "fds/$1"
	ln -s anon_inode:kvm-vm "fds/$1/3"
	ln -s anon_inode:kvm-vcpu:0 "fds/$1/4"
	mount --bind "fds/$1" "/proc/$1/fd"
}

# make_guest NAME: $vmm is its pid, and mounts/$vmm what its files are
make_guest() {
	python3 -c 'import time; time.sleep(600)' -name "$1" > /dev/null 2>&1 &
	vmm=$!
	pids+=("$vmm")
	be_guest "$vmm"
	mkdir -p "mounts/$vmm/proc/1" "mounts/$vmm/usr/bin"
	cp kallsyms modules "mounts/$vmm/proc/"
	echo "Linux version 6.1.0 (made up)" > "mounts/$vmm/proc/version"
	printf '\177ELF' > "mounts/$vmm/usr/bin/init"
	echo "00401000-00402000 r-xp 00001000 08:01 7 /usr/bin/init" > "mounts/$vmm/proc/1/maps"
}

# what can be recorded anywhere, to be followed by more options
# shellcheck disable=SC2034
record=(perf kvm-callchain record --guestmount="$tmp/mounts" -e cpu-clock)

# state: of all that is in the directory, to be compared
state() {
	find . -printf '%P %y %l %i\n' | sort
	find . -type f -exec sha1sum {} + | sort
}
