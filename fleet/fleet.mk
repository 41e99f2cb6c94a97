# SPDX-License-Identifier: GPL-2.0
# Continuous profiling, and rows in a data base.

# a data base is large: not among SUITES
SLOW_SUITES += fleet

test-fleet: perf	## test continuous profiling, and Documentation/fleet.md's queries in ClickHouse
	@scripts/setup.sh clickhouse-server clickhouse-client && fleet/test.sh $(build)/perf/perf

.PHONY: test-fleet
