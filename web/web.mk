# SPDX-License-Identifier: GPL-2.0
# What others make of the files that perf kvm-callchain export writes.

# a browser and Go are large: not among SUITES
SLOW_SUITES += web

test-web: perf		## test the flame graph in a browser, and exports with their tools
	@web/setup.sh && web/test.sh $(build)/perf/perf

.PHONY: test-web
