#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tui.sh DIR: drive perf report's terminal interface over a scenario's recording:
# find a module function, open its chain, see the kernel's frames and the program's,
# leave. One test line each; the screens go to DIR/tui.txt.
set -uo pipefail
out=$1
perf=$BUILD/perf/perf
tmux=(tmux -L "lab-$$" -f /dev/null)
trap '"${tmux[@]}" kill-server 2> /dev/null' EXIT
failed=0

screen() { "${tmux[@]}" capture-pane -p -t lab; }
keys() { "${tmux[@]}" send-keys -t lab "$@"; }

# see NAME PATTERN: wait until the screen shows it
see() {
	local n
	for ((n = 0; n < 200; n++)); do
		if screen | grep -Eq "$2"; then
			echo "ok lab-tui-$1"
			return
		fi
		sleep 0.1
	done
	echo "not ok lab-tui-$1"
	failed=1
}

: > "$out/tui.txt"
"${tmux[@]}" new-session -d -s lab -x 160 -y 60 \
	"TERM=screen '$perf' kvm --guest '--guestmount=$out/guestmount' report --no-children -g caller,0 \
	 -i '$out/perf.data.guest'; echo ended: \$?; sleep 60"
see opens 'Samples: .* of event .cpu-clock'
keys / gw_leaf_mix Enter
see finds '\[g\] gw_leaf_mix'
keys E
see kernel-frames 'gw_read_outer'
see syscall-frames 'ksys_read|vfs_read'
# Where the program's frames return to, by its disassembly: in step_2 and in _start
returns_to() {
	objdump -d --no-show-raw-insn "$out"/guestmount/*/usr/local/bin/guestwork |
		awk -v call="<$1>\$" '/call/ && $0 ~ call { getline; sub(":", ""); print $1; exit }'
}
see user-frame-innermost "0x0*$(returns_to step_1)|step_2"
see user-frame-outermost "0x0*$(returns_to main)|_start"
screen >> "$out/tui.txt"
keys q
see leaves 'ended: 0|exit'
screen >> "$out/tui.txt"
exit $failed
