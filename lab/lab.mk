# SPDX-License-Identifier: GPL-2.0
# The nested lab: our host kernel under emulation, real KVM guests inside it.

lab_guest := $(build)/lab/guest
guest_cflags := -O2 -Wall -Wno-unused-function -fno-omit-frame-pointer -fno-optimize-sibling-calls \
	-fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
	-ffreestanding -fno-pie -nostdlib -static -no-pie -g

$(lab_guest)/guestwork: lab/guest/guestwork.c lab/guest/nolib.h
	@mkdir -p $(@D)
	@$(CC) $(guest_cflags) -o $@ $<

$(lab_guest)/guestwork32: lab/guest/guestwork.c lab/guest/nolib.h
	@mkdir -p $(@D)
	@$(CC) -m32 $(guest_cflags) -o $@ $<

$(lab_guest)/guestwork-nofp: lab/guest/guestwork.c lab/guest/nolib.h
	@mkdir -p $(@D)
	@$(CC) $(guest_cflags) -DNO_FRAME_POINTERS -fomit-frame-pointer -fasynchronous-unwind-tables \
		-o $@ $<

# kbuild puts a module's output beside its source: build a copy
lab-module: kernel
	@mkdir -p $(lab_guest)/module
	@cp -u lab/guest/module/* $(lab_guest)/module/
	@$(MAKE) -s -C $(build)/host M=$(lab_guest)/module modules

# $(call lab-nmi,DIR,KBUILD-DIR): the lab's PMU, for the kernel that is built there
define lab-nmi
	@mkdir -p $(build)/lab/$(1)
	@cp -u lab/nmi/* $(build)/lab/$(1)/
	@$(MAKE) -s -C $(2) M=$(build)/lab/$(1) modules
endef

lab-nmi: kernel
	$(call lab-nmi,labnmi,$(build)/host)

$(build)/lab/askguest: lab/host/askguest.c
	@mkdir -p $(@D)
	@$(CC) -O2 -Wall -Wextra -static -o $@ $<

# KVM's selftests want the kernel's headers, as it installs them
lab_selftest := $(build)/selftests
lab-selftest: kernel
	@mkdir -p $(lab_selftest)
	@$(call kbuild,$(build)/host) -s headers > $(lab_selftest)/headers.log
	@$(MAKE) -C $(linux)/tools/testing/selftests/kvm OUTPUT=$(lab_selftest) \
		KHDR_INCLUDES="-isystem $(build)/host/usr/include" \
		$(lab_selftest)/x86_64/guest_callchain_test > $(lab_selftest)/build.log 2>&1 || \
		{ tail -20 $(lab_selftest)/build.log; exit 1; }

lab-root: setup
	@lab/rootfs.sh $(build)/lab/root.img

# Kept outside the repository: $(build)/lab/qemu has a link. Without it, Debian's serves.
lab-emulator: setup $(build)/lab/qemu/fxrstor $(build)/lab/qemu/patchcode
	@qemu=$$(lab/emulator/build.sh); mkdir -p $(build)/lab/qemu; \
		rm -f $(build)/lab/qemu/qemu-system-x86_64; \
		[ -z "$$qemu" ] || ln -s $$qemu $(build)/lab/qemu/

$(build)/lab/qemu/%: lab/emulator/%.c
	@mkdir -p $(@D)
	@$(CC) -O2 -Wall -static -pthread -o $@ $<

# What a guest needs besides Debian, as a disk: a share would be one through two
# layers of emulation
guest_disk := lab/lib/init-l2 lab/guest/load.sh $(build)/perf/perf $(lab_guest)/guestwork \
	$(lab_guest)/guestwork32 $(lab_guest)/guestwork-nofp \
	$(addprefix $(lab_guest)/module/,guestwork.ko guestlate.ko)

lab-disk: lab-module perf $(addprefix $(lab_guest)/,guestwork guestwork32 guestwork-nofp)
	@[ -f $(lab_guest)/disk.img ] && \
		[ -z "$$(find $(guest_disk) -newer $(lab_guest)/disk.img)" ] || { \
		rm -rf $(lab_guest)/disk && mkdir -p $(lab_guest)/disk/lab/lib && \
		cp $(guest_disk) $(lab_guest)/disk && \
		mv $(lab_guest)/disk/init-l2 $(lab_guest)/disk/lab/lib && \
		truncate -s 32M $(lab_guest)/disk.img.new && \
		mkfs.ext4 -q -F -O ^has_journal -m 0 -d $(lab_guest)/disk $(lab_guest)/disk.img.new && \
		mv $(lab_guest)/disk.img.new $(lab_guest)/disk.img; }

# Debian's kernels, to be guests without frame pointers. $(debian) is where they are
# unpacked, see tools/perf/guest-orc.mk.
lab_debian := $(build)/lab/debian-disks

lab-debian: lab-root
	@if ! $(MAKE) -s $(debian)/fetched; then \
		echo "skip lab-debian # kernels cannot be downloaded"; exit 0; \
	fi; \
	for package in $(debian)/linux-image-6.*/; do \
		version=$$(basename $$package | sed -E 's/linux-image-([0-9]+\.[0-9]+).*/\1/'); \
		made=$(lab_debian)/$$version/disk.img; \
		[ $$made -nt lab/debian-guest.sh ] && [ $$made -nt $$package ] || \
			lab/debian-guest.sh $$package $(build)/lab/root.img \
				$(lab_debian)/$$version || exit 1; \
	done

# Debian's kernels to be the host, with the module for them, and Debian's own perf to record there.
# A kernel is of the version of the headers, or there is none to test.
lab_hosts := $(build)/lab/debian-hosts

lab-debian-hosts: lab-root
	@$(MAKE) -s $(debian)/fetched $(headers)/fetched && \
	for kdir in $(headers)/*-amd64; do \
		lab/module-host.sh $$kdir $(debian)/linux-image-$${kdir##*/} $(build)/lab/root.img \
			$(lab_hosts)/$${kdir##*/} || exit 1; \
	done

lab-parts: kernel perf lab-root lab-disk lab-nmi lab-emulator $(build)/lab/askguest

lab: lab-parts $(if $(filter selftest,$(S)),lab-selftest)	## run a lab scenario: make lab S=NAME
	@lab/run $(or $(S),smoke)

lab-soak: lab-parts lab-debian	## run a scenario over and over: make lab-soak S="debian 6.12" N=20
	@lab/soak.sh $(or $(N),20) $(or $(S),smoke)

# Soaked: those first that failed most before the emulator was mended
lab_soaked = "debian 6.12" events hotplug kvm-callchain dwarf $(filter-out events hotplug,$(lab_scenarios))
lab-soak-all: lab-parts lab-debian lab-selftest	## all scenarios over and over, with a table: make lab-soak-all N=10
	@{ status=0; for s in $(lab_soaked); do lab/soak.sh $(or $(N),10) $$s || status=1; done; exit $$status; } | \
		tee $(build)/lab/soak.log; status=$${PIPESTATUS[0]}; \
	awk -F': ' '/runs failed$$/ { split($$3, w, " "); print "| " $$2 " | " w[1] " of " w[3] " |" }' \
		$(build)/lab/soak.log; exit $$status

demo: lab-parts		## record a guest in the lab and show its call stacks
	@lab/run --timeout 600 --out $(build)/demo demo
	@echo
	@grep -m1 -A30 '\[g\] gw_leaf_' $(build)/demo/report.txt | cut -c1-100
	@echo
	@echo "All of it: build/demo/report.txt, script.txt, summary.json. To browse it:"
	@echo "  build/perf/perf kvm --guest --guestmount=build/demo/guestmount report \\"
	@echo "      --kallsyms=build/demo/kallsyms -i build/demo/perf.data.guest"

# One line per test comes from the scenarios and their checks. The terminal
# interface is driven over what truth recorded. The long ones come first.
lab_scenarios := ask hostside events nmi truth demo nested trouble memory memslots guest-memory serve hotplug reboot emulator selftest
test-lab: lab-parts vmx-parts lab-selftest
	@lab/run-test.sh; status=$$?; lab/several $(lab_scenarios) || status=1; \
		lab/lib/tui.sh $(build)/lab/truth || status=1; exit $$status

# $(call lab_debian_runs,DIRS): a guest with each of these kernels of Debian's
lab_debian_runs = $(foreach dir,$(1),"--out $(build)/lab/debian-$(notdir $(dir)) debian $(notdir $(dir))")
newest = $(lastword $(shell ls -d $(lab_debian)/*/disk.img 2>/dev/null | xargs -rn1 dirname | sort -V))
others = $(filter-out $(newest),$(patsubst %/disk.img,%,$(wildcard $(lab_debian)/*/disk.img)))
# those that want 6.12
with_6.12 = $(if $(wildcard $(lab_debian)/6.12/disk.img),$(1))

test-lab-debian: lab-parts lab-debian	## test with Debian's newest kernel as a guest
	@lab/several $(call lab_debian_runs,$(newest)) $(call with_6.12,kvm-callchain dwarf \
		"--out $(build)/lab/guest-memory-6.12 guest-memory 6.12")

test-lab-debian-more: lab-parts lab-debian
	@lab/several $(call lab_debian_runs,$(others)) $(call with_6.12,guesses) \
		$(if $(wildcard $(lab_debian)/6.1/disk.img),"--out $(build)/lab/guest-memory-6.1 guest-memory 6.1")

# The host's kernel with its own checks on; the guest in it is the ordinary one
debug-kernel: prepare
	@$(call kconfig,$(build)/debug,$(host_config) $(top)/lab/config/debug.config)
	@PROGRESS_LINES=2400 $(progress) "kernel: building the debug kernel" $(build)/debug.log \
		flock $(build)/.debug.lock $(call kbuild,$(build)/debug) bzImage modules
	@scripts/modules-install.sh $(build)/debug $(build)/modules-debug

test-debug: debug-kernel lab-parts
	@lab/run --timeout 600 --kernel $(build)/debug/arch/x86/boot/bzImage \
		--append lab.modules=modules-debug debug

test-debug-nmi: debug-kernel lab-parts
	$(call lab-nmi,labnmi-debug,$(build)/debug)
	@lab/run --timeout 600 --kernel $(build)/debug/arch/x86/boot/bzImage \
		--append lab.modules=modules-debug --out $(build)/lab/debug-nmi nmi 12 labnmi-debug

LAB_SUITES += lab lab-debian

# Unmodified kernels of Debian's as the host
test-lab-module: lab-parts lab-debian-hosts $(addprefix $(vmx)/,tinyvmm guest64 guest32)
	@status=0; for host in $(lab_hosts)/*-amd64; do for scenario in module module-truth; do \
		lab/run --timeout 900 --debian-host $$host \
			--out $(build)/lab/$$scenario-$${host##*/} $$scenario || status=1; \
	done; done; exit $$status

# the newest of them
test-lab-module-reload: lab-parts lab-debian-hosts $(addprefix $(vmx)/,tinyvmm guest64)
	@lab/run --timeout 1800 --debian-host $$(ls -d $(lab_hosts)/*-amd64 | sort -V | tail -1) \
		module-reload $(N)

# a whole kernel to build, for what only a change of the kernel part can break; minutes for each host
SLOW_SUITES += debug debug-nmi lab-debian-more lab-module lab-module-reload

.PHONY: lab lab-parts lab-emulator lab-soak lab-soak-all lab-root lab-module lab-nmi lab-selftest lab-disk lab-debian demo test-lab test-lab-debian test-lab-debian-more debug-kernel test-debug test-debug-nmi lab-debian-hosts test-lab-module \
	test-lab-module-reload

include lab/vmx/vmx.mk
