#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# test.sh PERF: kvm-callchain-profile, and the queries of Documentation/fleet.md in ClickHouse:
# two shards on this machine, with rows of recordings that are made up. Logs are in build/fleet.
set -uo pipefail
fleet=$(realpath "$(dirname "$0")")
. "$fleet/../scripts/expect.sh"
perf=$(realpath "$1")
rm -rf "${BUILD:-$fleet/../build}/fleet"
mkdir -p "${BUILD:-$fleet/../build}/fleet" && cd "${BUILD:-$fleet/../build}/fleet" || exit
export PYTHONDONTWRITEBYTECODE=1 TZ=UTC LC_ALL=C
servers=()
end() {
	[ ${#servers[@]} = 0 ] || kill "${servers[@]}" 2> /dev/null
	wait
}
trap end EXIT

"$fleet/made-up.py" . || exit

# rows: of all recordings, as lines of JSON
rows() {
	local recording
	for recording in host-*.data; do
		"$perf" kvm-callchain export --format rows -i "$recording" 2> errors ||
			{ cat errors; return 1; }
	done > rows
}

# client ARGUMENT...: of the first server
client() {
	clickhouse-client --host 127.0.0.1 --port "${ports[0]}" "$@"
}

# serve SHARD: start one
serve() {
	mkdir -p "shard$1"
	"$fleet/shard.py" "$1" "${ports[@]}" > "shard$1/config.xml"
	clickhouse-server --config-file="shard$1/config.xml" > "shard$1/output" 2>&1 &
	servers+=($!)
}

# answers PORT: is a server there by now?
answers() {
	local i
	for ((i = 0; i < 60; i++)); do
		clickhouse-client --host 127.0.0.1 --port "$1" -q 'SELECT 1' > /dev/null 2>&1 &&
			return
		sleep 0.5
	done
	echo "nothing answers at port $1"
	return 1
}

# query NAME: what the block of fleet.md says that begins with "-- NAME:"
query() {
	awk -v name="-- $1:" '/^```/ { on = 0; head = 1; next }
		head { on = index($0, name) == 1; head = 0 } on' \
		"$fleet/../Documentation/fleet.md" > query.sql
	[ -s query.sql ] || { echo "fleet.md has no query '$1'"; return 1; }
	client -n < query.sql > "$1.got" || return 1
	python3 "$fleet/truth.py" "$1" truth.json > "$1.expected" || return 1
	[ -s "$1.expected" ] || { echo "nothing is expected"; return 1; }
	diff "$1.expected" "$1.got"
}

expect "fleet: rows are those that were made up" eval \
	'rows && python3 "$fleet/truth.py" rows truth.json > expected && diff <(sort rows) expected'
read -ra ports < <(python3 "$fleet/shard.py" ports 2)
for shard in 0 1; do
	serve $shard
	expect "fleet: shard $shard runs" answers "${ports[shard]}"
	expect "fleet: schema of shard $shard" clickhouse-client --host 127.0.0.1 \
		--port "${ports[shard]}" -n < "$fleet/schema.sql"
done
expect "fleet: rows go in" eval \
	'client --insert_distributed_sync 1 -q "INSERT INTO stacks FORMAT JSONEachRow" < rows'
for shard in 0 1; do
	expect "fleet: shard $shard has some of them" eval \
		'[ "$(clickhouse-client --host 127.0.0.1 --port "${ports[shard]}" \
			-q "SELECT count() FROM stacks_local")" -gt 100 ]'
done
for name in top update guest folded; do
	expect "fleet: query '$name'" query $name
done
. "$fleet/test-profile.sh"
exit $failed
