# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# module-truth: an unmodified kernel of Debian's is the host, as in module, and its guest is the
# ordinary one, with the program whose paths are known. Our perf records it, and Debian's.
host=/src/build/lab/debian-hosts/$(uname -r)
seconds=${1:-10}
# perf enables events one after the other: the tracepoint is there for the first sample
events=(-g -e kvm_callchain:guest_callchain/call-graph=no/ -e cpu-clock/freq=1000/ -m 4M -a)
debians_perf() { LD_LIBRARY_PATH=$host/perf "$host/perf/perf" "$@"; }

say "the host runs $(uname -r)"
load_kvm
modprobe fuse || fail "fuse does not load"
insmod "$host/kvm_callchain.ko" || fail "kvm_callchain does not load"
start_guest
copy_guest
start_work
say "recording $seconds s: perf record ${events[*]}"
$perf record "${events[@]}" -o /tmp/perf.data.guest -- sleep "$seconds" >&2
expect lab-module-record [ $? = 0 ]
say "recording $seconds s: with the distribution's perf"
debians_perf record "${events[@]}" -B -N -o /tmp/debian.data -- sleep "$seconds" >&2
expect lab-module-record-by-the-distributions-perf [ $? = 0 ]
stop_work
save_guest
cp /tmp/perf.data.guest /tmp/debian.data /out/
rmmod kvm_callchain
expect lab-module-no-splat eval '! dmesg | grep -E "BUG:|WARNING:.*/|Oops|Call Trace" >&2'
