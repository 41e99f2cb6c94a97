#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# debian-guest.sh [--host] PACKAGE ROOT OUT: make a kernel of Debian bootable in the lab's
# guest, or as its host. PACKAGE is where its package was unpacked, ROOT the lab's root file
# system, OUT a directory that gets
#
#	vmlinuz, config		the kernel's own, unchanged
#	initrd			the modules it takes to mount ROOT
#	disk.img		/boot and /lib/modules as on a Debian machine, but only
#				with those modules that the guest may load
#	tree			the files on disk.img; of a host, which has no disk.img, this
set -euo pipefail

role=guest
[ "$1" != --host ] || { role=host; shift; }

package=$(realpath "$1") root=$(realpath "$2") made=$(realpath -m "$3")
out=$made.new
release=$(basename "$package"/boot/vmlinuz-*)
release=${release#vmlinuz-}
from=lib/modules/$release

# To mount the root and the overlay over it. ext4 asks for crc32c by alias, and
# there is no modprobe yet.
boot_modules=(virtio_pci virtio_blk virtio_net crc32c_generic crc32c-intel ext4 overlay)
# What is loaded when it is asked for, by modprobe
more_modules=(nf_tables nft_ct nft_limit nft_chain_nat nft_masq loop virtio-rng)
disks="/dev/vda /dev/vdb /dev/vdc /dev/vdd"
if [ $role = host ]; then
	# the repository is a share
	boot_modules+=(9p 9pnet_virtio)
	more_modules=(kvm-amd fuse virtio-rng)
	disks="/dev/vda /dev/vdb"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$out/tree
rm -rf "$out"
mkdir -p "$tree/boot" "$tree/$from" "$work/modules"

depmod -n -b "$package" "$release" 2> /dev/null | grep -E '^[^ ]*\.ko[.a-z]*:' > "$work/dep"

# with_dependencies NAME: its file and those of the modules it needs, in loading order
with_dependencies() {
	sed -nE "s,^([^ ]*/$1\.ko[.a-z]*):(.*),\1\2,p" "$work/dep" |
		tr ' ' '\n' | tac
}

for name in "${boot_modules[@]}"; do
	with_dependencies "$name"
done | awk '!seen[$0]++' > "$work/boot"
for name in "${more_modules[@]}"; do
	with_dependencies "$name"
done | sort -u - "$work/boot" > "$work/all"

cp "$package"/boot/* "$tree/boot/"
ln "$tree/boot/vmlinuz-$release" "$out/vmlinuz"
ln "$tree/boot/config-$release" "$out/config"
(cd "$package/$from" && xargs -a "$work/all" cp --parents -t "$tree/$from" \
	modules.builtin modules.builtin.modinfo modules.order)
depmod -b "$tree" "$release"

if [ $role = guest ]; then
	size=$(du -sk "$tree" | cut -f1)
	truncate -s $((size + size / 10 + 2048))K "$out/disk.img"
	mkfs.ext4 -q -F -O ^has_journal -m 0 -d "$tree" "$out/disk.img"
fi

# insmod is busybox's: it takes no packed module
n=100
while read -r file; do
	n=$((n + 1))
	to=$work/modules/$n-$(basename "${file%.xz}")
	case $file in
	*.xz) xz -dc "$package/$from/$file" > "$to" ;;
	*) cp "$package/$from/$file" "$to" ;;
	esac
done < "$work/boot"
mkdir -p "$work/bin" "$work/dev" "$work/root"
debugfs -R "dump /bin/busybox $work/bin/busybox" "$root" 2> /dev/null
cat > "$work/init" <<INIT
#!/bin/busybox sh
for file in /modules/*; do
	busybox insmod \$file
done
busybox mount -t devtmpfs dev /dev
for disk in $disks; do
	until [ -b \$disk ]; do
		busybox usleep 10000
	done
done
busybox mount -t ext4 -o ro /dev/vda /root
busybox mount --move /dev /root/dev
exec busybox switch_root /root /sbin/lab-boot
INIT
chmod 755 "$work/init" "$work/bin/busybox"
(cd "$work" && printf '%s\n' init bin bin/busybox dev root modules modules/* |
	cpio -o -H newc --quiet | gzip -1) > "$out/initrd"
rm -rf "$made"
mv "$out" "$made"
