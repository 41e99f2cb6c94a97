#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# in-root.sh RELEASE PACKAGE...: what test.sh does in a root: install, use, upgrade, purge.
set -uo pipefail
cd /test || exit
. ./expect.sh
release=$1
shift
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
kernel=$(cd /lib/modules && ls -d -- *-amd64)

debs() { # DIR PACKAGE...
	local dir=$1 package
	shift
	for package; do
		echo ./"$dir/$package"_*.deb
	done
}
quiet() { "$@" > said 2>&1 || { tail -20 said; return 1; }; }
# shellcheck disable=SC2046
install() { quiet apt-get install -y --no-install-recommends $(debs "$@"); }
version() { dpkg-deb -f "$(debs "$1" "$2")" Version; }
files() { find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /test -o \
	-path /var/cache -o -path /var/log -o -path /var/lib/dpkg -o -path /var/lib/apt \) -prune -o -print | sort; }

# what the packages need is not theirs to remove, nor is what they are beside
[[ " $* " != *" perf-kvm-callchain "* ]] || quiet apt-get install -y --no-install-recommends linux-perf
for package; do
	quiet apt-get satisfy -y --no-install-recommends "$(dpkg-deb -f "$(debs old "$package")" Depends)"
done
depmod "$kernel"
files > before

has_module() { # DIR
	[ "$(dkms status)" = "kvm-callchain/$(version "$1" kvm-callchain-dkms), $kernel, x86_64: installed" ] ||
		{ dkms status; return 1; }
}
vermagic() {
	local magic
	magic=$(modinfo -k "$kernel" -F vermagic kvm_callchain) && [[ $magic == "$kernel SMP "* ]] || {
		echo "$magic"
		return 1
	}
}
is_loaded_with_kvm() { modprobe -c | grep -qx 'softdep kvm_amd post: kvm_callchain'; }
test_module() { # DIR
	expect "deb $release: $1: DKMS has built the module for $kernel" has_module "$1"
	expect "deb $release: $1: the module is of that kernel" vermagic
	expect "deb $release: $1: the module is loaded with KVM's" is_loaded_with_kvm
}

doctor() {
	perf-kvm-callchain doctor > said 2>&1
	[ $? = 1 ] && grep -q 'CONFIG_PERF_GUEST_CALLCHAIN' said || { cat said; return 1; }
}
programs() {
	local listed stacks
	listed=$(perf-kvm-callchain script -l)
	[ "$(grep -c '^  guest-' <<< "$listed")" = 4 ] || { echo "$listed"; return 1; }
	stacks=$(perf-kvm-callchain script report guest-stacks -i perf.data)
	grep -q '_\[gk\] [0-9]' <<< "$stacks" || { echo "$stacks"; return 1; }
}
completes() {
	local COMP_WORDS=(perf-kvm-callchain rec) COMP_CWORD=1 COMPREPLY
	. /usr/share/bash-completion/completions/perf-kvm-callchain
	_perf_kvm_callchain perf-kvm-callchain rec perf-kvm-callchain
	[ "${COMPREPLY[*]}" = record ]
}
manual() { zcat /usr/share/man/man1/perf-kvm-callchain.1.gz | grep -q 'Profile KVM guests'; }
beside_perf() { diff <(perf-kvm-callchain list 2>&1) <(perf kvm-callchain list 2>&1); }
test_perf() { # DIR
	expect "deb $release: $1: perf-kvm-callchain --version" grep -q '^perf version 6.12' <(perf-kvm-callchain --version)
	expect "deb $release: $1: perf-kvm-callchain doctor" doctor
	expect "deb $release: $1: its programs" programs
	expect "deb $release: $1: its completion" completes
	expect "deb $release: $1: its manual page" manual
}

test_all() { # DIR PACKAGE...
	local dir=$1 package
	shift
	for package; do
		case $package in
		kvm-callchain-dkms) test_module "$dir" ;;
		perf-kvm-callchain) test_perf "$dir" ;;
		esac
	done
}

expect "deb $release: install" install old "$@"
test_all old "$@"
expect "deb $release: upgrade" install new "$@"
test_all new "$@"
[[ " $* " != *" perf-kvm-callchain "* ]] ||
	expect "deb $release: as a command of Debian's perf" beside_perf
expect "deb $release: purge" quiet apt-get purge -y "$@"
files > after
expect "deb $release: purge leaves nothing" diff before after
exit "$failed"
