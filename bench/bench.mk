# SPDX-License-Identifier: GPL-2.0
# Figures, each by a command of its own. None of them is a test: machines are noisy.
# Those of the demo (how complete chains are) are printed by make demo.

bench: bench-walk bench-overhead bench-report	## print the figures: cost of a walk, of sampling, of reporting

# what sampling at 1 kHz costs the guest, with and without callchains in turns
bench-overhead: lab-parts
	@lab/run --timeout 600 overhead

# what the lab records; the unmodified perf comes with its tests. Neither is made
# anew here: what is measured is the perf that reads it
$(build)/lab/truth/perf.data.guest:
	@$(MAKE) lab S=truth

$(build)/stock-perf/perf:
	@$(MAKE) test-perf-unmodified

# what reporting a million samples of a guest costs, against as many of a host
bench-report: perf | $(build)/lab/truth/perf.data.guest $(build)/stock-perf/perf
	@bench/report.py $(build)/perf/perf $(build)/stock-perf/perf \
		$(build)/lab/truth/perf.data.guest $(build)/lab/truth/guestmount \
		$(build)/bench/report.json

.PHONY: bench bench-overhead bench-report
