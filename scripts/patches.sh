#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Write the whole change to Linux as a mailable series to build/patches, for
# teams that carry their own kernel. Each hook patch is one mail; the files of
# ours it brings along are those its header names, as patterns, below the "---":
#
#	Adds: kernel/unwind/x86_*.c tools/perf/util/*
#
# A file goes with the first patch that names it. One that no patch names, or that
# checkpatch objects to, is an error.
#
# What comes before are fixes of perf's own faults, a series of its own in
# build/patches/prerequisites: they have nothing to do with guests.
set -euo pipefail
cd "$(dirname "$0")/.."
top=$PWD
build=${BUILD:-$top/build}
out=$build/patches
repo=$build/patches.git

rm -rf "$out" "$repo"
git init -q "$repo"
git -C "$repo" config user.name "$(git config user.name || echo Maintainers)"
git -C "$repo" config user.email "$(git config user.email || echo maintainers@localhost)"
cp -r "$build/pristine/." "$repo"
git -C "$repo" add -A -f
git -C "$repo" commit -q -m "Debian's Linux, the files hooked"

# Not what only this repository's own tests build
overlay=$(scripts/linux-tree.sh list | grep -vE '/unwind/(tests/|user_types)|tests/guest/orc-(check|load|live|dump|fuzz|standalone)|fetch-kernels')
fixes=(tools/perf/patches/prerequisites/*.patch)
series=(kernel/patches/*.patch tools/perf/patches/*.patch)
named=$(mktemp)

for p in "${fixes[@]}" "${series[@]}"; do
	(cd "$repo" && patch -p1 -s --no-backup-if-mismatch --fuzz=2 < "$top/$p")
	set -f
	for a in $(sed -n '/^---$/,/^--- a\//s/^Adds: //p' "$p"); do
		while read -r dest src; do
			# shellcheck disable=SC2053
			[[ $src == $a ]] && ! grep -qx "$dest" "$named" || continue
			mkdir -p "$repo/$(dirname "$dest")"
			cp "$src" "$repo/$dest"
			echo "$dest" >> "$named"
		done <<< "$overlay"
	done
	set +f
	git -C "$repo" add -A -f
	sed -n '1s/^Subject: \[PATCH\] //p;2,/^---$/{/^---$/d;p}' "$p" |
		git -C "$repo" commit -q -s -F -
done

left=$(cut -d' ' -f1 <<< "$overlay" | sort | comm -23 - <(sort -u "$named"))
rm "$named"
[ -z "$left" ] || { echo "patches: no patch's Adds: line names" >&2; echo "$left" >&2; exit 1; }

git -C "$repo" format-patch -q -o "$out/prerequisites" "$(git -C "$repo" rev-list --max-parents=0 HEAD)..HEAD~${#series[@]}"
git -C "$repo" format-patch -q -o "$out" --cover-letter --cover-from-description=none \
	--subject-prefix='PATCH' -"${#series[@]}"
cover=$out/0000-cover-letter.patch
sed -i -e "s/\*\*\* SUBJECT HERE \*\*\*/perf, KVM: callchains of guests/" \
	-e "/\*\*\* BLURB HERE \*\*\*/{r Documentation/cover-letter.txt
d}" "$cover"

# FILE_PATH_CHANGES: MAINTAINERS is the carrying team's business. STRLCPY, STRCPY:
# tools/perf has no strscpy(). SPDX_LICENSE_TAG: the second line of perf's shell
# tests is their description, the licence comes third. AVOID_EXTERNS: libc has capset() in no
# header. ENOSYS: what libc has to hear of a system call in order to do without. REPEATED_WORD:
# -o program program.c. COMPLEX_MACRO, MACRO_WITH_FLOW_CONTROL: a shim's functions. SPLIT_STRING:
# what is split is JSON.
checkpatch=("$build/linux/scripts/checkpatch.pl" --no-summary --terse --root "$build/linux"
	    --ignore FILE_PATH_CHANGES,EMAIL_SUBJECT,STRLCPY,STRCPY,SPDX_LICENSE_TAG
	    --ignore AVOID_EXTERNS,ENOSYS,REPEATED_WORD,COMPLEX_MACRO,MACRO_WITH_FLOW_CONTROL,SPLIT_STRING)
status=0
# the largest first, for as many as there are CPUs
find "$out" -name '0*.patch' ! -path "$cover" -printf '%s %p\n' | sort -rn | cut -d' ' -f2- |
	GIT_DIR=none xargs -d '\n' -n 1 -P "$(nproc)" "${checkpatch[@]}" || status=1
ls "$out" "$out/prerequisites"

# what reviewers of Linux's files have to agree to
for of in kernel/patches tools/perf/patches/prerequisites tools/perf/patches; do
	echo "hooks: $(cat $of/*.patch | grep -cE '^[-+]([^-+]|$)') lines changed in $(
		sed -n 's|^+++ b/||p' $of/*.patch | sort -u | wc -l) files by $of"
done
exit $status
