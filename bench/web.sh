#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# web.sh PERF OUT: measure the flame graph of 100,000 stacks, see web.cjs. OUT is a file of JSON.
set -euo pipefail
bench=$(realpath "$(dirname "$0")")
perf=$(realpath "$1")
out=$(realpath -m "$2")
NODE_PATH=$(realpath "${BUILD:-$bench/../build}/web/node_modules")
export NODE_PATH PYTHONDONTWRITEBYTECODE=1
dir=${out%.json}
mkdir -p "$dir"
cd "$dir"
"$bench/../web/made-up.py" .
"$perf" kvm-callchain flamegraph -i large.data -o large.html
"$perf" kvm-callchain export --format speedscope -i large.data -o large.speedscope
node "$bench/web.cjs" large.html large.speedscope "$out"
