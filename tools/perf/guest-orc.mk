# SPDX-License-Identifier: GPL-2.0
# perf's ORC tables and unwinder by themselves: under sanitizers, under a fuzzer,
# and against the tables of distribution kernels.

orc_out		:= $(build)/orc
orc_files	:= $(addprefix tools/perf/util/,guest/untrusted/unpack.c guest/untrusted/elf.c guest/untrusted/btf.c \
		   guest/unwind/orc-layout.c guest/unwind/orc-learn.c guest/unwind/orc-table.c \
		   guest/unwind/stack-words.c guest/unwind/orc-unwind.c)
orc_headers	:= $(patsubst %.c,%.h,$(wildcard $(orc_files:.c=.h))) tools/perf/tests/guest/made-kernel.h \
		   $(addprefix tools/perf/tests/guest/,made-btf.h made-layout.h) \
		   kernel/include/uapi/linux/perf_guest_callchain.h
orc_flags	:= -D_GNU_SOURCE -std=gnu11 -g -Wall -Wextra -Wno-sign-compare \
		   -Wno-missing-field-initializers -Werror \
		   -DHAVE_ZLIB_SUPPORT -DHAVE_LZMA_SUPPORT -DHAVE_ZSTD_SUPPORT \
		   -Itools/perf -I$(linux)/tools/perf/util -I$(linux)/tools/perf \
		   -I$(linux)/tools/include -I$(linux)/tools/include/uapi -Ikernel/include/uapi
orc_libs	:= -lz -llzma -lzstd
sanitize	:= -O1 -fsanitize=address,undefined -fno-sanitize-recover=all

orc_tests	:= $(addprefix tools/perf/tests/guest/,orc.c orc-layout.c vmlinuz.c made-btf.c \
		   made-kernel.c made-layout.c orc-standalone.c)

$(orc_out)/test: $(orc_files) $(orc_tests) $(orc_headers)
	@mkdir -p $(@D)
	@$(CC) $(orc_flags) $(sanitize) $(orc_files) $(orc_tests) $(orc_libs) -o $@

$(orc_out)/fuzz: $(orc_files) tools/perf/tests/guest/orc-fuzz.c $(orc_headers)
	@mkdir -p $(@D)
	@clang $(orc_flags) $(sanitize) -fsanitize=fuzzer $(orc_files) \
		$(addprefix tools/perf/tests/guest/,made-btf.c made-kernel.c made-layout.c orc-fuzz.c) $(orc_libs) -o $@

$(orc_out)/dump: $(orc_files) tools/perf/tests/guest/orc-dump.c $(orc_headers)
	@mkdir -p $(@D)
	@$(CC) -O2 $(orc_flags) $(orc_files) tools/perf/tests/guest/orc-dump.c $(orc_libs) -o $@

# $(call orc_fuzz,SECONDS)
define orc_fuzz
	@mkdir -p $(orc_out)/corpus $(orc_out)/seeds
	@$(orc_out)/fuzz --seeds $(orc_out)/seeds
	@if $(orc_out)/fuzz -max_total_time=$(1) -max_len=8192 -timeout=10 -rss_limit_mb=3072 \
		-artifact_prefix=$(orc_out)/ $(orc_out)/corpus $(orc_out)/seeds \
		> $(orc_out)/fuzz.log 2>&1; then \
		echo "ok fuzz: $(1) s of made-up kernels"; \
	else \
		tail -40 $(orc_out)/fuzz.log; echo "not ok fuzz: $(1) s of made-up kernels"; exit 1; \
	fi
endef

test-orc: prepare $(orc_out)/test $(orc_out)/fuzz
	@$(orc_out)/test
	$(call orc_fuzz,20)

# Debian's kernels, with the tables' oldest and newest layout; 300 MB to download
debian_kernels	:= linux-image-6.12-amd64 linux-image-amd64 linux-image-amd64/trixie-backports
debian		:= $(build)/debian

$(debian)/fetched: tools/perf/guest-orc.mk
	@mkdir -p $(@D)
	@flock $(@D) sh -c '[ $@ -nt $< ] || \
		{ tools/perf/tests/guest/fetch-kernels.sh $(@D) $(debian_kernels) && touch $@; }'

test-orc-debian: prepare $(orc_out)/dump
	@if ! $(MAKE) -s $(debian)/fetched; then \
		echo "skip orc: kernels of Debian # cannot be downloaded"; exit 0; \
	fi; \
	for kernel in $(debian)/linux-image-*/; do \
		tools/perf/tests/guest/orc-check.py $(orc_out)/dump \
			$(build)/host/tools/objtool/objtool $(linux) $$kernel || exit 1; \
	done

# an unmodified kernel in an emulator, unwound while it runs
$(orc_out)/live: $(orc_files) tools/perf/tests/guest/orc-live.c $(unwind_files) $(unwind_headers)
	@mkdir -p $(@D)
	@$(CC) -O2 $(orc_flags) -I. $(orc_files) $(unwind_files) \
		tools/perf/tests/guest/orc-live.c $(orc_libs) -o $@

$(orc_out)/load: tools/perf/tests/guest/orc-load.c
	@mkdir -p $(@D)
	@$(CC) -O2 -Wall -static $< -o $@

test-orc-live: prepare $(orc_out)/live $(orc_out)/load
	@if ! $(MAKE) -s $(debian)/fetched; then \
		echo "skip orc live # kernels cannot be downloaded"; exit 0; \
	fi; \
	for kernel in $(debian)/linux-image-6.*/; do \
		tools/perf/tests/guest/orc-live.py $(orc_out)/live $(orc_out)/load $$kernel || exit 1; \
	done

fuzz: fuzz-orc
fuzz-orc: prepare $(orc_out)/fuzz
	$(call orc_fuzz,$(FUZZ_SECONDS))

SUITES += orc orc-debian orc-live

.PHONY: test-orc test-orc-debian test-orc-live fuzz-orc
