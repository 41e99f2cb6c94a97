#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fetch-headers.sh DIR PACKAGE...: download the headers that these meta packages stand for
# and unpack them in DIR, which gets a link DIR/RELEASE for each, a KDIR for kbuild. Nothing
# is installed: that could bring a kernel along, and the next boot would be into it.
set -euo pipefail

mkdir -p "$1"
cd "$1"
shift

# depends PACKAGE PATTERN: what it depends on and is called like that
depends() { apt-cache depends "$1" | sed -n "s/^ *Depends: \(linux-$2\)$/\1/p"; }

for meta; do
	package=$(depends "$meta" 'headers-.*')
	[ -n "$package" ] || { echo "fetch-headers: no $meta in the archive" >&2; exit 1; }
	release=${package#linux-headers-}
	[ -e "$release" ] && continue
	common=$(depends "$package" 'headers-.*-common')
	for part in "$package" "$common" $(depends "$package" 'kbuild-.*'); do
		apt-get download -q "$part" > /dev/null 2>&1 ||
			{ echo "fetch-headers: $part cannot be downloaded" >&2; exit 1; }
		dpkg -x "$part"_*.deb .
		rm "$part"_*.deb
	done
	# as it was, but for where it is
	echo "include \$(dir \$(lastword \$(MAKEFILE_LIST)))../$common/Makefile" \
		> "usr/src/$package/Makefile"
	ln -s "usr/src/$package" "$release"
done
