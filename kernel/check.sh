#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Static checks of the kernel part: coding style, kernel-doc, sparse, and that
# it builds in the configurations the lab does not boot; with the argument "configs",
# in more of these.
set -uo pipefail
cd "$(dirname "$0")/.."
top=$PWD
build=${BUILD:-$top/build}
linux=$build/linux
log=$build/test/kernel-check.log
mkdir -p "$build/test"
: > "$log"

# check NAME COMMAND...: one test; what the command says is shown if it fails
check() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		echo "ok $name"
	else
		{ grep -E 'WARNING|ERROR|error:' <<< "$out" || tail -20 <<< "$out"; } | head -40
		echo "not ok $name"
	fi
	printf '== %s\n%s\n' "$name" "$out" >> "$log"
}

sources() { scripts/linux-tree.sh list | awk '$1 !~ /^tools/ && $2 !~ /tests\/|user_types/ && $2 ~ /\.[ch]$/ { print $2 }'; }

style() {
	sources | GIT_DIR=none xargs -n 8 -P "$(nproc)" "$linux/scripts/checkpatch.pl" --root "$linux" \
		--terse --no-summary --ignore FILE_PATH_CHANGES -f
}

kernel_doc() {
	local out
	# shellcheck disable=SC2046
	out=$("$linux/scripts/kernel-doc" -Wall -none $(sources) 2>&1 | grep -E 'warning|error')
	[ -z "$out" ] || { echo "$out"; return 1; }
}

# objects of the files that hooks are in
hooked() {
	sed -n 's|^+++ b/\(.*\)\.c$|\1.o|p' kernel/patches/*.patch | grep -v '^tools/\|/xen/' |
		sed 's|^virt/kvm/|arch/x86/kvm/../../../&|'
}

# builds_with DIR OBJECTS OPTION...: what we touch, in another configuration
builds_with() {
	local dir=$build/$1 fragment=$build/$1.config objects=$2
	shift 2
	mkdir -p "$dir"
	{ cat lab/config/host.config; printf '%s\n' "$@"; } > "$fragment.new"
	if ! cmp -s "$fragment.new" "$fragment"; then
		make -s -C "$linux" O="$dir" LOCALVERSION= tinyconfig &&
		(cd "$dir" && "$linux/scripts/kconfig/merge_config.sh" -m .config "$fragment.new" > /dev/null) &&
		make -s -C "$linux" O="$dir" LOCALVERSION= olddefconfig || return
		mv "$fragment.new" "$fragment"
	fi
	for option; do
		case $option in
		*=n) ! grep -q "^${option%=n}=" "$dir/.config" ;;
		*)   grep -qx "$option" "$dir/.config" ;;
		esac || { echo "the configuration has no $option"; return 1; }
	done
	# shellcheck disable=SC2086
	make -s -C "$linux" O="$dir" LOCALVERSION= KCFLAGS=-Werror -j"$(nproc)" $objects
}

# Only what sparse says of ours: it has false alarms on the rest of the kernel.
sparse_clean() {
	local object objects said out=
	mapfile -t objects < <(scripts/linux-tree.sh list |
		awk '$1 !~ /^tools/ && $2 !~ /tests\// && sub(/\.c$/, ".o", $1) { print $1 }')
	said=$(make -C "$linux" O="$build/host" LOCALVERSION= C=2 "${objects[@]}" 2>&1) || { echo "$said"; return 1; }
	for object in "${objects[@]}"; do
		grep -q "CHECK .*/${object%.o}.c" <<< "$said" || out+="sparse has not seen $object"$'\n'
		out+=$(grep -E "${object%.o}.c:[0-9]+:[0-9]+: (warning|error)" <<< "$said")
	done
	[ -z "$out" ] || { echo "$out"; return 1; }
}

if [ "${1:-}" = configs ]; then
	check "kernel: builds with guest callchains, KVM built in" \
		builds_with config-builtin "kernel/events/ arch/x86/kvm/" CONFIG_PERF_GUEST_CALLCHAIN=y CONFIG_KVM=y CONFIG_KVM_AMD=y CONFIG_KVM_INTEL=y
	check "kernel: builds without KVM" \
		builds_with config-nokvm kernel/events/ CONFIG_KVM=n
	exit
fi
check "kernel: checkpatch" style
check "kernel: kernel-doc" kernel_doc
check "kernel: sparse" sparse_clean
# the files that hooks are in: of the rest nothing depends on us
check "kernel: builds without guest callchains, KVM built in" \
	builds_with config-off "$(hooked)" CONFIG_PERF_GUEST_CALLCHAIN=n CONFIG_KVM=y CONFIG_KVM_AMD=y CONFIG_KVM_INTEL=y
check "kernel: the mailable series, by checkpatch" make -s patches
