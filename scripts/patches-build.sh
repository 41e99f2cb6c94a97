#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build what the series touches after each of its patches, as who bisects will: the
# kernel's part in the lab's configuration, or perf. The series is that of patches.sh.
#
#   patches-build.sh FLAG...	flags for perf's make
set -uo pipefail
cd "$(dirname "$0")/.." || exit
top=$PWD
build=$(realpath "${BUILD:-build}")
linux=$build/linux
work=$build/series
jobs=-j$(nproc)
perf_flags=("$@")

# Linux as it was before, by links to the tree's files; what changes is replaced
unpatched() {
	rm -rf "$work"
	mkdir -p "$work/perf"
	cp -al "$linux" "$work/linux"
	scripts/linux-tree.sh list | while read -r file _; do
		rm -f "$work/linux/$file"
	done
	git clone -q "$build/patches.git" "$work/git"
	# shellcheck disable=SC2046
	put "$base" $(git -C "$build/patches.git" ls-tree -r --name-only "$base")
}

# put COMMIT FILE...: as they are in it
put() {
	local commit=$1 file
	shift
	for file; do
		mkdir -p "$work/linux/$(dirname "$file")"
		git -C "$work/git" show "$commit:$file" > "$work/new" || return
		chmod --reference="$work/linux/$file" "$work/new" 2> /dev/null
		mv "$work/new" "$work/linux/$file"
	done
}

configure_kernel() {
	make -s -C "$work/linux" O="$work/host" tinyconfig &&
	(cd "$work/host" && "$work/linux/scripts/kconfig/merge_config.sh" -m .config "$top/lab/config/host.config") > /dev/null
}

build_kernel() {
	make -s -C "$work/linux" O="$work/host" olddefconfig &&
	make -s -C "$work/linux" O="$work/host" "$jobs" kernel/events/ arch/x86/kvm/
}

build_perf() {
	make -C "$work/linux/tools/perf" O="$work/perf/" "$jobs" "${perf_flags[@]}"
}

base=$(git -C "$build/patches.git" rev-list --max-parents=0 HEAD)
unpatched
configure_kernel > "$work/log" 2>&1 || { tail "$work/log"; exit 1; }
failed=0
for commit in $(git -C "$work/git" rev-list --reverse "$base.."); do
	files=$(git -C "$work/git" diff --name-only "$commit~" "$commit")
	# shellcheck disable=SC2086
	put "$commit" $files
	step=build_perf
	! grep -qv '^tools/' <<< "$files" || step=build_kernel
	subject=$(git -C "$work/git" log -1 --format=%s "$commit")
	if $step > "$work/log" 2>&1; then
		echo "ok series: $subject"
	else
		grep -E 'error|undefined|warning' "$work/log" | head -20
		echo "not ok series: $subject"
		failed=1
	fi
done
exit $failed
