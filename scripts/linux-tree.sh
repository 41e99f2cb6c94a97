#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Keep build/linux: Debian's Linux source with our files laid over it and our
# hooks applied.
#
#   linux-tree.sh prepare          unpack, overlay and patch; a second run
#                                  touches nothing that has not changed, so
#                                  builds stay incremental
#   linux-tree.sh refresh          write hunks edited in build/linux back into
#                                  their patches
#   linux-tree.sh adopt PATCH FILE let PATCH hook one more existing FILE
#   linux-tree.sh list             "LINUX-PATH REPO-PATH" of every overlay file
#
# A Linux file is hooked by exactly one patch. That is what makes refresh
# possible, and keeps it plain who changes what. Below the hooks are fixes of
# perf's own faults, tools/perf/patches/prerequisites: any number for a file, in
# order, and edited as patches.

set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD:-$top/build}
linux=$build/linux
pristine=$build/pristine	# hooked files as Debian ships them
base=$build/base	# those with fixes of perf's own faults, without our hooks
installed=$build/installed	# hooked files as we last installed them
tarball=${LINUX_TARBALL:-/usr/src/linux-source-6.12.tar.xz}

die() { echo "linux-tree: $*" >&2; exit 1; }

patches() { ls "$top"/kernel/patches/*.patch "$top"/tools/perf/patches/*.patch 2>/dev/null; }

prerequisites() { ls "$top"/tools/perf/patches/prerequisites/*.patch 2>/dev/null; }

patch_files() { sed -n 's|^+++ b/\([^[:space:]]*\).*|\1|p' "$1"; }

# The overlay: our directory on the left, its place in Linux on the right.
overlay() {
	local repo dest f
	while read -r repo dest; do
		[ -d "$top/$repo" ] || continue
		(cd "$top/$repo" && find . -type f ! -path './patches/*' ! -name '.*' ! -name '*.o' ! -name '*.mk' -printf '%P\n') |
		while read -r f; do
			echo "$dest/$f $repo/$f"
		done
	done <<-MAP
	kernel/arch arch
	kernel/Documentation Documentation
	kernel/include include
	kernel/kernel kernel
	kernel/tools tools
	kernel/virt virt
	kernel/unwind virt/kvm/unwind
	tools/perf tools/perf
	MAP
	# perf includes its own copies of the ABI headers
	echo "tools/include/uapi/linux/perf_guest_callchain.h" \
	     "kernel/include/uapi/linux/perf_guest_callchain.h"
}

tarball_stamp() { stat -c '%s %Y' "$tarball"; }

is_unpacked() { [ "$(cat "$linux/.unpacked" 2>/dev/null)" = "$(tarball_stamp)" ]; }

unpack() {
	[ -f "$tarball" ] || die "$tarball is missing: run 'make setup' (package linux-source-6.12)"
	is_unpacked && return
	rm -rf "$installed" "$pristine" "$linux"
	mkdir -p "$linux"
	# a line for each 10 MB; 1.5 GB in all
	PROGRESS_LINES=150 "$top/scripts/progress.sh" "linux: unpacking $(basename "$tarball")" \
		"$build/unpack.log" tar -xf "$tarball" -C "$linux" --strip-components=1 \
		--checkpoint=1000 --checkpoint-action=echo
	tarball_stamp > "$linux/.unpacked"
}

# Copy $1 to $2 unless they are the same already.
update() { cmp -s "$1" "$2" || { mkdir -p "$(dirname "$2")"; cp "$1" "$2"; }; }

keep_pristine() {
	[ -e "$pristine/$1" ] || { mkdir -p "$pristine/$(dirname "$1")"; cp "$linux/$1" "$pristine/$1"; }
}

# Files edited in build/linux but not refreshed must not be overwritten.
check_unedited() {
	local f
	[ -d "$installed" ] || return 0
	(cd "$installed" && find . -type f -printf '%P\n') | while read -r f; do
		cmp -s "$installed/$f" "$linux/$f" ||
			die "build/linux/$f was edited: 'make refresh' keeps the edit"
	done
}

# Apply patch $1 in $2; the files it is for are there then, at least as Debian ships them.
apply_patch() {
	local p=$1 tmp=$2 f said
	for f in $(patch_files "$p"); do
		[ -e "$linux/$f" ] || [ -e "$pristine/$f" ] || die "${p#"$top"/}: Linux has no $f"
		keep_pristine "$f"
		[ -e "$tmp/$f" ] || update "$pristine/$f" "$tmp/$f"
	done
	said=$(cd "$tmp" && patch -p1 --no-backup-if-mismatch --fuzz=2 < "$p") || {
		grep '^Hunk .* FAILED\|hunks\? FAILED' <<< "$said" >&2
		find "$tmp" -name '*.rej' -exec cat {} + >&2
		die "${p#"$top"/} does not apply to $(basename "$tarball"): see the hunk above, and the files in ${tmp#"$top"/}"
	}
}

apply_patches() {
	local tmp=$build/patching p f
	local -A hooked=()
	rm -rf "$tmp" "$base"; mkdir -p "$tmp"
	for p in $(prerequisites); do
		apply_patch "$p" "$tmp"
	done
	cp -r "$tmp" "$base"
	for p in $(patches); do
		for f in $(patch_files "$p"); do
			[ -z "${hooked[$f]:-}" ] || die "$f is hooked by two patches; the second is ${p#"$top"/}"
			hooked[$f]=$p
		done
		apply_patch "$p" "$tmp"
	done
	# what no patch hooks any more goes back to what Debian ships
	if [ -d "$installed" ]; then
		(cd "$installed" && find . -type f -printf '%P\n') | while read -r f; do
			[ -e "$tmp/$f" ] || { update "$pristine/$f" "$linux/$f"; rm "$installed/$f" "$pristine/$f"; }
		done
	fi
	(cd "$tmp" && find . -type f ! -name '*.rej' -printf '%P\n') | while read -r f; do
		update "$tmp/$f" "$linux/$f"
		update "$tmp/$f" "$installed/$f"
	done
	rm -rf "$tmp"
}

link_overlay() {
	local dest src list=$build/overlay.list old
	overlay > "$list.new"
	# a file that left the repository leaves the tree
	if [ -f "$list" ]; then
		while read -r dest old; do
			grep -q "^$dest " "$list.new" || { [ ! -L "$linux/$dest" ] || rm "$linux/$dest"; }
		done < "$list"
	fi
	while read -r dest src; do
		[ "$(readlink "$linux/$dest" 2>/dev/null)" = "$top/$src" ] && continue
		[ ! -e "$linux/$dest" ] || [ -L "$linux/$dest" ] ||
			die "$src would replace Linux's own $dest: hook it with a patch instead"
		mkdir -p "$(dirname "$linux/$dest")"
		ln -sfn "$top/$src" "$linux/$dest"
	done < "$list.new"
	mv "$list.new" "$list"
}

# newer_than STAMP FILE...: is one of these newer, or gone?
newer_than() { [ -n "$(find "${@:2}" -newer "$1" -print -quit 2>&1)" ]; }

# Has nothing changed since then? Every target of make asks, and to look at each file takes long.
is_prepared() {
	[ "$(cat "$build/.prepared" 2>/dev/null)" = "$top" ] && [ -f "$tarball" ] && is_unpacked &&
		cmp -s <(overlay) "$build/overlay.list" &&
		! newer_than "$build/.prepared-since" "$0" "$top/kernel/patches" "$top/tools/perf/patches" &&
		(cd "$linux" && mapfile -t files < <(cd "$installed" && find . -type f) &&
			! newer_than "$build/.prepared" "${files[@]}")
}

prepare() {
	mkdir -p "$build"
	exec 9> "$build/.linux-tree.lock"; flock 9
	is_prepared && return
	touch "$build/.prepared-since"
	check_unedited
	unpack
	apply_patches
	link_overlay
	echo "$top" > "$build/.prepared"
}

# What only fixes of perf's own faults change has no patch that an edit could go to.
check_no_prerequisite() {
	local f
	(cd "$base" && find . -type f -printf '%P\n') | while read -r f; do
		# shellcheck disable=SC2046
		cmp -s "$installed/$f" "$linux/$f" || grep -qx -- "+++ b/$f" $(patches) ||
			die "build/linux/$f was edited, which no hook is in: edit its patch in tools/perf/patches/prerequisites, or adopt it"
	done
}

refresh() {
	local p f new from
	exec 9> "$build/.linux-tree.lock"; flock 9
	[ -d "$base" ] || die "no ${base#"$top"/}: run prepare first"
	check_no_prerequisite
	for p in $(patches); do
		new=$(mktemp)
		# the mail header up to the first file stays as it is
		sed '/^diff --git \|^--- a\//,$d' "$p" > "$new"
		for f in $(patch_files "$p"); do
			[ -e "$pristine/$f" ] || { rm "$new"; die "no pristine $f: run prepare first"; }
			from=$pristine
			[ ! -e "$base/$f" ] || from=$base
			diff -u -p --label "a/$f" --label "b/$f" "$from/$f" "$linux/$f" >> "$new" || [ $? = 1 ]
			update "$linux/$f" "$installed/$f"
		done
		cmp -s "$new" "$p" || { cat "$new" > "$p"; echo "refreshed ${p#"$top"/}"; }
		rm "$new"
	done
}

adopt() {
	local p=$1 f=$2 q
	[ -f "$linux/$f" ] || die "Linux has no $f"
	for q in $(patches); do
		! patch_files "$q" | grep -qx "$f" || die "$f is hooked by ${q#"$top"/} already"
	done
	keep_pristine "$f"
	[ -f "$p" ] || printf 'Subject: [PATCH] %s\n\n---\n' "$(basename "$p" .patch)" > "$p"
	# an empty change: refresh fills it in
	printf -- '--- a/%s\n+++ b/%s\n' "$f" "$f" >> "$p"
	mkdir -p "$installed/$(dirname "$f")"; cp "$linux/$f" "$installed/$f"
}

case ${1:-} in
prepare|refresh) "$1" ;;
adopt) shift; adopt "$@" ;;
list) overlay ;;
*) die "usage: linux-tree.sh prepare | refresh | adopt PATCH FILE | list" ;;
esac
