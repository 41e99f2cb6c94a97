# SPDX-License-Identifier: GPL-2.0
# Figures, each by a command of its own. None of them is a test: machines are noisy.
# Those of the demo (how complete chains are) are printed by make demo.

bench: bench-walk bench-overhead bench-report bench-export bench-orc	## print the figures: cost of a walk, of sampling, reporting, exporting, unwinding

# what sampling at 1 kHz costs the guest, with and without callchains in turns: by the
# clock, and by instructions, which is the same on every machine
bench-overhead: lab-parts
	@lab/run --timeout 600 overhead 60
	@echo "The same on a host with one CPU that takes 1 ns for each instruction:"
	@lab/run --icount --timeout 90 --out $(build)/lab/overhead-icount overhead 6 0.5

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

# what exporting a million samples costs, against scripts that read perf script's text
bench-export: perf | $(build)/lab/truth/perf.data.guest
	@bench/export.py $(build)/perf/perf $(linux)/tools/perf/scripts/python \
		$(build)/lab/truth/perf.data.guest $(build)/lab/truth/guestmount \
		$(build)/bench/export.json

# what it takes to unwind a guest without frame pointers: Debian's kernel, as the lab
# has recorded it
orc_lab		:= $(build)/lab/debian-6.12
orc_sources	:= bench/orc.c bench/orc-dwarf.c

$(orc_lab)/perf.data.guest:
	@$(MAKE) lab-parts lab-debian
	@[ ! -f $(debian)/fetched ] || lab/run --timeout 400 --out $(orc_lab) debian 6.12

$(build)/bench/orc: $(orc_files) $(orc_headers) $(orc_sources) bench/orc.h | prepare
	@mkdir -p $(@D)
	@$(CC) -O2 $(orc_flags) -Wno-unused-parameter $(orc_files) $(orc_sources) $(orc_libs) -ldw -o $@

bench-orc: $(build)/bench/orc | $(orc_lab)/perf.data.guest
	@[ -f $(orc_lab)/perf.data.guest ] || \
		{ echo "orc: no recording: Debian's kernels cannot be downloaded"; exit 0; }; \
	bench/orc.py $< $(orc_lab) $(debian) $(build)/bench/orc-debug $(build)/bench/orc.json

# what a browser takes for the picture of 100,000 stacks; not part of bench, for which nothing
# has to be installed from npm
bench-web: perf		## print what the flame graph of 100,000 stacks takes in a browser
	@web/setup.sh && bench/web.sh $(build)/perf/perf $(build)/bench/web.json

.PHONY: bench bench-web bench-overhead bench-report bench-export bench-orc
