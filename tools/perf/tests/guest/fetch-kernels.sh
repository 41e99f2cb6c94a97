#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fetch-kernels.sh DIR PACKAGE...: download the kernels that these meta packages
# stand for and unpack each to a directory in DIR. Nothing is installed.
set -euo pipefail

dir=$1
shift
mkdir -p "$dir"
cd "$dir"
for meta; do
	package=$(apt-cache depends "$meta" | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -1)
	[ -n "$package" ] || { echo "fetch-kernels: no $meta" >&2; exit 1; }
	[ -d "$package" ] && continue
	apt-get download -q "$package" > /dev/null 2>&1
	dpkg -x "$package"_*.deb "$package.new"
	rm "$package"_*.deb
	mv "$package.new" "$package"
done
