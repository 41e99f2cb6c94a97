#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tui.sh DIR: drive perf report's terminal interface over a scenario's recording:
# find a module function, open its chain, see the kernel's frames and the program's,
# leave. One test line each; the screens go to DIR/tui.txt.
set -uo pipefail
out=$1
tests=lab-tui
# shellcheck source=lab/lib/tmux.sh
. "$(dirname "$0")/tmux.sh"

browse "'$BUILD/perf/perf' kvm --guest '--guestmount=$out/guestmount' report --no-children -g caller,0 \
	-i '$out/perf.data.guest'" 60
see opens 'Samples: .* of event .cpu-clock'
keys / gw_leaf_mix Enter
see finds '\[g\] gw_leaf_mix'
keys E
see kernel-frames 'gw_read_outer'
see syscall-frames 'ksys_read|vfs_read'
program=$(echo "$out"/guestmount/*/usr/local/bin/guestwork)
# in step_2 and in _start
see user-frame-innermost "0x0*$(returns_to "$program" step_1)|step_2"
see user-frame-outermost "0x0*$(returns_to "$program" main)|_start"
screen > "$out/tui.txt"
end_browsing
exit $failed
