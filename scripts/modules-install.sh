#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modules-install.sh KBUILD-DIR DEST: install a build's modules, when they changed
set -euo pipefail
kbuild=$1 dest=$2
release=$(cat "$kbuild/include/config/kernel.release")
stamp=$dest/lib/modules/$release/.stamp
[ -e "$stamp" ] && [ -z "$(find "$kbuild" -name '*.ko' -newer "$stamp" -print -quit)" ] && exit 0
make -s -C "$kbuild" INSTALL_MOD_PATH="$dest" modules_install
touch "$stamp"
