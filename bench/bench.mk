# SPDX-License-Identifier: GPL-2.0
# Figures, each by a command of its own. None of them is a test: machines are noisy.
# Those of the demo (how complete chains are) are printed by make demo.

bench: bench-walk bench-overhead	## print the figures: cost of a walk, of sampling a guest

# what sampling at 1 kHz costs the guest, with and without callchains in turns
bench-overhead: lab-parts
	@lab/run --timeout 600 overhead

.PHONY: bench bench-overhead
