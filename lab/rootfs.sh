#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# rootfs.sh IMAGE: make the Debian root file system that the lab's host and its
# guests share, each with an overlay of its own over it. Made once: it is
# remade when this script or lib/boot changes.
set -euo pipefail

image=$1
here=$(cd "$(dirname "$0")" && pwd)
stamp=$image.made-by
cat "$0" "$here/lib/boot" | cmp -s - "$stamp" && [ -f "$image" ] && exit 0

packages=(
	# both
	busybox-static kmod procps iproute2 python3-minimal util-linux
	# the host: a VMM, a way into the guest's files, a terminal for the TUI
	qemu-system-x86 sshfs openssh-client tmux ncurses-base ncurses-term
	# the guest
	openssh-server
	# its load where it is a Debian machine, and what makes it work from the host
	nginx-light redis-server redis-tools nftables e2fsprogs apache2-utils
	# what perf is linked with
	libelf1 libdw1 libslang2 libtraceevent1 libpython3.11 libperl5.36
	libnuma1 libunwind8 libzstd1 liblzma5 libssl3 libmicrohttpd12
	# what asks perf kvm-callchain serve
	curl
)

# What nothing in the lab reads is half of the image.
drop=(
	'/usr/share/doc/*' '/usr/share/man/*' '/usr/share/locale/*' '/usr/share/info/*'
	'/usr/share/icons/*' '/usr/share/qemu/edk2*' '/usr/share/qemu/opensbi*'
	'/usr/share/qemu/skiboot*' '/usr/share/qemu/openbios*' '/usr/share/OVMF/*'
	'/usr/lib/x86_64-linux-gnu/dri/*' '/usr/share/seabios/bios-256k-*'
)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$(dirname "$image")"

# The lab's own key, nobody else's.
ssh-keygen -q -t ed25519 -N '' -C lab -f "$work/key"
ssh-keygen -q -t ed25519 -N '' -C lab -f "$work/host"

cat > "$work/finish" <<'HOOK'
set -e
root=$1 work=$2 here=$3
mkdir -p "$root/src" "$root/out" "$root/root/.ssh" "$root/etc/ssh" "$root/lower" "$root/run/sshd"
install -m 755 "$here/lib/boot" "$root/sbin/lab-boot"
install -m 600 "$work/key" "$root/root/.ssh/id_ed25519"
install -m 600 "$work/key.pub" "$root/root/.ssh/authorized_keys"
rm -f "$root"/etc/ssh/ssh_host_*
install -m 600 "$work/host" "$root/etc/ssh/ssh_host_ed25519_key"
echo "127.0.0.1 localhost lab" > "$root/etc/hosts"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
# Only this file system, not what is mounted in it while it is being made.
mkdir "$work/tree"
mount --bind "$root" "$work/tree"
mkfs.ext4 -q -F -L lab -O ^has_journal -m 0 -d "$work/tree" "$work/image"
umount "$work/tree"
HOOK

truncate -s 1200M "$work/image"
chmod 755 "$work"; chmod 666 "$work/image" "$work"/key "$work"/host
"$here/../scripts/progress.sh" "lab: making the Debian root file system (once)" "$image.log" \
	mmdebstrap --variant=minbase --format=null \
	--include="$(IFS=,; echo "${packages[*]}")" \
	--aptopt='Apt::Install-Recommends "false"' \
	"${drop[@]/#/--dpkgopt=path-exclude=}" \
	--customize-hook="sh $work/finish \"\$1\" $work $here" \
	bookworm /dev/null
cp --sparse=always "$work/image" "$image.new"
mv "$image.new" "$image"
cat "$0" "$here/lib/boot" > "$stamp"
