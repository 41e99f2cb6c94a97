#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# test.sh DEBS: the packages in DEBS, built by build.sh, in fresh roots of Debian's releases.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
. scripts/expect.sh
debs=$(realpath "$1")
work=$debs/test
rm -rf "$work"
mkdir -p "$work/old" "$work/new"

expect "deb: lintian finds no error" lintian --fail-on error --suppress-tags initial-upload-closes-no-bugs "$debs"/*.deb

# DKMS passes over the versions that the sources refuse
refused() { # MAJOR MINOR
	! sed -n '/^#if.*LINUX_VERSION_CODE/,/^#endif/p' kernel/module/compat.h |
		cpp -DLINUX_VERSION_CODE="$1*256+$2" '-DKERNEL_VERSION(a,b,c)=(a*256+b)' > /dev/null 2>&1
}
passes_over() {
	local pattern major minor
	pattern=$(sed -n 's/^BUILD_EXCLUSIVE_KERNEL="\(.*\)"/\1/p' packaging/debian/kvm-callchain-dkms.dkms)
	for major in 5 6 7; do
		for minor in {0..22}; do
			[[ $major.$minor.0-1-amd64 =~ $pattern ]] && ! refused "$major" "$minor" && continue
			[[ $major.$minor.0-1-amd64 =~ $pattern ]] || ! refused "$major" "$minor" || continue
			echo "$major.$minor"
			return 1
		done
	done
}
expect "deb: the module's package is for the kernels that it compiles on" passes_over

cp "$debs"/*.deb "$work/old"
version=$(dpkg-deb -f "$work"/old/perf-kvm-callchain_*.deb Version)
mkdir "$work/next"
cp -r "$debs/source" "$work/next/source"
expect "deb: a higher version is built" env DEB_VERSION="$version+1" packaging/build.sh "$work/next"
cp "$work"/next/*.deb "$work/new" || exit
cp packaging/in-root.sh scripts/expect.sh "$work"
python3 tools/perf/tests/shell/lib/guest_callchain_data.py "$work"

# in_root RELEASE HEADERS PACKAGE...: a root with these headers, and in-root.sh in it. Backports
# are beside what they are for.
in_root() {
	local release=$1 headers=$2 suite=${1%-backports} archive mirrors status
	shift 2
	archive=$(scripts/archive.sh) || return
	mirrors=("deb $archive $suite main")
	[ "$release" = "$suite" ] || mirrors+=("deb $archive $release main")
	mmdebstrap --quiet --variant=minbase --format=null --include="$headers,dkms,kmod" \
		--aptopt='Apt::Install-Recommends "false"' \
		--customize-hook="mkdir \"\$1/test\" && cp -r $work/old $work/new $work/perf.data $work/*.sh \"\$1/test\"" \
		--customize-hook="chroot \"\$1\" /test/in-root.sh $release $*" \
		"$suite" /dev/null "${mirrors[@]}" 2> "$work/$release.log"
	status=$?
	# what a hook prints is among mmdebstrap's errors
	grep -E '^(ok|not ok) ' "$work/$release.log"
	[ $status = 0 ] || tail -20 "$work/$release.log" | sed 's/^/# /'
	return $status
}
in_root bookworm linux-headers-amd64 perf-kvm-callchain kvm-callchain-dkms || failed=1
# perf is linked with the libraries of the release that it was built on
in_root trixie linux-headers-amd64 kvm-callchain-dkms || failed=1
in_root trixie-backports linux-headers-amd64/trixie-backports kvm-callchain-dkms || failed=1
exit $failed
