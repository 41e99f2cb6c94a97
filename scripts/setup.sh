#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Install what the build, the lab and the tests need from Debian's archive.
# setup.sh [PACKAGE...]: and these. Asks nothing; does nothing when all is there.
set -euo pipefail
. "$(dirname "$0")/progress.sh"

packages=(
	# Linux and perf
	linux-source-6.12 build-essential flex bison bc kmod cpio xz-utils zstd rsync
	pkg-config libelf-dev libdw-dev libssl-dev libtraceevent-dev libslang2-dev
	python3-dev python3-setuptools libzstd-dev liblzma-dev zlib1g-dev
	libnuma-dev libunwind-dev libseccomp-dev libmicrohttpd-dev libperl-dev systemtap-sdt-dev asciidoc-base xmlto
	# the distribution's perf, which ours serves as a command of
	linux-perf
	# unit tests and fuzzing
	clang llvm libclang-rt-14-dev valgrind strace sparse man-db
	# the lab
	qemu-system-x86 qemu-utils mmdebstrap sshfs openssh-client tmux bzip2
	bochs bochs-term syslinux mtools dosfstools bsdutils procps
	# the lab's own emulator, built from Debian's source
	dpkg-dev meson ninja-build libglib2.0-dev libpixman-1-dev libfdt-dev libcap-ng-dev
	libattr1-dev
	"$@"
)

there=$(dpkg-query -W -f='${Status}=${Package}\n' "${packages[@]}" 2>/dev/null |
	sed -n 's/.*ok installed=//p') || true
mapfile -t missing < <(printf '%s\n' "${packages[@]}" | grep -vxF "$there")
[ ${#missing[@]} -eq 0 ] && exit 0

[ "$(id -u)" = 0 ] || { echo "setup: run 'sudo make setup' to install: ${missing[*]}" >&2; exit 1; }
echo "setup: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
install() { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; }
progress "setup: installing ${#missing[@]} packages" "${BUILD:-build}/setup.log" install
