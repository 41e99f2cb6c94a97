# SPDX-License-Identifier: GPL-2.0
# What perf makes of a guest's memory by itself, under a fuzzer.

memory_out	:= $(build)/guest-memory
memory_files	:= $(addprefix tools/perf/util/guest/memory/,elf-out.c ksyms.c \
		   module-orc.c modules.c paging.c view.c vmcoreinfo.c) \
		   $(addprefix tools/perf/util/guest/,untrusted/btf.c untrusted/elf.c) \
		   $(addprefix tools/perf/util/guest/unwind/,orc-layout.c orc-learn.c orc-table.c) \
		   $(addprefix tools/perf/tests/guest/,made-btf.c made-kernel.c made-memory.c \
		   made-modules.c memory-fuzz.c)
memory_headers	:= $(wildcard tools/perf/util/guest/memory/*.h) tools/perf/tests/guest/made-memory.h \
		   $(addprefix tools/perf/tests/guest/,made-btf.h made-modules.h) \
		   tools/perf/tests/guest/made-kernel.h $(wildcard tools/perf/util/guest/unwind/*.h) \
		   kernel/unwind/x86_paging.c kernel/unwind/guest_unwind.h

$(memory_out)/fuzz: $(memory_files) $(memory_headers)
	@mkdir -p $(@D)
	@clang $(orc_flags) -Itools/perf/util -Ikernel $(sanitize) -fsanitize=fuzzer \
		$(memory_files) -o $@

# $(call memory_fuzz,SECONDS)
define memory_fuzz
	@mkdir -p $(memory_out)/corpus $(memory_out)/seeds
	@$(memory_out)/fuzz --seeds $(memory_out)/seeds
	@if $(memory_out)/fuzz -max_total_time=$(1) -max_len=257 -timeout=10 \
		-artifact_prefix=$(memory_out)/ $(memory_out)/corpus $(memory_out)/seeds \
		> $(memory_out)/fuzz.log 2>&1; then \
		echo "ok fuzz: $(1) s of made-up guests' memory"; \
	else \
		tail -40 $(memory_out)/fuzz.log; \
		echo "not ok fuzz: $(1) s of made-up guests' memory"; exit 1; \
	fi
endef

test-guest-memory: prepare $(memory_out)/fuzz
	$(call memory_fuzz,15)

fuzz: fuzz-guest-memory
fuzz-guest-memory: prepare $(memory_out)/fuzz
	$(call memory_fuzz,$(FUZZ_SECONDS))

SUITES += guest-memory

.PHONY: test-guest-memory fuzz-guest-memory
