-- SPDX-License-Identifier: GPL-2.0
-- Rows of perf kvm-callchain export --format rows, for ClickHouse 18.16 (Debian 12) and later.
-- On each shard; a row that comes twice counts twice.
CREATE TABLE IF NOT EXISTS stacks_local
(
    time DateTime,
    host String,
    guest String,
    vcpu Int32,
    process String,
    event String,
    stack String,
    count UInt64
)
ENGINE = SummingMergeTree(count)
PARTITION BY toDate(time)
ORDER BY (guest, event, host, stack, process, vcpu, time);

-- What is asked and inserted into: all shards of the cluster "fleet". A host's rows are on one.
CREATE TABLE IF NOT EXISTS stacks AS stacks_local
ENGINE = Distributed(fleet, currentDatabase(), stacks_local, cityHash64(host));
