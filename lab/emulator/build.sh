#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build.sh: the lab's emulator, Debian's QEMU with our patches (patches/), x86-64 and
# what the lab needs alone. Prints the program's path as its last line.
#
# It is built once for a machine and kept outside the repository, in a directory named
# by a hash of the source's version, the patches and this file. Where it cannot be
# built the lab uses Debian's own, which loses guests now and then: says so, and exits 1.
set -uo pipefail
cd "$(dirname "$0")" || exit
. ../../scripts/progress.sh

version=$(dpkg-query -W -f='${source:Version}' qemu-system-x86 2> /dev/null)
hash=$(cat - build.sh patches/*.patch <<< "$version" | sha256sum | cut -c1-16)
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/perf-kvm-callchain
qemu=$cache/qemu-$hash/qemu-system-x86_64
[ ! -x "$qemu" ] || { echo "$qemu"; exit; }

mkdir -p "$cache"
exec 9> "$cache/qemu.lock"
flock 9
[ ! -x "$qemu" ] || { echo "$qemu"; exit; }
work=$(mktemp -d "$cache/build-XXXXXX")
trap 'rm -rf "$work"' EXIT
log=$cache/qemu.log

# The machine's package lists need not have sources
sources() {
	local options=(-o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/nonexistent
		       -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
	mkdir -p "$work/lists/partial" "$work/cache"
	apt-get indextargets --format '$(REPO_URI) $(RELEASE)' | sort -u |
		sed 's/^/deb-src /; s/$/ main/' > "$work/sources.list"
	apt-get "${options[@]}" -qq update
	cd "$work" && apt-get "${options[@]}" -qq --download-only source "qemu=$version" &&
		dpkg-source --no-check -x qemu_*.dsc qemu
}

patched() {
	local p
	for p in "$PWD"/patches/*.patch; do
		patch -d "$work/qemu" -p1 --no-backup-if-mismatch < "$p" || return
	done
}

# Meson is Debian's, and so must be the Python that runs it
build() {
	mkdir "$work/build" && cd "$work/build" || return
	PATH=/usr/bin:/bin ../qemu/configure --target-list=x86_64-softmmu --without-default-features \
		--enable-tcg --enable-virtfs --enable-attr --enable-cap-ng --enable-fdt=system \
		--meson=/usr/bin/meson &&
	PATH=/usr/bin:/bin ninja qemu-system-x86_64
}

step() { (progress "emulator: $1" "$log" "${@:2}"); }

if step "fetching QEMU $version" sources && step "patching" patched &&
   step "building QEMU (once for this machine, minutes)" build &&
   mkdir -p "${qemu%/*}" && strip -o "$qemu.new" "$work/build/qemu-system-x86_64" &&
   mv "$qemu.new" "$qemu"; then
	echo "$qemu"
else
	cat >&2 <<-END
	emulator: the lab's QEMU could not be built, see $log.
	emulator: Debian's is used instead. Guests die or hang in it now and then: see lab/README.md.
	END
	exit 1
fi
