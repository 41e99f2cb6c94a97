#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fetch-kernels.sh DIR PACKAGE[/SUITE]...: download the kernels that these meta packages stand
# for and unpack each to a directory in DIR. Nothing is installed. A package of another suite
# than the machine's comes from the same archive, by lists of packages that are ours.
#
# Since 7.3 a kernel is several packages, with files below usr/lib that were in boot: those that
# others look there for are there, too.
set -euo pipefail

scripts=$(realpath "$(dirname "$0")/../../../../scripts")
dir=$1
shift
mkdir -p "$dir"
cd "$dir"

# use_suite SUITE: sets apt, options for it; none for the machine's own
use_suite() {
	local mine=$PWD/lists-$1 archive
	apt=()
	[ -n "$1" ] || return 0
	archive=$("$scripts/archive.sh")
	mkdir -p "$mine/lists/partial" "$mine/cache/archives/partial"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $1 main" \
		> "$mine/sources.list"
	apt=(-o "Dir::Etc::sourcelist=$mine/sources.list" -o Dir::Etc::sourceparts=/nonexistent
	     -o "Dir::State::Lists=$mine/lists" -o "Dir::Cache=$mine/cache")
	apt-get "${apt[@]}" update -q > /dev/null 2>&1
}

# depends_on PACKAGE PATTERN
depends_on() { apt-cache "${apt[@]}" depends "$1" | sed -n "s/^ *Depends: \($2\)/\1/p"; }

# as older packages have it
arrange() {
	local release
	[ -d "$1/lib" ] || ln -s usr/lib "$1/lib"
	release=$(ls "$1/lib/modules")
	mkdir -p "$1/boot"
	for file in vmlinuz config; do
		[ -e "$1/boot/$file-$release" ] ||
			cp "$1/lib/modules/$release/$file" "$1/boot/$file-$release"
	done
}

for meta; do
	suite=$([[ $meta != */* ]] || echo "${meta#*/}")
	use_suite "$suite"
	package=$(depends_on "${meta%/*}" 'linux-image-.*' | head -1)
	[ -n "$package" ] || { echo "fetch-kernels: no $meta" >&2; exit 1; }
	[ -d "$package" ] && continue
	rm -rf "$package.new" ./*.deb
	for part in "$package" $(depends_on "$package" 'linux-\(base\|binary\|modules\)-[0-9].*'); do
		apt-get "${apt[@]}" download -q "$part" > /dev/null 2>&1
		dpkg -x "$part"_*.deb "$package.new"
		rm "$part"_*.deb
	done
	arrange "$package.new"
	mv "$package.new" "$package"
done
