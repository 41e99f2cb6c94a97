# SPDX-License-Identifier: GPL-2.0
# Intel VMX under Bochs: our kernel as the host, a tiny VMM, guests whose call
# paths are known by construction.

vmx	:= $(build)/lab/vmx
vmx_cflags := -O2 -Wall -Wextra -static -pthread

$(vmx)/:
	@mkdir -p $@

$(vmx)/init $(vmx)/record $(vmx)/tinyvmm: $(vmx)/%: lab/vmx/%.c | $(vmx)/
	@$(CC) $(vmx_cflags) -o $@ $<

$(vmx)/hostwork: lab/vmx/hostwork.c lab/vmx/hostpath.S lab/vmx/frames.S | $(vmx)/
	@$(CC) $(vmx_cflags) -o $@ $(filter-out %/frames.S,$^)

# Segments are writable and executable: such is a kernel before it has booted.
$(vmx)/guest64: lab/vmx/guest64.S lab/vmx/frames.S lab/vmx/guest64.lds | $(vmx)/
	@$(CC) -c -o $@.o $<
	@ld --no-warn-rwx-segments -z max-page-size=4096 -T lab/vmx/guest64.lds -o $@ $@.o

$(vmx)/guest32: lab/vmx/guest32.S lab/vmx/frames.S lab/vmx/guest32.lds | $(vmx)/
	@$(CC) -m32 -c -o $@.o $<
	@ld -m elf_i386 --no-warn-rwx-segments -z max-page-size=4096 -T lab/vmx/guest32.lds -o $@ $@.o

# kbuild puts a module's output beside its source: build a copy
vmx-device: kernel | $(vmx)/
	@mkdir -p $(vmx)/device
	@cp -u lab/vmx/device/* $(vmx)/device/
	@$(MAKE) -s -C $(build)/host M=$(vmx)/device modules

vmx-parts: kernel vmx-device $(addprefix $(vmx)/,init record tinyvmm hostwork guest64 guest32)

# $(call vmx_boot,NAME,PLAN-COMMAND,KERNEL-SUFFIX): run a plan in Bochs, under $(vmx)/NAME
define vmx_boot
	@mkdir -p $(vmx)/$(1)
	@$(2) > $(vmx)/$(1)/plan
	@lab/vmx/image.sh $(build)/host$(3) $(build)/modules$(3) $(vmx) $(vmx)/$(1)
	@lab/vmx/bochs.py $(vmx)/$(1)
endef

test-vmx: vmx-parts	## test guest callchains on Intel VMX (Bochs)
	$(call vmx_boot,test,lab/vmx/check.py --plan)
	@lab/vmx/check.py $(vmx) $(vmx)/test/serial.log

bench-walk: vmx-parts	## count the instructions of a 20-frame walk
	$(call vmx_boot,bench,lab/vmx/bench.py --plan)
	@lab/vmx/bench.py $(vmx)/bench/serial.log | tee $(vmx)/bench/walk.json

# The kernel without guest callchains
without-kernel: prepare
	@$(call kconfig,$(build)/host-without,$(host_config) $(top)/lab/config/without.config)
	@flock $(build)/.without.lock $(call kbuild,$(build)/host-without) -s bzImage modules
	@scripts/modules-install.sh $(build)/host-without $(build)/modules-without

bench-off: vmx-parts without-kernel	## count what an exit costs more while nobody profiles
	$(call vmx_boot,bench-without,lab/vmx/bench_off.py --plan,-without)
	$(call vmx_boot,bench-off,lab/vmx/bench_off.py --plan)
	@lab/vmx/bench_off.py $(vmx)/bench-without/serial.log $(vmx)/bench-off/serial.log | 		tee $(vmx)/bench-off/off.json

LAB_SUITES += vmx

.PHONY: vmx-parts vmx-device test-vmx bench-walk without-kernel bench-off
