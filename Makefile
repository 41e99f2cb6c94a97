# SPDX-License-Identifier: GPL-2.0
#
# The only entry point: make help lists what there is.

top	:= $(CURDIR)
build	:= $(top)/build
linux	:= $(build)/linux
jobs	:= $(shell nproc)
export BUILD := $(build)
progress := $(top)/scripts/progress.sh

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
SHELL	:= /bin/bash

help:		## this list
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## */\1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup:		## install what building, the lab and the tests need (Debian 12)
	@scripts/setup.sh

prepare: setup
	@scripts/linux-tree.sh prepare

refresh:	## write hunks edited in build/linux back into their patches
	@scripts/linux-tree.sh refresh

include kernel/kernel.mk
include kernel/unwind/unwind.mk
include kernel/module/module.mk
include tools/perf/perf.mk
include lab/lab.mk
include bench/bench.mk
include web/web.mk
include fleet/fleet.mk
include packaging/deb.mk

test: kernel perf	## run the tests: below an hour on two cores
	@scripts/test.sh $(SUITES) -- $(LAB_SUITES)

# what an hour has no room for: SLOW_SUITES
test-all: kernel perf	## run every test
	@scripts/test.sh $(SUITES) -- $(LAB_SUITES) $(SLOW_SUITES)

patches: prepare	## write the change as a mailable series to build/patches
	@scripts/patches.sh

# not among SUITES: five minutes, for what only a change of the patches' order can break
test-series: patches	## check that kernel and perf build after each patch of the series
	@scripts/patches-build.sh $(perf_flags)

clean:		## remove all build output
	rm -rf $(build)

.PHONY: help setup prepare refresh test test-all patches test-series clean
