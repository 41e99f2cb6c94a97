#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# image.sh KBUILD MODULES PARTS OUT: a bootable disk for Bochs.
#
# OUT/disk.img is one FAT file system with syslinux, the kernel built in KBUILD
# and an initramfs of KVM's modules, the programs and guests in PARTS, and
# OUT/plan. Needs no privileges: nothing is mounted.

set -euo pipefail
kbuild=$1 modules=$2 parts=$3 out=$4
root=$out/initramfs

rm -rf "$root"; mkdir -p "$root"/{dev,proc,sys,modules}
cp "$parts"/{init,record,tinyvmm,hostwork,guest64,guest32} "$root"
cp "$out/plan" "$root"

# kvm-intel and what it needs, the innermost first
dir=$modules/lib/modules/$(cat "$kbuild/include/config/kernel.release")
read -ra list < <(sed -n 's|^\(.*/kvm-intel\.ko\):|\1|p' "$dir/modules.dep")
for ((i = ${#list[@]} - 1; i >= 0; i--)); do
	name=$(basename "${list[i]}")
	strip --strip-debug -o "$root/modules/$name" "$dir/${list[i]}"
	case $name in
	# Bochs has none of these, or not well enough
	kvm-intel.ko) echo "/modules/$name preemption_timer=0 enable_apicv=0 flexpriority=0" ;;
	*) echo "/modules/$name" ;;
	esac
done > "$root/modules/list"
strip --strip-debug -o "$root/modules/labdevice.ko" "$parts/device/labdevice.ko"
echo /modules/labdevice.ko >> "$root/modules/list"

(cd "$root" && find . -mindepth 1 | sort | cpio --quiet -o -H newc -R 0:0) | gzip -9 > "$out/initrd.gz"

cat > "$out/syslinux.cfg" <<-CFG
	DEFAULT linux
	LABEL linux
	  KERNEL bzimage
	  INITRD initrd.gz
	  APPEND console=ttyS0,115200 nokaslr mitigations=off panic=-1 quiet tsc=reliable
CFG

# 32 cylinders of 16 heads and 63 sectors, the geometry bochsrc gives
rm -f "$out/disk.img"
truncate -s $((32 * 16 * 63 * 512)) "$out/disk.img"
/sbin/mkfs.vfat -F 16 -g 16/63 "$out/disk.img" > /dev/null
syslinux --install "$out/disk.img"
mcopy -i "$out/disk.img" "$kbuild/arch/x86/boot/bzImage" ::bzimage
mcopy -i "$out/disk.img" "$out/initrd.gz" "$out/syslinux.cfg" ::
