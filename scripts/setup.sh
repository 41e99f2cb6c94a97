#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Install what the build, the lab and the tests need from Debian's archive.
# Asks nothing; does nothing when all is there.
set -euo pipefail

packages=(
	# Linux and perf
	linux-source-6.12 build-essential flex bison bc kmod cpio xz-utils zstd rsync
	pkg-config libelf-dev libdw-dev libssl-dev libtraceevent-dev libslang2-dev
	python3-dev python3-setuptools libzstd-dev liblzma-dev zlib1g-dev
	libnuma-dev libunwind-dev libperl-dev systemtap-sdt-dev asciidoc-base xmlto
	# the distribution's perf, which ours serves as a command of
	linux-perf
	# unit tests and fuzzing
	clang llvm libclang-rt-14-dev valgrind strace sparse
	# the lab
	qemu-system-x86 qemu-utils mmdebstrap sshfs openssh-client tmux bzip2
	bochs bochs-term syslinux mtools dosfstools bsdutils procps
)

missing=()
for p in "${packages[@]}"; do
	dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
done
[ ${#missing[@]} -eq 0 ] && exit 0

[ "$(id -u)" = 0 ] || { echo "setup: run 'sudo make setup' to install: ${missing[*]}" >&2; exit 1; }
echo "setup: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
