# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# emulator [ROUNDS]: what QEMU does wrong without our patches (lab/emulator/patches). Does a CPU
# see in the end that another has changed its code? Does a guest stay alive on one CPU while the
# other one restores its FPU's state all the time, both of which write a word of the first CPU's?
rounds=${1:-5}
expect lab-emulator-changed-code /src/build/lab/qemu/patchcode
load_kvm
taskset 2 /src/build/lab/qemu/fxrstor &
fxrstor=$!
start_guest
taskset -a -p 1 "$guest_pid" >&2
start_work --mix asMI
# exits, of which each is a chance to lose the word
for ((i = 0; i < rounds; i++)); do
	pause 1
	guest true || break
done
expect lab-emulator-guest-lives kill -0 "$guest_pid"
expect lab-emulator-guest-answers timeout 60 ssh "${ssh_options[@]}" -n -p 2201 root@127.0.0.1 true
kill "$fxrstor"
