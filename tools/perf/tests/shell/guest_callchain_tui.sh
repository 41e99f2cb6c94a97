#!/bin/bash
# Guest callchains in the TUI
# SPDX-License-Identifier: GPL-2.0

. "$(dirname "$0")/lib/guest_callchain.sh"
socket=perf-test-$$

cleanup() {
	tmux -L "$socket" kill-server 2> /dev/null || true
	rm -rf "$tmp"
}
trap cleanup EXIT

need tmux
need_feature libslang
make_up guest_callchain_data

keys() { tmux -L "$socket" send-keys -t perf "$@"; }

# shown TEXT...: wait until all are on the screen
shown() {
	local text try
	for try in $(seq 100); do
		tmux -L "$socket" capture-pane -p -t perf > "$tmp/screen"
		for text; do
			grep -qF "$text" "$tmp/screen" || { sleep 0.2; continue 2; }
		done
		return 0
	done
	echo "FAILED after $try tries: not on the screen: $*"
	cat "$tmp/screen"
	return 1
}

tmux -f /dev/null -L "$socket" new-session -d -s perf -x 120 -y 50 \
	"cd $tmp && TERM=screen $(command -v perf) kvm --host --guest --guestkallsyms kallsyms \
	 --guestmodules modules report --tui --no-children -i perf.data"

# a box tells that the host's kernel has no symbols: any key closes it
for _ in $(seq 100); do
	tmux -L "$socket" capture-pane -p -t perf > "$tmp/screen"
	grep -q 'guest_leaf' "$tmp/screen" && break
	! grep -q 'Press any key' "$tmp/screen" || keys Space
	sleep 0.2
done
shown guest_leaf mod_leaf
# expand all callchains
keys E
shown guest_mid guest_entry 0x401000
keys q
