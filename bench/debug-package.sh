#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# debug-package.sh DIR RELEASE MODULE...: unpack Debian's files for debugging of a
# kernel and some of its modules to DIR, anew if DIR is of others. All of the package is
# downloaded, 1 GB, and more than 6 GB when unpacked: only what is asked for is kept,
# 0.4 GB. If that cannot be, the last line says why.
set -euo pipefail

TIME=480	# seconds that a download may take
ROOM=2000	# MB free that it takes

dir=$(realpath -m "$1") release=$2
shift 2
fail() { echo "$1"; exit 1; }

asked="$release $*"
[ "$(cat "$dir/asked" 2> /dev/null)" != "$asked" ] || exit 0
rm -rf "$dir"
trap '[ -f "$dir/asked" ] || rm -rf "$dir"' EXIT
mkdir -p "$dir"
cd "$dir"
package=linux-image-$release-dbg
apt-cache show "$package" > /dev/null 2>&1 || fail "no $package in the archive"
[ "$(df --output=avail -m . | tail -1)" -ge $ROOM ] || fail "$package needs $ROOM MB free"
echo "orc: downloading $package, 1 GB"
timeout $TIME apt-get download -q "$package" > /dev/null 2>&1 ||
	fail "$package cannot be downloaded, or not in $TIME s"

# the kernel has '_' where the file's name may have '-'
patterns=("./usr/lib/debug/boot/vmlinux-$release")
for module; do
	patterns+=("./usr/lib/debug/lib/modules/$release/*/${module//_/[-_]}.ko")
done
dpkg-deb --fsys-tarfile "$package"_*.deb 2> /dev/null |
	tar -x --wildcards "${patterns[@]}" 2> /dev/null || true
rm "$package"_*.deb
[ -f "usr/lib/debug/boot/vmlinux-$release" ] || fail "no vmlinux in $package"
echo "$asked" > asked
