# SPDX-License-Identifier: GPL-2.0
# The module for kernels without our patches.

KDIR	?= /lib/modules/$(shell uname -r)/build
headers	:= $(build)/headers

module:			## build the module for an unpatched kernel (KDIR=its headers)
	@kernel/module/build.sh $(build)/module $(KDIR)
	@echo "module: build/module/kernel/module/kvm_callchain.ko"

# Debian's headers, of the oldest and the newest kernel it is made for; installed, those of 6.12
# would bring pahole along
$(headers)/fetched:
	@scripts/setup.sh pahole
	@kernel/module/fetch-headers.sh $(@D) linux-headers-amd64 linux-headers-6.12-amd64
	@touch $@

test-module: prepare
	@kernel/module/check.sh $(headers)

SLOW_SUITES += module

.PHONY: module test-module
