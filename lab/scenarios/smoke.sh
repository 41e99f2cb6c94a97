# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The lab itself: host, guest, ssh, guest mount and a recording.
load_kvm
start_guest
expect lab-guest-ssh [ "$(guest uname -n)" = lab-guest ]
expect lab-guest-mount grep -q guestwork "$guestmount/$guest_pid/proc/modules"
start_work
$perf kvm --guest --guestmount=$guestmount record -e cpu-clock -F 250 -a -o /tmp/perf.data sleep 3 >&2
$perf kvm --guest --guestmount=$guestmount report --stdio -i /tmp/perf.data > /out/report.txt 2>&2
expect lab-guest-samples grep -q gw_leaf_mix /out/report.txt
cp /tmp/perf.data /out/
stop_work
save_guest
