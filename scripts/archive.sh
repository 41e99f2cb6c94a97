#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# archive.sh: the address of the Debian archive that this machine installs from, for other suites.
set -euo pipefail

# shellcheck disable=SC2016 # they are apt's
archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' \
	'Component: main' | grep -v -e -security | head -1) || true
[ -n "$archive" ] || { echo "archive: apt has no lists of Debian's packages: apt-get update" >&2; exit 1; }
echo "$archive"
