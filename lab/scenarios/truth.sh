# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Chains against the program's known paths, and against what the guest's own
# perf record -g says of itself at the same time.
load_kvm
start_guest
copy_guest
start_work --report
guest 'cp /src/perf /usr/local/bin/'
guest 'perf record -q -e cpu-clock -F 99 -a -g -o /tmp/self.data -- sleep 8 > /dev/null 2>&1
       perf script -i /tmp/self.data -F ip > /tmp/self.txt 2> /dev/null; gzip -c /tmp/self.txt' \
	> /out/self.txt.gz &
self=$!
say "recording from the host, and in the guest"
$perf kvm --guest --guestmount=$guestmount record -e cpu-clock -F 250 -a -g \
	-o /tmp/perf.data.guest -- sleep 10 >&2
expect lab-record [ $? = 0 ]
wait $self
walk_counters > /out/counters.txt
# the same by KVM's binary statistics, which QEMU hands on
qmp '{"execute": "query-stats", "arguments": {"target": "vcpu"}}' 2>&1 |
	grep -o "'guest_callchain_[a-z]*', 'value': [0-9]*" | tr -d "',:" |
	sed 's/ value / /' | sort > /out/statistics.txt
expect lab-binary-statistics cmp <(sort /out/counters.txt) /out/statistics.txt
expect lab-kaslr [ "$(guest "sed -n 's/ . _text$//p' /proc/kallsyms")" != ffffffff81000000 ]
stop_work
save_guest
cp /tmp/perf.data.guest /out/
