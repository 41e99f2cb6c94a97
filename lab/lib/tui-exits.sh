#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tui-exits.sh DIR: drive perf kvm-callchain report's terminal interface over DIR/exits.data:
# find the host function that the guest exited to, open its chain, see the host's frames,
# the guest kernel's and the program's as one, in this order, and leave. One test line
# each; the screen goes to DIR/tui.txt.
set -uo pipefail
out=$1
tests=kvm-callchain-tui
# shellcheck source=lab/lib/tmux.sh
. "$(dirname "$0")/tmux.sh"

browse "'$BUILD/perf/perf' kvm-callchain report --host -i '$out/exits.data' \
	'--kallsyms=$out/kallsyms' --no-children --sort sym -g callee,0" 600
see events '[0-9]+ kvm:kvm_exit'
keys Enter
see opens 'Samples: .* of event .kvm:kvm_exit'
keys / vcpu_run Enter
see finds 'vcpu_run'
keys E
see host-frames 'kvm_arch_vcpu_ioctl_run'
see guest-kernel-frames 'asm_sysvec_apic_timer_interrupt \[g\]'
program=$BUILD/lab/guest/guestwork
see program-frames "(0x0*$(returns_to "$program" main)|_start) \[g\]"
screen > "$out/tui.txt"

# one chain: none of the host's frames comes after the first of the guest's
awk -v root="$(returns_to "$program" main)|_start" '
	/kvm_arch_vcpu_ioctl_run/ && !host { host = NR }
	/asm_sysvec_apic_timer_interrupt \[g\]/ && host && !kernel { kernel = NR }
	$0 ~ root && kernel { good = 1; exit }
	END { exit !good }' "$out/tui.txt"
[ $? = 0 ] && echo "ok $tests-in-order" || { echo "not ok $tests-in-order"; failed=1; }
end_browsing
exit $failed
