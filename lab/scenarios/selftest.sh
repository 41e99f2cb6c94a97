# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The series' own KVM selftest: a guest whose path is known, sampled by its VMM, and records
# read by code that has nothing of perf.
selftest() {	# selftest NAME: its status is $status, 4 where there are no guest callchains
	timeout 400 /src/build/selftests/x86_64/guest_callchain_test > "/out/$1.txt" 2>&1
	status=$?
	grep -v '^Random seed' "/out/$1.txt" | head -3 | sed 's/^/# /'
}
load_kvm
selftest answered
expect lab-selftest-guest-callchain [ $status = 0 ]
# it would see if there were none
echo N > /sys/module/kvm/parameters/guest_callchain
selftest unanswered
expect lab-selftest-none-is-seen [ $status = 254 ]
