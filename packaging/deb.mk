# SPDX-License-Identifier: GPL-2.0
# Debian packages, for the release that they are built on.

deb	:= $(build)/deb

# Other paths are built into the packages' perf; then it is the tree's again. perf's Makefile keeps
# them from Makefile.perf, which is the one that has them.
deb_paths := -f Makefile.perf perfexecdir=libexec/perf-kvm-callchain tipdir=share/perf-kvm-callchain

deb:			## build Debian packages of perf-kvm-callchain and the module (build/deb)
	@scripts/setup.sh debhelper dh-dkms
	@rm -rf $(deb)
	@$(MAKE) install PREFIX=/usr DESTDIR=$(deb)/source/perf perf_paths='$(deb_paths)'
	@$(perf_make) -j$(jobs) >> $(build)/perf/build.log 2>&1
	@packaging/build.sh $(deb)

# in fresh roots of Debian's releases
test-deb: deb
	@scripts/setup.sh lintian
	@packaging/test.sh $(deb)

SLOW_SUITES += deb

.PHONY: deb test-deb
