# SPDX-License-Identifier: GPL-2.0
# What others make of the files that perf kvm-callchain export writes.

# a browser and Go are large: not among SUITES
SLOW_SUITES += web

test-web: perf		## test the flame graph in a browser, and exports with their tools
	@web/setup.sh && { web/test.sh $(build)/perf/perf; status=$$?; \
		web/serve.sh $(build)/perf/perf && exit $$status; }

# the README's, of what make demo has recorded
picture:		## make Documentation/flamegraph.png of the demo's flame graph
	@[ -f $(build)/demo/perf.data ] || $(MAKE) demo
	@$(build)/perf/perf kvm-callchain flamegraph -i $(build)/demo/perf.data \
		-o $(build)/demo/guest.html
	@web/setup.sh && NODE_PATH=$(build)/web/node_modules \
		node web/picture.cjs $(build)/demo/guest.html Documentation/flamegraph.png

.PHONY: picture test-web
