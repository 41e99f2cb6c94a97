# SPDX-License-Identifier: GPL-2.0
# The host kernel, which also boots as the lab's guest.

kbuild = $(MAKE) -C $(linux) O=$(1) LOCALVERSION= -j$(jobs)

# $(call kconfig,DIR,FRAGMENTS): configure DIR when a fragment has changed
define kconfig
	mkdir -p $(1)
	cat $(2) | cmp -s - $(1)/.fragments || { \
		$(call kbuild,$(1)) -s tinyconfig && \
		(cd $(1) && $(linux)/scripts/kconfig/merge_config.sh -m .config $(2)) > /dev/null && \
		$(call kbuild,$(1)) -s olddefconfig && cat $(2) > $(1)/.fragments; }
endef

host_config := $(top)/lab/config/host.config

kernel: prepare		## build the patched host kernel (build/host)
	@$(call kconfig,$(build)/host,$(host_config))
	@PROGRESS_LINES=2400 $(progress) "kernel: building the host's" $(build)/host.log \
		flock $(build)/.host.lock $(call kbuild,$(build)/host) bzImage modules
	@scripts/modules-install.sh $(build)/host $(build)/modules

test-kernel: kernel	## check the kernel part: style, sparse, other configurations
	@scripts/linux-tree-test.sh; status=$$?; \
		kernel/check.sh && exit $$status

test-kernel-configs: kernel
	@kernel/check.sh configs

SUITES += kernel
SLOW_SUITES += kernel-configs

.PHONY: kernel test-kernel test-kernel-configs
