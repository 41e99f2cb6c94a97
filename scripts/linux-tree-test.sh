#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests of linux-tree.sh on a made-up Linux: nothing but the files we hook, as Debian
# ships them.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
. scripts/expect.sh
build=$(realpath "${BUILD:-build}")
work=$build/test/linux-tree
rm -rf "$work"
mkdir -p "$work/linux"
cp -r "$build/pristine/." "$work/linux"

# prepare TARBALL: what it says is in $said, its exit status in $status
prepare() {
	said=$(BUILD=$work/build LINUX_TARBALL=$work/$1 scripts/linux-tree.sh prepare 2>&1)
	status=$?
}
pack() { tar -C "$work" -cf "$work/$1" linux; }
says() { grep -qF -- "$1" <<< "$said"; }

# every hooked file is as it is in the tree that is built
all_hooked() {
	local f
	[ $status = 0 ] || return
	(cd "$build/installed" && find . -type f) | while read -r f; do
		cmp "$build/installed/$f" "$work/build/linux/$f" || return
	done
}

pack linux.tar
prepare linux.tar
expect "kernel: hooks apply" all_hooked

touch "$work/then"
sleep 0.1
prepare linux.tar
changed=$(find "$work/build/linux" "$work/build/installed" -type f -newer "$work/then")
expect "kernel: nothing is done twice" [ "$status$changed" = 0 ]

# an edit goes back to the hook it is in, whatever fixes are below it
refresh() {
	said=$(BUILD=$work/build scripts/linux-tree.sh refresh 2>&1)
	status=$?
}
nothing_to_refresh() {
	refresh
	[ "$status$said" = 0 ]
}
expect "kernel: hooks are what is in the tree above the fixes" nothing_to_refresh

fixed=tools/perf/util/sideband_evlist.c
echo "/* mine */" >> "$work/build/linux/$fixed"
refresh
fix_is_named() {
	[ $status = 1 ] && says "$fixed was edited" && says tools/perf/patches/prerequisites
}
expect "kernel: an edit of what only a fix changes is named" fix_is_named
sed -i '$d' "$work/build/linux/$fixed"

# another release, in which a hook's place is gone
sed -i '/^void vcpu_put(/,/^}/d' "$work/linux/virt/kvm/kvm_main.c"
pack other.tar

edited=$work/build/linux/virt/kvm/kvm_main.c
echo "/* mine */" >> "$edited"
edit_is_kept() {
	prepare "$1"
	[ $status = 1 ] && says "virt/kvm/kvm_main.c was edited" && [ "$(tail -n 1 "$edited")" = "/* mine */" ]
}
expect "kernel: an edit is kept" edit_is_kept linux.tar
expect "kernel: an edit is kept from another release" edit_is_kept other.tar
sed -i '$d' "$edited"

prepare other.tar
hunk_is_named() {
	[ $status = 1 ] && says "Hunk #" && says "+	kvm_close_guest_callchain(vcpu);" &&
		says "virt/kvm/kvm_main.c" && says 0002-kvm-guest-callchain.patch && says other.tar
}
expect "kernel: a hunk that does not apply is named" hunk_is_named

rm "$work/linux/virt/kvm/kvm_main.c"
pack none.tar
prepare none.tar
expect "kernel: a file that is gone is named" says "Linux has no virt/kvm/kvm_main.c"

prepare missing.tar
expect "kernel: a missing package is named" says "make setup"
exit $failed
