# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# module: an unmodified kernel of Debian's is the host (lab/run --debian-host), with the module
# for it. Debian's own perf records the small guests of ../vmx, one after the other.
host=/src/build/lab/debian-hosts/$(uname -r)
module=$host/kvm_callchain.ko
vmx=/src/build/lab/vmx
tracepoint=kvm_callchain:guest_callchain
perf() { LD_LIBRARY_PATH=$host/perf "$host/perf/perf" "$@"; }

# refused TEXT: the module does not load, and says why
refused() { ! insmod "$module" && dmesg | tail -3 | grep "kvm_callchain: .*$1" >&2; }

say "the host runs $(uname -r)"
modprobe kvm
expect lab-module-refused-without-kvm_amd refused 'kvm_amd is not loaded: .*modprobe kvm_amd'
load_kvm
btf=/sys/kernel/btf
cp $btf/vmlinux /tmp
mount -t tmpfs tmpfs $btf
mv /tmp/vmlinux $btf
expect lab-module-refused-without-types-of-kvm_amd refused "cannot read $btf/kvm_amd .*DEBUG_INFO_BTF_MODULES"
umount $btf
echo 0 > /proc/sys/kernel/ftrace_enabled
expect lab-module-refused-without-ftrace refused 'sysctl kernel.ftrace_enabled=1'
echo 1 > /proc/sys/kernel/ftrace_enabled

cp $vmx/tinyvmm $vmx/guest64 $vmx/guest32 /tmp
cd /tmp || fail "no /tmp"
./tinyvmm -t 600000 guest64 3 &
vmm=$!
pause 1
expect lab-module-loads-while-a-guest-runs insmod "$module"
loops() {
	local i
	for i in {1..3}; do
		rmmod kvm_callchain && insmod "$module" || return 1
	done
}
expect lab-module-unloads-and-loads-while-a-guest-runs loops
# what happens in the interrupt that walks is in the guest to perf, and asks for a walk itself
perf record -B -N -e cpu-clock/freq=100/ -e $tracepoint -e irq_vectors:irq_work_entry -e irq:softirq_raise \
	-a -o loop.data -- sleep 1 >&2
expect lab-module-walks-do-not-cause-walks [ $? = 0 ]
# ours adds the tracepoint by itself
say "recording 3 s: perf kvm-callchain record -F 250"
$perf kvm-callchain record -F 250 -o callchain.data -- sleep 3 2> /out/record.txt
expect lab-module-kvm-callchain-record [ $? = 0 ]
expect lab-module-kvm-callchain-says-who-walks [ "$(grep '^Guest callchains:' /out/record.txt)" = \
	"Guest callchains: by the module kvm_callchain, as far as frame pointers lead." ]
cp -r callchain.data* /out/
kill $vmm

cat > runs <<'EOR'
while read -r name options; do
	./tinyvmm $options > said &
	pid=$!
	wait $pid
	echo "=== $pid $name"
	cat said
done
EOR
say "recording $(wc -l < "$host/plan") guests"
perf record -B -N -m 4M -g -e $tracepoint/call-graph=no/ -e cpu-clock/freq=250/ -a -o perf.data -- bash runs \
	< "$host/plan" > /out/vmms.txt
expect lab-module-record [ $? = 0 ]
cp perf.data /out/
# what is in a guest is left out unless a guest is expected
perf script --guest-code -i perf.data -F event,trace > /out/script.txt
rmmod kvm_callchain
expect lab-module-no-splat eval '! dmesg | grep -E "BUG:|WARNING:.*/|Oops|Call Trace" >&2'
