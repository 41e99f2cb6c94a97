# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# To drive a terminal interface: browse starts it, keys presses keys, see waits for
# what should be on the screen then and prints a test line, end_browsing leaves.
# $tests begins these lines. $failed is 1 when one failed.
tmux=(tmux -L "lab-$$" -f /dev/null)
trap '"${tmux[@]}" kill-server 2> /dev/null' EXIT
failed=0

screen() { "${tmux[@]}" capture-pane -p -t lab; }
keys() { "${tmux[@]}" send-keys -t lab "$@"; }

# browse COMMAND LINES: for sh
browse() {
	"${tmux[@]}" new-session -d -s lab -x 160 -y "$2" "TERM=screen $1; echo ended: \$?; sleep 60"
}

# see NAME PATTERN
see() {
	local n
	for ((n = 0; n < 200; n++)); do
		if screen | grep -Eq "$2"; then
			echo "ok $tests-$1"
			return
		fi
		sleep 0.1
	done
	echo "not ok $tests-$1"
	failed=1
}

end_browsing() {
	keys q
	see leaves 'ended: 0'
}

# returns_to PROGRAM FUNCTION: the address behind its first call, by disassembly
returns_to() {
	objdump -d --no-show-raw-insn "$1" |
		awk -v call="<$2>\$" '/call/ && $0 ~ call { getline; sub(":", ""); print $1; exit }'
}
