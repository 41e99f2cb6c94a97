#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build.sh OUT: make the packages in OUT of OUT/source/perf, perf as installed for them. Their
# version is that of debian/changelog, with the number of commits and the last one's name
# where there is git; or $DEB_VERSION.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
out=$1
source=$out/source

maintainer="$(git config user.name || echo Maintainers) <$(git config user.email || echo maintainers@example.org)>"
base=$(dpkg-parsechangelog -l "$here/debian/changelog" -S Version)
date=$(dpkg-parsechangelog -l "$here/debian/changelog" -S Date)
version=$base
if commit=$(git -C "$here" rev-parse --short=10 HEAD 2> /dev/null); then
	version=$base+git$(git -C "$here" rev-list --count HEAD).$commit
	date=$(git -C "$here" log -1 --format=%cD)
fi
version=${DEB_VERSION:-$version}

rm -rf "$source/debian" "$source/module" "$out"/*.deb
cp -r "$here/debian" "$source/debian"
sed -i "s/@MAINTAINER@/$maintainer/" "$source/debian/control"
if [ "$version" != "$base" ]; then
	printf '%s (%s) unstable; urgency=medium\n\n  * %s\n\n -- %s  %s\n\n' perf-kvm-callchain \
		"$version" "As in the repository at this version." "$maintainer" "$date" |
		cat - "$here/debian/changelog" > "$source/debian/changelog"
fi
"$here/../kernel/module/sources.sh" "$source/module"

cd "$source"
dpkg-buildpackage --build=binary --no-sign --no-check-builddeps > "$out/build.log" 2>&1 ||
	{ tail -30 "$out/build.log" >&2; exit 1; }
ls "$out"/*.deb
