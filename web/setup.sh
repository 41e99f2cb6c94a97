#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Install what test.sh needs: from Debian's archive, and from npm into build/web.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/progress.sh
build=$(realpath "${BUILD:-build}")

tools=(chromium golang-go)
command -v npm > /dev/null || tools+=(nodejs npm)
scripts/setup.sh "${tools[@]}"

mkdir -p "$build/web"
cmp -s web/package.json "$build/web/package.json" && exit
cp web/package.json "$build/web/package.json.new"
install() {
	cd "$build/web" && mv package.json.new package.json && npm install --no-audit --no-fund
}
progress "web: installing from npm" "$build/web/npm.log" install ||
	{ rm -f "$build/web/package.json"; exit 1; }
